/**
 * Errors without their class, which structured cloning drops on the way between threads.
 */
import type { RecordFailure } from '#core/batch/record-failure.ts';
import { type ErrorCode, TwinvecError } from '#core/errors.ts';

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly record: number | undefined;
}

export interface PlainFailure {
  readonly record: number;
  readonly error: PlainError;
}

export function toPlainError({ code, message, record }: TwinvecError): PlainError {
  return { code, message, record };
}

export function fromPlainError({ code, message, record }: PlainError): TwinvecError {
  return new TwinvecError(code, message, record === undefined ? {} : { record });
}

export function toPlainFailures(failures: readonly RecordFailure[]): readonly PlainFailure[] {
  return failures.map(({ record, error }) => ({ record, error: toPlainError(error) }));
}

export function fromPlainFailures(failures: readonly PlainFailure[]): readonly RecordFailure[] {
  return failures.map(({ record, error }) => ({ record, error: fromPlainError(error) }));
}
