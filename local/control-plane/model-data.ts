/** Whether the files of a model are there when it is made: the service refuses a model without them. */
import { HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type CreateModelRequest, containersOf, type ModelData, modelDataOf } from '#core/sagemaker/model-request.ts';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import { validationException } from './aws-error.ts';

/** @throws AwsError ValidationException naming the first address at which nothing is. */
export async function requireModelData(s3: S3Client, model: CreateModelRequest): Promise<void> {
  for (const container of containersOf(model)) {
    const data = modelDataOf(container);
    if (data && !(await isThere(s3, data))) throw validationException(`Could not find model data at ${data.uri}.`);
  }
}

async function isThere(s3: S3Client, { uri, layout }: ModelData): Promise<boolean> {
  const at = parseS3Uri(uri);
  if (!at) return false;
  // The models of a multi-model endpoint may come later.
  if (layout === 'prefix-of-archives') return true;
  try {
    if (layout === 'prefix-of-files') {
      const list = new ListObjectsV2Command({ Bucket: at.bucket, Prefix: at.key, MaxKeys: 1 });
      return ((await s3.send(list)).Contents ?? []).length > 0;
    }
    await s3.send(new HeadObjectCommand({ Bucket: at.bucket, Key: at.key }));
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 500;
  return status >= 400 && status < 500;
}
