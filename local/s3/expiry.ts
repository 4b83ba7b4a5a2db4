/** Presigned addresses end: the one part of a signature that the local service looks at. */
import { S3Error } from '../object-store/s3-error.ts';

/** @throws S3Error AccessDenied after the time that the address itself names, in either version of signatures. */
export function checkNotExpired(query: URLSearchParams, now: Date): void {
  const expires = expiryOf(query);
  if (expires !== undefined && now.getTime() > expires) throw new S3Error('AccessDenied', 'Request has expired');
}

function expiryOf(query: URLSearchParams): number | undefined {
  const signed = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '');
  const seconds = query.get('X-Amz-Expires');
  if (signed && seconds !== null) {
    const [year, month, day, hour, minute, second] = signed.slice(1).map(Number);
    return Date.UTC(year!, month! - 1, day, hour, minute, second) + Number(seconds) * 1000;
  }
  const until = query.get('AWSAccessKeyId') === null ? null : query.get('Expires');
  return until === null ? undefined : Number(until) * 1000;
}
