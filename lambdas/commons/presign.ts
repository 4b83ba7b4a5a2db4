/** A link to one S3 object that anybody may follow for a short while. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';

export function presignedUrl(client: S3Client, { bucket, key }: S3Uri, seconds: number): Promise<string> {
  return getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: seconds });
}
