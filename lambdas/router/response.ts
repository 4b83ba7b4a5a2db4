/**
 * Answers in the form that API Gateway takes from a Lambda: text as it is, anything else as base64, errors as the one
 * JSON body of docs/errors.md.
 */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ERRORS, TwinvecError, toErrorBody } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { AsyncResult } from './async/read-result.ts';
import type { ModelAnswer } from './invoke.ts';
import type { ClientRequest } from './request.ts';
import { allowedMethods } from './routes.ts';

/** Measured after JSON has escaped the body. */
const LARGEST_RESULT_BYTES = LIMITS.lambdaPayload.value;
const TEXT = /^(?:text\/|application\/(?:json|jsonlines|x-jsonlines|x-ndjson)\b)/i;

const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** @throws TwinvecError PayloadTooLarge when Lambda could not carry the answer. */
export function answerWith(
  answer: Pick<ModelAnswer, 'body' | 'contentType'> & Partial<ModelAnswer>,
  requestId: string,
): APIGatewayProxyStructuredResultV2 {
  const isText = TEXT.test(answer.contentType);
  const bytes = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength);
  const result = {
    statusCode: 200,
    headers: {
      ...COMMON_HEADERS,
      'content-type': answer.contentType,
      'x-request-id': requestId,
      ...(answer.customAttributes === undefined
        ? {}
        : { 'x-amzn-sagemaker-custom-attributes': answer.customAttributes }),
      ...(answer.variant === undefined ? {} : { 'x-amzn-invoked-production-variant': answer.variant }),
    },
    body: isText ? bytes.toString('utf8') : bytes.toString('base64'),
    isBase64Encoded: !isText,
  };
  refuseWhenTooLarge(result, answer.body.length);
  return result;
}

export function answerJson(
  statusCode: number,
  body: unknown,
  requestId: string,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { ...COMMON_HEADERS, 'content-type': 'application/json', 'x-request-id': requestId, ...headers },
    body: JSON.stringify(body),
  };
}

type Asker = Pick<ClientRequest, 'requestId' | 'base'>;

/** Seconds after which a look at an asynchronous request is worth its call. */
const LOOK_AGAIN = { 'retry-after': '2' };

/** The request is queued: 202, and where to ask for its answer. */
export function answerAccepted(id: string, { requestId, base }: Asker): APIGatewayProxyStructuredResultV2 {
  const statusUrl = `${base}/invocations/${id}`;
  return answerJson(202, { status: 'pending', id, statusUrl }, requestId, { ...LOOK_AGAIN, location: statusUrl });
}

/** The answer itself as the model wrote it, a redirect to it, or 202 while there is none. */
export function answerResult(result: AsyncResult, id: string, asker: Asker): APIGatewayProxyStructuredResultV2 {
  const { requestId } = asker;
  if (result.state === 'pending') return answerAccepted(id, asker);
  if (result.state === 'done') return answerWith(result, requestId);
  const { url, bytes } = result;
  return answerJson(303, { status: 'done', url, bytes }, requestId, { location: url });
}

export function refuseWith(error: TwinvecError, request: ClientRequest): APIGatewayProxyStructuredResultV2 {
  const allow = error.code === 'MethodNotAllowed' ? allowedMethods(request.path) : undefined;
  return {
    statusCode: error.status,
    headers: {
      ...COMMON_HEADERS,
      'content-type': 'application/json',
      'x-request-id': request.requestId,
      ...(allow === undefined ? {} : { allow }),
      ...(ERRORS[error.code].retryable ? { 'retry-after': '1' } : {}),
    },
    body: JSON.stringify(toErrorBody(error, request.requestId)),
  };
}

/** Most answers are far from the limit, and only a near one is worth measuring exactly. */
function refuseWhenTooLarge(result: APIGatewayProxyStructuredResultV2, answerBytes: number): void {
  if (answerBytes < LARGEST_RESULT_BYTES / 3) return;
  if (Buffer.byteLength(JSON.stringify(result)) <= LARGEST_RESULT_BYTES) return;
  throw new TwinvecError(
    'PayloadTooLarge',
    `The answer of ${answerBytes} bytes is over what this API can carry (6 MiB). Send fewer records.`,
  );
}
