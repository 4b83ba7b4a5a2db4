/** Which bucket and key a request means: `/bucket/key` at any host (path style), or `/key` at the bucket's own host. */
import type { IncomingMessage } from 'node:http';
import { S3Error } from '../object-store/s3-error.ts';

export interface S3Address {
  /** Absent at the service's own address. */
  readonly bucket?: string;
  /** Empty at a bucket's address. */
  readonly key: string;
  readonly query: URLSearchParams;
}

/** `bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.eu-west-1.amazonaws.com` (when a proxy leads here). */
const BUCKET_HOST = /^(?<bucket>.+?)\.(?:s3[.-](?:[a-z0-9-]+\.)?)?(?:localhost|amazonaws\.com)$/;
const SERVICE_HOST = /^s3[.-]?[a-z0-9-]*\.(?:localhost|amazonaws\.com)$/;

/** @throws S3Error InvalidURI for a path that is not UTF-8 in percent encoding. */
export function readAddress(request: IncomingMessage): S3Address {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark));
  const written = (mark < 0 ? url : url.slice(0, mark)).slice(1);
  const own = bucketOfHost(request.headers.host ?? '');
  if (own !== undefined) return { bucket: own, key: decode(written), query };
  const slash = written.indexOf('/');
  const bucket = decode(slash < 0 ? written : written.slice(0, slash));
  const key = slash < 0 ? '' : decode(written.slice(slash + 1));
  return bucket === '' && key === '' ? { key, query } : { bucket, key, query };
}

function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return SERVICE_HOST.test(name) ? undefined : BUCKET_HOST.exec(name)?.groups?.bucket;
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', 'Could not parse the specified URI: it is not UTF-8 in percent encoding');
  }
}
