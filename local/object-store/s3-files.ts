/** Objects of S3 as files on this machine, and back, piece by piece. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { readS3Object } from '../transform/s3-object.ts';
import { s3Sink } from '../transform/s3-storage.ts';
import type { OutputObject } from '../transform/storage.ts';

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
 * The file has its name when it is whole. A connection that breaks is taken up where it broke.
 *
 * @throws TwinvecError NotFound when the object cannot be read; the system's error when the file cannot be written.
 */
export async function downloadObject(client: S3Client, uri: S3Uri, file: string, signal: AbortSignal): Promise<void> {
  const partial = `${file}.partial`;
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await pipeline(readS3Object(client, uri, undefined), createWriteStream(partial), { signal });
    await rename(partial, file);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const cause = error instanceof TwinvecError && error.cause instanceof Error ? error.cause : (error as Error);
    if (!(error instanceof TwinvecError) && !('$metadata' in cause)) throw error;
    throw new TwinvecError('NotFound', `${uriText(uri)} cannot be read: ${cause.name}`, { cause });
  } finally {
    await rm(partial, { force: true });
  }
}

/** An object that is there when it is committed, never in part. */
export async function createObject(client: S3Client, { bucket, key }: S3Uri): Promise<OutputObject> {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return s3Sink(client, { bucket, key: folder }).create(key.slice(folder.length));
}

export async function uploadFile(client: S3Client, file: string, uri: S3Uri): Promise<void> {
  const object = await createObject(client, uri);
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
