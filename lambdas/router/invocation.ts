/**
 * `POST /invocations` and `/models/{model}/invocations`: check the request, then ask the endpoint now, or, where that
 * cannot be, have it asked later and say where the answer will be.
 */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { runtimeClient, s3Client } from '../commons/clients.ts';
import { readBytes, type S3Access } from '../commons/s3-objects.ts';
import { invokeAsync } from './async/invoke-async.ts';
import { findUpload, INPUT_HEADER } from './async/own-upload.ts';
import { checkBody } from './check-body.ts';
import { type AsyncRoute, asyncRouteOf, type RouterEnvironment } from './environment.ts';
import { invokeModel } from './invoke.ts';
import type { NamedModel } from './models.ts';
import { readPreference } from './prefer.ts';
import { type ApiEvent, type ClientRequest, readBody } from './request.ts';
import { answerAccepted, answerWith } from './response.ts';

/** Kept free at the end of the function's own time, for the answer to leave. */
const RESERVE_MS = 500;

type Answer = APIGatewayProxyStructuredResultV2;

/** What every way of asking needs. */
interface Asked {
  readonly request: ClientRequest;
  readonly environment: RouterEnvironment;
  readonly model: NamedModel | undefined;
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
}

/**
 * @param model One of several; absent = the deployment's own
 * @throws TwinvecError
 */
export async function invoke(
  event: ApiEvent,
  request: ClientRequest,
  environment: RouterEnvironment,
  remainingMs: number,
  model?: NamedModel,
): Promise<Answer> {
  const { headers } = request;
  refuseHeaders(headers);
  const asked: Asked = {
    request,
    environment,
    model,
    contentType: headers.get('content-type') ?? 'application/json',
    accept: headers.get('accept'),
    customAttributes: headers.get('x-amzn-sagemaker-custom-attributes'),
  };
  const body = readBody(event);
  const upload = headers.get(INPUT_HEADER);
  if (upload !== undefined) return invokeWithUpload(asked, upload, body);
  const route = model ? undefined : asyncRouteOf(environment);
  refuseSize(body, route);
  checkBody(body, headers.get('content-type'), environment, model);
  const { respondAsync, waitMs } = readPreference(headers.get('prefer'));
  if (route && (environment.ENDPOINT_MODE === 'async' || respondAsync || body.length > LIMITS.realTimeBody.value)) {
    return accept(asked, route, body);
  }
  const budgetMs = Math.min(environment.DEADLINE_MS, remainingMs - RESERVE_MS, waitMs ?? Number.POSITIVE_INFINITY);
  try {
    return await askNow(asked, body, budgetMs, waitMs !== undefined);
  } catch (thrown) {
    // No instances at the moment: a queue does not mind.
    if (route && thrown instanceof TwinvecError && thrown.code === 'NotReady') return accept(asked, route, body);
    throw thrown;
  }
}

async function askNow(asked: Asked, body: Uint8Array, budgetMs: number, waits: boolean): Promise<Answer> {
  const { contentType, accept, customAttributes, environment, model } = asked;
  const { requestId } = asked.request;
  // A component-hosted endpoint has no model of its own: then the one called "default" is meant.
  const target = model ?? environment.MODELS?.default;
  const invocation = {
    endpointName: environment.ENDPOINT_NAME,
    body,
    contentType,
    accept,
    customAttributes,
    inferenceId: requestId,
    targetModel: target?.targetModel,
    inferenceComponent: target?.inferenceComponent,
    waits,
  };
  return answerWith(await invokeModel(runtimeClient(), invocation, budgetMs), requestId);
}

async function accept(
  asked: Asked,
  route: AsyncRoute,
  input: Parameters<typeof invokeAsync>[2]['input'],
): Promise<Answer> {
  const { requestId } = asked.request;
  const { contentType, accept: type, customAttributes } = asked;
  const clients = { runtime: runtimeClient(), s3: s3Access(asked.environment) };
  const id = await invokeAsync(clients, route, { requestId, input, contentType, accept: type, customAttributes });
  return answerAccepted(id, asked.request);
}

/** @throws TwinvecError ValidationFailed where nothing is asynchronous or a body came as well */
async function invokeWithUpload(asked: Asked, address: string, body: Uint8Array): Promise<Answer> {
  const route = asked.model ? undefined : asyncRouteOf(asked.environment);
  if (!route)
    throw new TwinvecError('ValidationFailed', `${INPUT_HEADER} needs an asynchronous endpoint; none is here.`);
  if (body.length > 0) throw new TwinvecError('ValidationFailed', `Send a body or ${INPUT_HEADER}, not both.`);
  const s3 = s3Access(asked.environment);
  const upload = await findUpload(s3, route.folder, address);
  // Larger ones are not worth their time here: the container says the same, only later.
  if (upload.bytes <= LIMITS.realTimeBody.value) {
    checkBody(await readBytes(s3, upload), asked.request.headers.get('content-type'), asked.environment);
  }
  return accept(asked, route, upload);
}

export function s3Access(environment: RouterEnvironment): S3Access {
  return { client: s3Client(), owner: environment.BUCKET_OWNER };
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

function refuseSize(body: Uint8Array, route: AsyncRoute | undefined): void {
  const most = (route ? LIMITS.asyncInput : LIMITS.realTimeBody).value;
  if (body.length <= most) return;
  throw new TwinvecError('PayloadTooLarge', `The body has ${body.length} bytes; SageMaker takes at most ${most}.`);
}
