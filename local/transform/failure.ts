/** Why an object has no output, as the job's failure reason says it and as its data log shows it. */
import { noAnswerLine, refusalCause, refusalLines } from '#core/batch/data-log.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { NoAnswerError } from '../hosting/container-request.ts';

/** The container answered with a status other than 2xx, also after the retries. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;

  constructor(status: number, body: Buffer) {
    super(body.toString('utf8', 0, LIMITS.errorMessage.value).trim());
    this.status = status;
  }
}

export interface FailureText {
  readonly cause: string;
  readonly logLines: readonly string[];
}

/** @param serverEnd How the server process ended, if it has. */
export function describeFailure(source: string, error: unknown, serverEnd: string | undefined): FailureText {
  if (error instanceof RefusedError) {
    return {
      cause: `${refusalCause(error.status)}: ${error.message}`,
      logLines: refusalLines(source, error.status, error.message),
    };
  }
  if (error instanceof NoAnswerError) {
    const cause = `Unable to get response from algorithm: ${serverEnd ?? error.message}`;
    return { cause, logLines: [noAnswerLine(source)] };
  }
  const cause =
    error instanceof TwinvecError
      ? error.message
      : `reading or writing failed: ${error instanceof Error ? error.message : 'unknown cause'}`;
  return { cause, logLines: [`${source}: ${cause}`] };
}
