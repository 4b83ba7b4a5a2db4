/**
 * S3 as source and sink of a transform. A source is a plain string prefix or a manifest, as at AWS (spec sagemaker
 * 2.4); outputs go up as multipart uploads, so that memory stays at one part and no partial object is ever visible.
 */
import { GetObjectCommand, paginateListObjectsV2, type S3Client, type _Object as S3Object } from '@aws-sdk/client-s3';
import { parseS3Manifest } from '#core/batch/manifest.ts';
import { outputName } from '#core/batch/output-name.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { fromAwsFailure } from '#core/sagemaker/aws-failure.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { readS3Object } from './s3-object.ts';
import { createUpload } from './s3-upload.ts';
import type { SourceObject, TransformSink, TransformSource } from './storage.ts';

/** S3 wants parts of at least 5 MiB, the last one excepted. */
const PART_BYTES = 8 * 1024 * 1024;

export function s3Source(client: S3Client, uri: S3Uri): TransformSource {
  return {
    async *list() {
      for await (const { Key: key, Size: bytes, ETag: etag } of listed(client, uri)) {
        if (key === undefined || (key.endsWith('/') && bytes === 0)) continue;
        yield {
          label: `${uri.bucket}/${key}`,
          outputName: outputName(uri.key, key),
          bytes: bytes ?? 0,
          version: etag,
          open: () => readS3Object(client, { bucket: uri.bucket, key }, etag),
        };
      }
    },
  };
}

async function* listed(client: S3Client, { bucket, key }: S3Uri): AsyncGenerator<S3Object> {
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: key })[Symbol.asyncIterator]();
  for (;;) {
    const page = await pages.next().catch((error: Error) => {
      throw fromAwsFailure(error, 's3:ListBucket', `s3://${bucket}/${key}`);
    });
    if (page.done) return;
    yield* page.value.Contents ?? [];
  }
}

/**
 * The objects that a manifest names, wherever they lie. They are looked up when they are read.
 *
 * @throws while it is listed TwinvecError InvalidManifest with the place, and what reading the manifest throws
 */
export function s3ManifestSource(client: S3Client, manifest: S3Uri): TransformSource {
  const name = `s3://${manifest.bucket}/${manifest.key}`;
  return {
    async *list() {
      const { base, objects } = parseS3Manifest(await readManifest(client, manifest, name), name);
      for (const object of objects) yield manifestObject(client, object, base.key);
    },
  };
}

function manifestObject(client: S3Client, uri: S3Uri, prefix: string): SourceObject {
  return {
    label: `${uri.bucket}/${uri.key}`,
    outputName: outputName(prefix, uri.key),
    bytes: undefined,
    version: undefined,
    open: () => readS3Object(client, uri, undefined),
  };
}

async function readManifest(client: S3Client, uri: S3Uri, name: string): Promise<Uint8Array> {
  const get = new GetObjectCommand({ Bucket: uri.bucket, Key: uri.key });
  const { Body: body, ContentLength: bytes = 0 } = await client.send(get).catch((error: Error) => {
    const failure = fromAwsFailure(error, 's3:GetObject', name);
    if (failure.code !== 'NotFound') throw failure;
    throw new TwinvecError('NotFound', `the manifest ${name} cannot be read: ${error.name}`, { cause: error });
  });
  if (bytes > LIMITS.batchManifestBytes.value) {
    throw new TwinvecError('InvalidManifest', `${name}: it has ${bytes} bytes`);
  }
  return body!.transformToByteArray();
}

export interface S3SinkOptions {
  /** Held in memory for each output. @default 8 MiB */
  readonly partBytes?: number;
}

/** @param uri Its key is a folder, with or without the last "/". */
export function s3Sink(client: S3Client, uri: S3Uri, { partBytes = PART_BYTES }: S3SinkOptions = {}): TransformSink {
  const prefix = uri.key === '' || uri.key.endsWith('/') ? uri.key : `${uri.key}/`;
  return { create: async (name) => createUpload(client, { Bucket: uri.bucket, Key: prefix + name }, partBytes) };
}
