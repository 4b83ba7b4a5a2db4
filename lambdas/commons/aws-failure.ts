/**
 * What an AWS client threw, as an error of our table. A refusal for missing permission names the action and the
 * resource, because that is all that the person who has to mend a policy needs.
 */
import { type ErrorCode, TwinvecError } from '#core/errors.ts';

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
  return new TwinvecError(code, `${action} on ${resource} failed: ${nameOf(thrown)}.`, { cause: thrown });
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
  if (status === 403) return 'AccessDenied';
  if (status === 404) return 'NotFound';
  if (status === 412) return 'Conflict';
  if (status === undefined || status === 429 || status >= 500) return 'Overloaded';
  return 'Internal';
}
