/**
 * The body of an upload as its sender meant it: without the `aws-chunked` framing that SDKs put around it to send a
 * checksum after it, and refused when it is shorter than announced or does not have its checksum.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  CHECKSUM_ALGORITHMS,
  type Checksum,
  checksumAlgorithm,
  checksumHeader,
  startChecksum,
} from '../object-store/checksums.ts';
import type { ObjectStore, Received } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { createChunkDecoder } from './aws-chunked.ts';

export interface UploadBody {
  readonly received: Received;
  readonly checksum?: Checksum;
}

/** @throws S3Error BadDigest, IncompleteBody, InvalidRequest; then nothing is kept. */
export async function receiveUpload(request: IncomingMessage, store: ObjectStore): Promise<UploadBody> {
  const { headers } = request;
  const algorithm = announcedAlgorithm(headers);
  const running = algorithm && startChecksum(algorithm);
  const md5 = headers['content-md5'];
  const runningMd5 = md5 === undefined ? undefined : createHash('md5');
  const chunked = isAwsChunked(headers) ? createChunkDecoder() : undefined;

  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const sent of request as AsyncIterable<Buffer>) {
      for (const bytes of chunked ? chunked.decode(sent) : [sent]) {
        running?.update(bytes);
        runningMd5?.update(bytes);
        yield bytes;
      }
    }
  }

  const received = await store.receive(content());
  try {
    if (chunked) checkEnd(chunked.ended(), received.bytes, headers['x-amz-decoded-content-length']);
    if (runningMd5 && runningMd5.digest('base64') !== md5) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
    if (!algorithm || !running) return { received };
    const value = running.digest();
    const sent = headerText(headers, checksumHeader(algorithm)) ?? chunked?.trailers()[checksumHeader(algorithm)];
    if (sent !== undefined && sent !== value) {
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
    return { received, checksum: { algorithm, value, type: 'FULL_OBJECT' } };
  } catch (error) {
    store.drop(received);
    throw error;
  }
}

export function isAwsChunked(headers: IncomingHttpHeaders): boolean {
  return (
    (headers['content-encoding'] ?? '').includes('aws-chunked') ||
    (headerText(headers, 'x-amz-content-sha256') ?? '').startsWith('STREAMING-')
  );
}

function checkEnd(ended: boolean, bytes: number, announced: string | string[] | undefined): void {
  if (ended && (announced === undefined || bytes === Number(announced))) return;
  throw new S3Error('IncompleteBody', `The request body ended after ${bytes} of ${announced ?? 'its'} bytes`);
}

/** The one that the body is checked by; others that are not known here pass unchecked. */
function announcedAlgorithm(headers: IncomingHttpHeaders) {
  const inHeader = CHECKSUM_ALGORITHMS.find((one) => headers[checksumHeader(one)] !== undefined);
  const trailer = headerText(headers, 'x-amz-trailer')?.toLowerCase();
  return (
    inHeader ??
    CHECKSUM_ALGORITHMS.find((one) => trailer?.includes(checksumHeader(one))) ??
    checksumAlgorithm(headerText(headers, 'x-amz-sdk-checksum-algorithm') ?? '')
  );
}

export function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
