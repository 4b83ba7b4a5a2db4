/** S3's rules for the name of a bucket, which make it the name of a folder as it is. */
import { S3Error } from './s3-error.ts';

const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const NOT_A_NAME = /\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/;

export function isBucketName(name: string): boolean {
  return NAME.test(name) && !NOT_A_NAME.test(name);
}

/** @throws S3Error InvalidBucketName */
export function checkBucketName(name: string): string {
  if (isBucketName(name)) return name;
  throw new S3Error('InvalidBucketName', `The specified bucket is not valid: ${name}`);
}
