/**
 * What an AWS client threw, as an error of our table. A refusal for missing permission names the action and the
 * resource, because that is all that the person who has to mend a policy needs.
 */
import { type ErrorCode, TwinvecError } from '#core/errors.ts';
import { parseS3Uri } from './s3-uri.ts';

const CODE_OF: Readonly<Record<string, ErrorCode>> = {
  AccessDenied: 'AccessDenied',
  AccessDeniedException: 'AccessDenied',
  NoSuchBucket: 'NotFound',
  NoSuchKey: 'NotFound',
  NotFound: 'NotFound',
  ResourceNotFound: 'NotFound',
  ResourceInUse: 'Conflict',
  PreconditionFailed: 'Conflict',
  ResourceLimitExceeded: 'Overloaded',
  SlowDown: 'Overloaded',
  Throttling: 'Overloaded',
  ThrottlingException: 'Overloaded',
  TooManyRequestsException: 'Overloaded',
  ValidationError: 'ValidationFailed',
  ValidationException: 'ValidationFailed',
};

/**
 * @param action The IAM action, such as `s3:GetObject`
 * @param resource What it was asked of, such as `s3://bucket/key`
 */
export function fromAwsFailure(thrown: unknown, action: string, resource: string): TwinvecError {
  if (thrown instanceof TwinvecError) return thrown;
  const code = codeOf(thrown);
  const remedy = code === 'AccessDenied' ? missingPermission(thrown, action, resource) : otherRegion(thrown);
  const message = `${action} on ${resource} failed: ${nameOf(thrown)}.${remedy ? ` ${remedy}` : ''}`;
  return new TwinvecError(code, message, { cause: thrown });
}

/** The same with AWS's own words, for calls whose requests hold names and no data. */
export function fromControlPlane(thrown: unknown, action: string, resource: string): TwinvecError {
  const failure = fromAwsFailure(thrown, action, resource);
  if (failure === thrown) return failure;
  return new TwinvecError(failure.code, `${failure.message} ${messageOf(thrown)}`.trimEnd(), { cause: thrown });
}

/** What a policy has to allow: the action and the ARN, or those of the key, of which S3 itself speaks. */
function missingPermission(thrown: unknown, action: string, resource: string): string | undefined {
  const [, keyAction, keyArn] =
    /perform: (kms:\w+)(?: on (?:the )?resource:? (arn:[^\s"]+))?/.exec(messageOf(thrown)) ?? [];
  if (keyAction !== undefined) return `The role needs ${keyAction} on ${keyArn ?? 'the key of the bucket or object'}.`;
  const uri = parseS3Uri(resource);
  if (!uri) return undefined;
  return `The role needs ${action} on arn:aws:s3:::${uri.bucket}${action === 's3:ListBucket' ? '' : `/${uri.key}`}.`;
}

/** S3 answers 301 for a bucket of another region, and names that. */
function otherRegion(thrown: unknown): string | undefined {
  if (statusOf(thrown) !== 301) return undefined;
  const region = regionOf(thrown);
  return `The bucket is in ${region ?? 'another region'}: use a client of that region.`;
}

function regionOf(thrown: unknown): string | undefined {
  const { $response: answer } = thrown as { readonly $response?: { readonly headers?: Record<string, string> } };
  return answer?.headers?.['x-amz-bucket-region'];
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : '';
}

export function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : 'unknown';
}

/** The HTTP status of an AWS answer, undefined when there was none. */
export function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('$metadata' in thrown)) return undefined;
  const metadata = thrown.$metadata;
  if (metadata === null || typeof metadata !== 'object' || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

function codeOf(thrown: unknown): ErrorCode {
  const known = CODE_OF[nameOf(thrown)];
  if (known) return known;
  const status = statusOf(thrown);
  if (status === 301) return 'InvalidConfiguration';
  if (status === 403) return 'AccessDenied';
  if (status === 404) return 'NotFound';
  if (status === 412) return 'Conflict';
  if (status === undefined || status === 429 || status >= 500) return 'Overloaded';
  return 'Internal';
}
