/**
 * Bad records of a batch: each keeps its place in the answer with its reason, so that records in and records out stay
 * in step and one bad record never costs a file (spec faults C16).
 */
import { TwinvecError, toErrorBody } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';

export interface RecordFailure {
  /** Zero-based index within the request. */
  readonly record: number;
  readonly error: TwinvecError;
}

/**
 * Adds to the failures so far.
 *
 * @throws PayloadTooLarge when there are too many: each costs memory and a line of the response
 */
export function addFailure(failures: RecordFailure[], failure: RecordFailure): void {
  const limit = LIMITS.batchFailures.value;
  if (failures.length < limit) {
    failures.push(failure);
    return;
  }
  const problem = `More than ${limit} records of the body are bad; is it a file for this model?`;
  throw new TwinvecError('PayloadTooLarge', `${problem} The first: ${failures[0]!.error.message}`);
}

/** `{"error":{"code","message"},"record":i}`: what stands in the place of a record that failed. */
export function failurePlaceholder({ record, error }: RecordFailure): string {
  const { code, message } = toErrorBody(error).error;
  return JSON.stringify({ error: { code, message }, record });
}

/**
 * Runs `act` with errors that record no stack. A batch of bad records makes an error for each, stacks are most of what
 * an error costs, and these name their place in the body, not in the code.
 */
export function withoutStacks<T>(act: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return act();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
