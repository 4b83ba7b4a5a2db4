/**
 * Reading S3 without trusting the network or the clock: every page of a listing, and objects as streams that resume
 * where they broke, pinned to the ETag that was listed, so that a result is whole and of one version or it fails.
 */
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import { toAddress } from '#core/jobs/s3-address.ts';
import { fromAwsFailure } from '#core/sagemaker/aws-failure.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';

export interface S3Access {
  readonly client: S3Client;
  /** Account that must own every bucket that is touched; absent = not checked. */
  readonly owner?: string | undefined;
}

export interface ListedObject {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

/** Times that one object's stream is taken up again before its reading fails. */
const RESUMES = 4;

/**
 * Every object under a plain string prefix, in S3's key order, page by page.
 *
 * @param afterKey Where to begin, exclusive; empty = at the first
 */
export async function* listObjects(s3: S3Access, { bucket, key }: S3Uri, afterKey = ''): AsyncGenerator<ListedObject> {
  const after = afterKey === '' ? {} : { StartAfter: afterKey };
  const input = { Bucket: bucket, Prefix: key, ...after, ...ownedBy(s3) };
  try {
    for await (const page of paginateListObjectsV2({ client: s3.client }, input)) {
      for (const { Key, ETag, Size } of page.Contents ?? []) {
        if (Key !== undefined) yield { bucket, key: Key, etag: ETag ?? '', bytes: Size ?? 0 };
      }
    }
  } catch (thrown) {
    throw fromAwsFailure(thrown, 's3:ListBucket', toAddress({ bucket, key }));
  }
}

/**
 * The bytes of one object, in the chunks in which they arrive.
 *
 * @param start The first byte to be read
 * @throws TwinvecError Conflict when the object was overwritten meanwhile; Overloaded when it could not be read whole
 */
export async function* readObject(s3: S3Access, object: ListedObject, start = 0): AsyncGenerator<Uint8Array> {
  let read = start;
  for (let resume = 0; ; resume++) {
    try {
      for await (const chunk of await openAt(s3, object, read)) {
        read += chunk.length;
        yield chunk;
      }
      if (read !== object.bytes) throw new Error('short read');
      return;
    } catch (thrown) {
      const failure = fromAwsFailure(thrown, 's3:GetObject', toAddress(object));
      if (failure.code !== 'Overloaded' || resume === RESUMES) throw failure;
    }
  }
}

/** The object at exactly this address; undefined when there is none. */
export async function findObject(s3: S3Access, at: S3Uri): Promise<ListedObject | undefined> {
  try {
    const head = new HeadObjectCommand({ Bucket: at.bucket, Key: at.key, ...ownedBy(s3) });
    const { ETag, ContentLength } = await s3.client.send(head);
    return { ...at, etag: ETag ?? '', bytes: ContentLength ?? 0 };
  } catch (thrown) {
    const failure = fromAwsFailure(thrown, 's3:GetObject', toAddress(at));
    if (failure.code === 'NotFound') return undefined;
    throw failure;
  }
}

/** A whole object in memory. The caller knows that it is small. */
export async function readBytes(s3: S3Access, object: ListedObject): Promise<Uint8Array> {
  // Chunks that are kept and then joined would be in memory twice.
  const bytes = new Uint8Array(object.bytes);
  let read = 0;
  for await (const chunk of readObject(s3, object)) {
    // What is longer than it was listed fails at its end.
    if (read < bytes.length) bytes.set(chunk.subarray(0, bytes.length - read), read);
    read += chunk.length;
  }
  return bytes;
}

/** The text of an object, cut at `mostBytes`; undefined when there is none. */
export async function readSmallObject(s3: S3Access, at: S3Uri, mostBytes: number): Promise<string | undefined> {
  const object = await findObject(s3, at);
  if (!object) return undefined;
  let text = Buffer.alloc(0);
  for await (const chunk of readObject(s3, object)) {
    text = Buffer.concat([text, chunk]);
    if (text.length >= mostBytes) break;
  }
  return text.toString('utf8', 0, mostBytes);
}

export async function writeObject(
  s3: S3Access,
  at: S3Uri,
  body: string | Uint8Array,
  contentType: string,
): Promise<void> {
  try {
    const put = { Bucket: at.bucket, Key: at.key, Body: body, ContentType: contentType, ...ownedBy(s3) };
    await s3.client.send(new PutObjectCommand(put));
  } catch (thrown) {
    throw fromAwsFailure(thrown, 's3:PutObject', toAddress(at));
  }
}

async function openAt(s3: S3Access, object: ListedObject, start: number): Promise<AsyncIterable<Uint8Array>> {
  if (start >= object.bytes) return noBytes();
  const { Body } = await s3.client.send(
    new GetObjectCommand({
      Bucket: object.bucket,
      Key: object.key,
      ...(object.etag === '' ? {} : { IfMatch: object.etag }),
      ...(start === 0 ? {} : { Range: `bytes=${start}-` }),
      ...ownedBy(s3),
    }),
  );
  if (!Body) throw new TwinvecError('Overloaded', `${toAddress(object)}: the answer had no body`);
  // In Node the body is a Readable, which is what the SDK's union of platforms hides.
  return Body as unknown as AsyncIterable<Uint8Array>;
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

function ownedBy(s3: S3Access): { ExpectedBucketOwner?: string } {
  return s3.owner === undefined ? {} : { ExpectedBucketOwner: s3.owner };
}
