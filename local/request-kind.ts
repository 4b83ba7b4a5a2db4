/** One port for several AWS services: which of them a request is for, by the shape of its protocol. */
import type { IncomingMessage } from 'node:http';

/** `control` is AWS JSON, `runtime` SageMaker's runtime, `identity` STS, `page` a browser; everything else is S3. */
export type RequestKind = 'control' | 'runtime' | 'identity' | 'page' | 's3';

const RUNTIME_PATH = /^\/endpoints\/[^/]+\/(?:async-)?invocations/;
const FORM = 'application/x-www-form-urlencoded';

export function kindOf(request: IncomingMessage): RequestKind {
  const { method, url = '', headers } = request;
  if (isBrowser(request)) return 'page';
  // A bucket may be called "endpoints": who signs for S3 means S3.
  if (method !== 'POST' || signedService(headers.authorization) === 's3') return 's3';
  if (headers['x-amz-target'] !== undefined) return 'control';
  if (RUNTIME_PATH.test(url)) return 'runtime';
  return url === '/' && (headers['content-type'] ?? '').startsWith(FORM) ? 'identity' : 's3';
}

/** The service's own address, as a person types it; a bucket's is `bucket.localhost`. */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** A browser asks for a page at `/` without a signature; a client of S3 that lists buckets signs, and wants XML. */
function isBrowser({ method, url, headers }: IncomingMessage): boolean {
  if ((method !== 'GET' && method !== 'HEAD') || url !== '/' || headers.authorization !== undefined) return false;
  return OWN_HOST.test(headers.host ?? '') && (headers.accept ?? '').toLowerCase().includes('text/html');
}

/** From `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
export function signedService(authorization: string | undefined): string | undefined {
  return /Credential=[^/]*\/[^/]*\/[^/]*\/([^/]*)\/aws4_request/.exec(authorization ?? '')?.[1];
}
