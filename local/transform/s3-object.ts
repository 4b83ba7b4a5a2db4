/**
 * One S3 object as a stream that survives broken connections: reading goes on from the byte where it broke, with
 * `If-Match`, so that an object which is replaced during the job is never read half old, half new (spec faults Q2, Q4).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import { fromAwsFailure } from '#core/sagemaker/aws-failure.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';

const MOST_TRIES = 5;
const BACK_OFF_MS = 50;

/**
 * @param etag The object as it was listed; undefined takes the one that is there at the first read.
 * @throws TwinvecError NotFound when it is gone or replaced, AccessDenied with the missing permission, or Internal after
 *   {@link MOST_TRIES} broken reads in a row
 */
export async function* readS3Object(
  client: S3Client,
  { bucket, key }: S3Uri,
  etag: string | undefined,
): AsyncGenerator<Uint8Array> {
  let pinned = etag;
  let received = 0;
  let total: number | undefined;
  for (let tries = 0; total === undefined || received < total; ) {
    const range = received === 0 ? {} : { Range: `bytes=${received}-` };
    const condition = pinned === undefined ? {} : { IfMatch: pinned };
    const get = new GetObjectCommand({ Bucket: bucket, Key: key, ...range, ...condition });
    const answer = await client.send(get).catch((error: Error) => {
      throw refusal(error, `s3://${bucket}/${key}`);
    });
    pinned ??= answer.ETag;
    total ??= received + (answer.ContentLength ?? 0);
    const before = received;
    let problem = 'it ended early';
    try {
      for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        yield chunk;
      }
      if (total === 0) return;
    } catch (error) {
      problem = error instanceof Error ? error.message : 'unknown cause';
    }
    if (received >= total) return;
    tries = received > before ? 1 : tries + 1;
    if (tries >= MOST_TRIES) {
      throw new TwinvecError('Internal', `reading broke after ${received} of ${total} bytes: ${problem}`);
    }
    await wait(Math.random() * BACK_OFF_MS * 2 ** tries);
  }
}

/** What S3 said, after the client's own retries. */
function refusal(error: Error, object: string): TwinvecError {
  if (error.name === 'PreconditionFailed' || error.name === '412') {
    return new TwinvecError('NotFound', 'the object was replaced after the job began', { cause: error });
  }
  if (error.name === 'NoSuchKey' || error.name === 'NoSuchBucket') {
    return new TwinvecError('NotFound', `there is no such object (${error.name})`, { cause: error });
  }
  return fromAwsFailure(error, 's3:GetObject', object);
}
