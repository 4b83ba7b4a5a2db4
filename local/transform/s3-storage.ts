/**
 * S3 as source and sink of a transform. A source is a plain string prefix, as at AWS (spec sagemaker 2.4); outputs go
 * up as multipart uploads, so that memory stays at one part and no partial object is ever visible.
 */
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { outputName } from '#core/batch/output-name.ts';
import { TwinvecError } from '#core/errors.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import type { OutputObject, TransformSink, TransformSource } from './storage.ts';

/** S3 wants parts of at least 5 MiB, the last one excepted. */
const PART_BYTES = 8 * 1024 * 1024;

export function s3Source(client: S3Client, uri: S3Uri): TransformSource {
  return {
    async *list() {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: uri.bucket, Prefix: uri.key })) {
        for (const { Key: key, Size: bytes, ETag: etag } of page.Contents ?? []) {
          if (key === undefined || (key.endsWith('/') && bytes === 0)) continue;
          yield {
            label: `${uri.bucket}/${key}`,
            outputName: outputName(uri.key, key),
            bytes: bytes ?? 0,
            open: () => readObject(client, uri.bucket, key, etag),
          };
        }
      }
    },
  };
}

/** `If-Match` keeps an object that is replaced during the job from being read half old, half new. */
async function* readObject(
  client: S3Client,
  bucket: string,
  key: string,
  etag: string | undefined,
): AsyncGenerator<Uint8Array> {
  const { Body: body, ContentLength: expected } = await client.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, ...(etag === undefined ? {} : { IfMatch: etag }) }),
  );
  let received = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    yield chunk;
  }
  if (expected !== undefined && received !== expected) {
    throw new TwinvecError('Internal', `reading ended after ${received} of ${expected} bytes`);
  }
}

/** @param uri Its key is a folder, with or without the last "/". */
export function s3Sink(client: S3Client, uri: S3Uri): TransformSink {
  const prefix = uri.key === '' || uri.key.endsWith('/') ? uri.key : `${uri.key}/`;
  return { create: async (name) => createUpload(client, { Bucket: uri.bucket, Key: prefix + name }) };
}

function createUpload(client: S3Client, target: { readonly Bucket: string; readonly Key: string }): OutputObject {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let uploadId: string | undefined;
  const parts: CompletedPart[] = [];

  function takeHeld(): Buffer {
    const bytes = Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
    return bytes;
  }

  async function uploadPart(): Promise<void> {
    uploadId ??= (await client.send(new CreateMultipartUploadCommand(target))).UploadId;
    const part = { UploadId: uploadId, PartNumber: parts.length + 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...target, ...part, Body: takeHeld() }));
    parts.push({ PartNumber: part.PartNumber, ...(ETag === undefined ? {} : { ETag }) });
  }

  return {
    async write(bytes) {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= PART_BYTES) await uploadPart();
    },
    async commit() {
      if (uploadId === undefined) {
        const body = takeHeld();
        await client.send(new PutObjectCommand({ ...target, Body: body, ContentLength: body.length }));
        return;
      }
      if (heldBytes > 0) await uploadPart();
      const upload = { UploadId: uploadId, MultipartUpload: { Parts: parts } };
      await client.send(new CompleteMultipartUploadCommand({ ...target, ...upload }));
    },
    async discard() {
      takeHeld();
      if (uploadId !== undefined) await client.send(new AbortMultipartUploadCommand({ ...target, UploadId: uploadId }));
    },
  };
}
