/** `s3://` addresses on the command line, at AWS or wherever AWS_ENDPOINT_URL points, with the SDK's own credentials. */
import { S3Client } from '@aws-sdk/client-s3';

/** With exponential back-off and jitter (spec faults Q1). */
const MOST_TRIES = 5;

let client: S3Client | undefined;

export function isS3(address: string): boolean {
  return address.startsWith('s3://');
}

export function s3Client(): S3Client {
  const { AWS_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  // A local endpoint has no host name for each bucket.
  const forcePathStyle = AWS_ENDPOINT_URL !== undefined || AWS_ENDPOINT_URL_S3 !== undefined;
  client ??= new S3Client({ forcePathStyle, maxAttempts: MOST_TRIES, region: AWS_REGION ?? 'us-east-1' });
  return client;
}
