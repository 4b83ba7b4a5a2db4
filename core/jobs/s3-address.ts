/**
 * `s3://bucket/key` as an address that a role will read or write: only S3, and no key part that some tool would
 * resolve to another place.
 */
import * as z from 'zod';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { parseS3Uri, type S3Uri } from '#core/sagemaker/s3-uri.ts';

/** TransformS3DataSource.S3Uri: at most 1024 characters. */
const ADDRESS_LIMIT = 1024;

/** The rules as a schema, for definitions and events that hold addresses. */
export const S3Address = z.string().superRefine((text, context) => {
  const problem = addressProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** @throws TwinvecError ValidationFailed */
export function locate(address: string): S3Uri {
  const location = parseS3Uri(address);
  const problem = addressProblem(address);
  if (location && problem === undefined) return location;
  throw new TwinvecError('ValidationFailed', `${quoteForMessage(address)} ${problem}`);
}

export function toAddress({ bucket, key }: S3Uri): string {
  return `s3://${bucket}/${key}`;
}

/** What is wrong with an address, to follow its name in a sentence; undefined when nothing is. */
export function addressProblem(text: string): string | undefined {
  if (text.length > ADDRESS_LIMIT) return `is longer than ${ADDRESS_LIMIT} characters`;
  const location = parseS3Uri(text);
  if (!location) return 'is not s3://bucket/key';
  const climbs = location.key.split('/').some((part) => part === '..' || part === '.');
  return climbs ? 'has a "." or ".." part in its key' : undefined;
}
