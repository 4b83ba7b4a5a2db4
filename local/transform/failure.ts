/** Why an object has no output, as the job's failure reason says it and as its data log shows it. */
import { noAnswerLine, refusalCause, refusalLines } from '#core/batch/data-log.ts';
import { ERRORS, TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { NoAnswerError } from '../hosting/container-request.ts';
import { S3Error } from '../object-store/s3-error.ts';

/** The container answered with a status other than 2xx, also after the retries. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;

  constructor(status: number, body: Buffer) {
    super(body.toString('utf8', 0, LIMITS.errorMessage.value).trim());
    this.status = status;
  }
}

/** Whose fault a failure is, in the service's words for failure reasons (spec sagemaker 2.7). */
export type Blame = 'ClientError' | 'AlgorithmError' | 'InternalServerError';

export interface FailureText {
  readonly blame: Blame;
  readonly cause: string;
  readonly logLines: readonly string[];
}

/** @param serverEnd How the server process ended, if it has. */
export function describeFailure(source: string, error: unknown, serverEnd: string | undefined): FailureText {
  if (error instanceof RefusedError) {
    return {
      blame: error.status < 500 ? 'ClientError' : 'AlgorithmError',
      cause: `${refusalCause(error.status)}: ${error.message}`,
      logLines: refusalLines(source, error.status, error.message),
    };
  }
  if (error instanceof NoAnswerError) {
    const cause = `Unable to get response from algorithm: ${serverEnd ?? error.message}`;
    return { blame: 'AlgorithmError', cause, logLines: [noAnswerLine(source)] };
  }
  if (error instanceof TwinvecError) {
    const { fault } = ERRORS[error.code];
    const blame =
      fault === 'caller' ? 'ClientError' : error.code === 'ModelFailed' ? 'AlgorithmError' : 'InternalServerError';
    return { blame, cause: error.message, logLines: [`${source}: ${error.message}`] };
  }
  if (error instanceof S3Error) {
    return { blame: 'ClientError', cause: error.message, logLines: [`${source}: ${error.message}`] };
  }
  const cause = `reading or writing failed: ${error instanceof Error ? error.message : 'unknown cause'}`;
  return { blame: 'InternalServerError', cause, logLines: [`${source}: ${cause}`] };
}
