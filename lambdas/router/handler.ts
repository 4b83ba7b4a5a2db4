/** The router: an API request in, one call of the endpoint, an HTTP answer out. */
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { nameOf } from '#core/sagemaker/aws-failure.ts';
import { parseEnvironment } from '../commons/environment.ts';
import { logger } from '../commons/logger.ts';
import { publishMetrics } from '../commons/metrics.ts';
import { once } from '../commons/once.ts';
import { traced } from '../commons/tracer.ts';
import { readResult } from './async/read-result.ts';
import { asyncRouteOf, RouterEnvironment } from './environment.ts';
import { health } from './health.ts';
import { invoke, s3Access } from './invocation.ts';
import { modelNamed } from './models.ts';
import { describeApi } from './openapi.ts';
import { allowPage } from './pages.ts';
import { type ApiEvent, type ClientRequest, readRequest } from './request.ts';
import { answerJson, answerResult, refuseWith } from './response.ts';
import { type FoundRoute, findRoute } from './routes.ts';

const environment = once(() => parseEnvironment(RouterEnvironment, process.env));

type Answer = APIGatewayProxyStructuredResultV2;
type Clock = Pick<Context, 'getRemainingTimeInMillis'>;

export async function handler(event: ApiEvent, clock: Clock): Promise<Answer> {
  const request = readRequest(event);
  return allowPage(await reply(event, request, clock), request, pages());
}

/** Without an environment that can be read nothing is answered but that. */
function pages(): readonly string[] | undefined {
  try {
    return environment().CORS_ORIGINS;
  } catch {
    return undefined;
  }
}

async function reply(event: ApiEvent, request: ClientRequest, clock: Clock): Promise<Answer> {
  const { requestId } = request;
  const started = performance.now();
  const seen = () => ({ requestId, milliseconds: Math.round(performance.now() - started) });
  let name = 'unknown';
  try {
    const route = findRoute(request);
    name = route.name;
    const answer = await traced(name, () => follow(route, event, request, clock));
    const fields = { ...seen(), route: name, status: answer.statusCode };
    logger().info('answered', fields);
    publishMetrics({ route: name }, { answered: 1, milliseconds: fields.milliseconds });
    return answer;
  } catch (thrown) {
    const error = asOurFault(toTwinvecError(thrown));
    const { code, status } = error;
    // The message of our own fault names actions and resources; any other may quote a payload.
    const reason = isOurFault(error) ? { reason: error.message } : {};
    const fields = { ...seen(), code, status, cause: nameOf(error.cause), ...reason };
    logger().warn('refused', fields);
    publishMetrics({ route: name }, { [status < 500 ? 'refused' : 'failed']: 1, milliseconds: fields.milliseconds });
    return refuseWith(error, request);
  }
}

async function follow(
  { name, parameter }: FoundRoute,
  event: ApiEvent,
  request: ClientRequest,
  clock: Clock,
): Promise<Answer> {
  const { requestId } = request;
  switch (name) {
    case 'openapi':
      return answerJson(200, describeApi(environment()), requestId);
    case 'health':
      return health(environment(), requestId);
    case 'getInvocation':
      return answerResult(await readInvocation(parameter), parameter, request);
    case 'invoke':
      return invoke(event, request, environment(), clock.getRemainingTimeInMillis());
    case 'invokeModel': {
      const model = modelNamed(environment().MODELS, parameter);
      return invoke(event, request, environment(), clock.getRemainingTimeInMillis(), model);
    }
  }
}

async function readInvocation(id: string) {
  const route = asyncRouteOf(environment());
  if (!route) throw new TwinvecError('NotFound', 'There is no request with this id.');
  return readResult(s3Access(environment()), route.folder, id);
}

/** Codes that blame the caller, when an AWS service that we called said so to us. */
const OURS = new Set(['AccessDenied', 'NotFound', 'Conflict']);

/** A role without a permission, or a bucket that is gone, is this deployment's fault, whoever asks. */
function asOurFault(error: TwinvecError): TwinvecError {
  if (!isOurFault(error)) return error;
  return new TwinvecError(error.code, error.message, { cause: error.cause, status: 500 });
}

function isOurFault({ code, cause }: TwinvecError): boolean {
  return OURS.has(code) && cause !== undefined && nameOf(cause) !== 'ModelError';
}
