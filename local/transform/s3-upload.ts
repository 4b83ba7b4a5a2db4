/**
 * One output on its way to S3: a single PUT when it is small, else a multipart upload, so that memory stays at one part
 * and nothing is visible before the end.
 */
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { freeNow } from '#core/memory/free-now.ts';
import { fromAwsFailure } from '#core/sagemaker/aws-failure.ts';
import type { OutputObject } from './storage.ts';

export interface UploadTarget {
  readonly Bucket: string;
  readonly Key: string;
}

export function createUpload(client: S3Client, target: UploadTarget, partBytes: number): OutputObject {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let uploadId: string | undefined;
  const parts: CompletedPart[] = [];

  function takeHeld(): Buffer {
    const bytes = Buffer.concat(held, heldBytes);
    for (const part of held) freeNow(part);
    held = [];
    heldBytes = 0;
    return bytes;
  }

  function refused(error: Error): never {
    throw fromAwsFailure(error, 's3:PutObject', `s3://${target.Bucket}/${target.Key}`);
  }

  async function uploadPart(): Promise<void> {
    uploadId ??= (await client.send(new CreateMultipartUploadCommand(target)).catch(refused)).UploadId;
    const part = { UploadId: uploadId, PartNumber: parts.length + 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...target, ...part, Body: takeHeld() })).catch(refused);
    parts.push({ PartNumber: part.PartNumber, ...(ETag === undefined ? {} : { ETag }) });
  }

  return {
    async write(bytes) {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= partBytes) await uploadPart();
    },
    async commit() {
      if (uploadId === undefined) {
        const body = takeHeld();
        await client.send(new PutObjectCommand({ ...target, Body: body, ContentLength: body.length })).catch(refused);
        return;
      }
      if (heldBytes > 0) await uploadPart();
      const upload = { UploadId: uploadId, MultipartUpload: { Parts: parts } };
      await client.send(new CompleteMultipartUploadCommand({ ...target, ...upload })).catch(async (error: Error) => {
        if (error.name !== 'NoSuchUpload' || !(await isThere(client, target, parts))) refused(error);
      });
    },
    async discard() {
      takeHeld();
      if (uploadId === undefined) return;
      const abort = new AbortMultipartUploadCommand({ ...target, UploadId: uploadId });
      // Why the output is given up is what people need to hear; an upload that is not aborted stays invisible.
      await client.send(abort).catch(() => undefined);
    },
  };
}

/**
 * Whether the object is what these parts make. An upload is gone when it was completed and only the answer got lost;
 * the retry then meets NoSuchUpload, and the object is there.
 */
async function isThere(client: S3Client, target: UploadTarget, parts: readonly CompletedPart[]): Promise<boolean> {
  const { ETag: etag } = await client.send(new HeadObjectCommand(target));
  const sums = parts.map(({ ETag = '' }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'));
  const expected = `${createHash('md5').update(Buffer.concat(sums)).digest('hex')}-${parts.length}`;
  return etag?.replaceAll('"', '') === expected;
}
