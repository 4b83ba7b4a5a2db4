/**
 * `POST /invocations`: refuse here whatever the container would refuse, because a refusal here costs no GPU time and
 * keeps its status; then ask the endpoint.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { TwinvecError } from '#core/errors.ts';
import { parseContentType } from '#core/http/content-type.ts';
import { LIMITS } from '#core/limits.ts';
import { decodeInferenceRequest } from '#core/object2vec/codec.ts';
import type { InputRules } from '#core/object2vec/inference-request.ts';
import { UNREAD_TEXT } from '#core/text/text-reader.ts';
import { runtimeClient } from '../commons/clients.ts';
import type { RouterEnvironment } from './environment.ts';
import { invokeModel } from './invoke.ts';
import { type ClientRequest, readBody } from './request.ts';
import { answerWith } from './response.ts';

/** Kept free at the end of the function's own time, for the answer to leave. */
const RESERVE_MS = 500;

/** @throws TwinvecError */
export async function invoke(
  event: APIGatewayProxyEventV2,
  request: ClientRequest,
  environment: RouterEnvironment,
  remainingMs: number,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { headers, requestId } = request;
  const body = readBody(event);
  refuseHeaders(headers);
  refuseBody(body, headers.get('content-type'), environment);
  const budgetMs = Math.min(environment.DEADLINE_MS, remainingMs - RESERVE_MS);
  const invocation = {
    endpointName: environment.ENDPOINT_NAME,
    body,
    contentType: headers.get('content-type') ?? 'application/json',
    accept: headers.get('accept'),
    customAttributes: headers.get('x-amzn-sagemaker-custom-attributes'),
    inferenceId: requestId,
  };
  return answerWith(await invokeModel(runtimeClient(), invocation, budgetMs), requestId);
}

/** @throws TwinvecError for what SageMaker Runtime would not carry. */
function refuseHeaders(headers: ReadonlyMap<string, string>): void {
  const encoding = headers.get('content-encoding');
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new TwinvecError('UnsupportedMediaType', 'Content-Encoding is not supported. Send the body as it is.');
  }
  for (const name of ['content-type', 'accept', 'x-amzn-sagemaker-custom-attributes']) {
    if ((headers.get(name)?.length ?? 0) <= LIMITS.headerValue.value) continue;
    throw new TwinvecError('ValidationFailed', `${name} is longer than ${LIMITS.headerValue.value} characters.`);
  }
}

/** @throws TwinvecError naming the record and the position of the first thing that the container would refuse. */
export function refuseBody(body: Uint8Array, contentType: string | undefined, environment: RouterEnvironment): void {
  const most = LIMITS.realTimeBody.value;
  if (body.length > most) {
    throw new TwinvecError('PayloadTooLarge', `The body has ${body.length} bytes; SageMaker takes at most ${most}.`);
  }
  decodeInferenceRequest(body, parseContentType(contentType), {
    in0: rulesOf(environment.IN0_VOCABULARY_SIZE, environment.IN0_MAX_SEQ_LEN, environment.IN0_TEXT),
    in1: rulesOf(environment.IN1_VOCABULARY_SIZE, environment.IN1_MAX_SEQ_LEN, environment.IN1_TEXT),
    maxRecords: LIMITS.realTimeRecords.value,
    tolerateBadRecords: false,
  });
}

/** The words are with the model: text passes here when the model is said to read it, or nothing is known of the model. */
function rulesOf(
  vocabularySize: number | undefined,
  maxSeqLen: number | undefined,
  readsText = vocabularySize === undefined,
): InputRules {
  return {
    vocabularySize: vocabularySize ?? LIMITS.tokenId.value,
    maxSeqLen: maxSeqLen ?? LIMITS.sequenceLength.value,
    ...(readsText && { text: UNREAD_TEXT }),
  };
}
