/**
 * Why an invocation failed, in our own terms. SageMaker wraps every 4xx and 5xx of the container into HTTP 424
 * ModelError (spec faults C9); OriginalStatusCode and OriginalMessage bring the container's answer back out.
 */
import * as z from 'zod';
import { ERRORS, type ErrorCode, TwinvecError } from '#core/errors.ts';
import { fromAwsFailure, nameOf, statusOf } from '#core/sagemaker/aws-failure.ts';

/** The container's own refusal, `{"error":{...}}`, as far as it can be trusted to be ours. */
const Refusal = z.object({
  error: z.object({
    code: z.string().refine((code): code is ErrorCode => Object.hasOwn(ERRORS, code)),
    message: z.string().max(2048),
    record: z.int().min(0).optional(),
  }),
});

/** The closest error of the table for a bare status of a model server that is not ours. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  // "Server error (0)": the model did not answer in time.
  0: 'DeadlineExceeded',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  408: 'RequestTimeout',
  409: 'Conflict',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
  422: 'InvalidRecord',
  429: 'Overloaded',
  503: 'Overloaded',
  504: 'DeadlineExceeded',
  507: 'OutOfMemory',
};

/** Answers of the platform itself, by the names of the SDK's errors. */
const CODE_OF_PLATFORM: Readonly<Record<string, { readonly code: ErrorCode; readonly message: string }>> = {
  AbortError: { code: 'DeadlineExceeded', message: 'The model did not answer in time.' },
  TimeoutError: { code: 'DeadlineExceeded', message: 'The model did not answer in time.' },
  ModelNotReadyException: { code: 'NotReady', message: 'The endpoint is still loading the model.' },
  ServiceUnavailable: { code: 'Overloaded', message: 'SageMaker is not available at the moment.' },
  ThrottlingException: { code: 'Overloaded', message: 'SageMaker throttles this account at the moment.' },
};

/**
 * Anything that the runtime client threw, as an error of the table.
 *
 * @param action The IAM action that was used
 */
export function readFailure(thrown: unknown, action: string): TwinvecError {
  const name = nameOf(thrown);
  if (/^AccessDenied/.test(name)) return fromAwsFailure(thrown, action, 'the endpoint');
  if (name === 'ModelError') return readModelError(thrown);
  if (name === 'ValidationError') return readValidationError(thrown);
  const known = CODE_OF_PLATFORM[name];
  if (known) return new TwinvecError(known.code, known.message, { cause: thrown });
  const status = statusOf(thrown);
  if (status === undefined || status >= 500) {
    return new TwinvecError('Overloaded', 'The endpoint could not be reached.', { cause: thrown });
  }
  return new TwinvecError('Internal', 'The service failed. Its log has the cause.', { cause: thrown });
}

function readModelError(thrown: unknown): TwinvecError {
  const { OriginalStatusCode: status, OriginalMessage: text } = thrown as {
    readonly OriginalStatusCode?: number;
    readonly OriginalMessage?: string;
  };
  return fromContainer(status, text, thrown);
}

/** How SageMaker words what a container answered, in the object that it leaves of a failed asynchronous request. */
const WRAPPED = /Received (?:client|server) error \((\d+)\) from \S+ with message "([\s\S]*)"/;

/** The content of a failure object, which holds text and not an error of the SDK. */
export function readFailureText(text: string): TwinvecError {
  const [, status, message] = WRAPPED.exec(text) ?? [];
  if (status !== undefined) return fromContainer(Number(status), message, undefined);
  if (/expired|timed out/i.test(text)) {
    return new TwinvecError('DeadlineExceeded', 'The request was not answered in its time. Send it again.');
  }
  return new TwinvecError('ModelFailed', 'SageMaker could not run the request. The log of the endpoint has the cause.');
}

function fromContainer(status: number | undefined, text: string | undefined, cause: unknown): TwinvecError {
  const refusal = readRefusal(text);
  if (refusal) {
    const { code, message, record } = refusal.error;
    return new TwinvecError(code, message, { cause, ...(record === undefined ? {} : { record }) });
  }
  // A foreign message may hold paths or payloads, so only its status is passed on.
  const code =
    CODE_OF_STATUS[status ?? 500] ?? (status !== undefined && status < 500 ? 'ValidationFailed' : 'ModelFailed');
  const message = status === 0 ? 'The model did not answer in time.' : `The model answered with status ${status}.`;
  return new TwinvecError(code, message, { cause });
}

function readRefusal(text: string | undefined): z.infer<typeof Refusal> | undefined {
  if (text === undefined) return undefined;
  try {
    return Refusal.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A missing endpoint is our deployment's fault, not the caller's; the account number in its message stays inside. */
function readValidationError(thrown: unknown): TwinvecError {
  const missing = thrown instanceof Error && /not found|not in service|no capacity/i.test(thrown.message);
  return missing
    ? new TwinvecError('NotReady', 'The endpoint is not in service.', { cause: thrown })
    : new TwinvecError('ValidationFailed', 'SageMaker refused the request as invalid.', { cause: thrown });
}
