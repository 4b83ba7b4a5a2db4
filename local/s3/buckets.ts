/** Calls about buckets, and DeleteObjects, which is one. */
import { S3Error } from '../object-store/s3-error.ts';
import { type S3Call, sendEmpty, sendXml } from './call.ts';
import { receiveText } from './receive-text.ts';
import { requireBucket } from './write-object.ts';
import { readElements, readText } from './xml.ts';

/** What a grantee is called wherever S3 wants an owner. */
const OWNER = { ID: 'local', DisplayName: 'local' };
/** S3's limit for one DeleteObjects. */
const MOST_DELETED = 1000;

export function listBuckets(call: S3Call): void {
  const Bucket = call.store.buckets().map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt }));
  sendXml(call, 'ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket } });
}

/** As in us-east-1, creating a bucket that is there already is no failure. */
export async function createBucket(call: S3Call): Promise<void> {
  await receiveText(call.request);
  call.store.createBucket(call.bucket);
  call.response.setHeader('location', `/${call.bucket}`);
  sendEmpty(call, 200);
}

export function headBucket(call: S3Call): void {
  requireBucket(call.store, call.bucket);
  call.response.setHeader('x-amz-bucket-region', 'us-east-1');
  sendEmpty(call, 200);
}

export function deleteBucket(call: S3Call): void {
  call.store.deleteBucket(call.bucket);
  sendEmpty(call, 204);
}

export function readLocation(call: S3Call): void {
  requireBucket(call.store, call.bucket);
  sendXml(call, 'LocationConstraint', {});
}

/** Never switched on. */
export function readVersioning(call: S3Call): void {
  requireBucket(call.store, call.bucket);
  sendXml(call, 'VersioningConfiguration', {});
}

export function readAcl(call: S3Call): void {
  requireBucket(call.store, call.bucket);
  const Grant = { Grantee: OWNER, Permission: 'FULL_CONTROL' };
  sendXml(call, 'AccessControlPolicy', { Owner: OWNER, AccessControlList: { Grant } });
}

export function noBucketTags({ store, bucket }: S3Call): never {
  requireBucket(store, bucket);
  throw new S3Error('NoSuchTagSet', 'The TagSet does not exist');
}

export function noBucketPolicy({ store, bucket }: S3Call): never {
  requireBucket(store, bucket);
  throw new S3Error('NoSuchBucketPolicy', 'The bucket policy does not exist');
}

export async function deleteObjects(call: S3Call): Promise<void> {
  const { store, bucket, request } = call;
  requireBucket(store, bucket);
  const text = await receiveText(request);
  const keys = readElements(text, 'Object').map((object) => readText(object, 'Key'));
  if (keys.length === 0 || keys.length > MOST_DELETED || keys.includes(undefined)) {
    throw new S3Error('MalformedXML', `DeleteObjects takes 1 to ${MOST_DELETED} objects, each with its Key`);
  }
  const deleted: { Key: string }[] = [];
  const failed: { Key: string; Code: string; Message: string }[] = [];
  for (const key of keys as string[]) {
    try {
      store.delete(bucket, key);
      deleted.push({ Key: key });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      failed.push({ Key: key, Code: error.code, Message: error.message });
    }
  }
  const quiet = readText(text, 'Quiet') === 'true';
  sendXml(call, 'DeleteResult', { Deleted: quiet ? [] : deleted, Error: failed });
}
