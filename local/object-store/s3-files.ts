/** Objects of S3 as files on this machine, and back, piece by piece. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { s3Sink } from '../transform/s3-storage.ts';

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Every key with the prefix, in order; the markers of empty folders are left out.
 *
 * @throws TwinvecError NotFound when the bucket cannot be listed.
 */
export async function* listKeys(client: S3Client, { bucket, key }: S3Uri): AsyncGenerator<ListedObject> {
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: key });
  try {
    for await (const page of pages) {
      for (const { Key: found, Size: bytes = 0 } of page.Contents ?? []) {
        if (found !== undefined && !(found.endsWith('/') && bytes === 0)) yield { key: found, bytes };
      }
    }
  } catch (cause) {
    throw new TwinvecError('NotFound', `s3://${bucket}/${key} cannot be listed: ${(cause as Error).name}`, { cause });
  }
}

/**
 * The file has its name when it is whole.
 *
 * @throws TwinvecError NotFound when the object cannot be read.
 */
export async function downloadObject(client: S3Client, uri: S3Uri, file: string, signal: AbortSignal): Promise<void> {
  const get = new GetObjectCommand({ Bucket: uri.bucket, Key: uri.key });
  const { Body: body } = await client.send(get, { abortSignal: signal }).catch((cause: Error) => {
    if (signal.aborted) throw signal.reason;
    throw new TwinvecError('NotFound', `s3://${uri.bucket}/${uri.key} cannot be read: ${cause.name}`, { cause });
  });
  const partial = `${file}.partial`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await pipeline(body as AsyncIterable<Uint8Array>, createWriteStream(partial), { signal });
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

/** No partial object is ever visible. */
export async function uploadFile(client: S3Client, file: string, uri: S3Uri): Promise<void> {
  const folder = uri.key.slice(0, uri.key.lastIndexOf('/') + 1);
  const object = await s3Sink(client, { bucket: uri.bucket, key: folder }).create(uri.key.slice(folder.length));
  try {
    for await (const chunk of createReadStream(file)) await object.write(chunk as Uint8Array);
    await object.commit();
  } catch (error) {
    await object.discard();
    throw error;
  }
}

/** `prefix` joined with a relative key; the prefix is a folder, with or without its last "/". */
export function below({ bucket, key }: S3Uri, relative: string): S3Uri {
  return { bucket, key: key === '' || key.endsWith('/') ? key + relative : `${key}/${relative}` };
}

export function uriText({ bucket, key }: S3Uri): string {
  return `s3://${bucket}/${key}`;
}
