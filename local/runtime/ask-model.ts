/**
 * A request's way through the containers of an instance: one container, all of a serial pipeline, the one that a direct
 * caller names, or one model of many.
 */
import type http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { AwsError } from '../control-plane/aws-error.ts';
import {
  type ContainerAnswer,
  NoAnswerError,
  type OpenAnswer,
  openContainer,
  requestContainer,
} from '../hosting/container-request.ts';
import type { HostedContainer, HostedInstance } from '../hosting/hosted-instance.ts';
import { ModelRefusal } from '../hosting/loaded-models.ts';
import { type PipelineRequest, toLastContainer } from '../hosting/pipeline.ts';
import type { RequestBody } from '../hosting/send-body.ts';
import { containerHeaders, type ModelRequest, validationError } from './invocation.ts';
import { ModelFailure } from './model-error.ts';

export interface ModelCall {
  readonly instance: HostedInstance;
  readonly request: ModelRequest;
  readonly body: RequestBody;
  /** Of a body that is a stream. */
  readonly bodyBytes?: number;
  /** For each container of a pipeline. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly agent: http.Agent;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** The last container's answer, before its body. */
export interface OpenModelAnswer extends OpenAnswer {
  /** Its name in messages. */
  readonly hostname: string;
}

const NOT_LOADED = 404;
const OUT_OF_MEMORY = 507;
/** Time for a process that broke a connection off to be seen to have ended: then the log's last problem is the cause. */
const END_IS_SEEN_MS = 100;

/**
 * @throws ModelFailure for everything but a good answer that fits, AwsError for a request that fits no container
 */
export async function askModel(call: ModelCall): Promise<ContainerAnswer> {
  return throughContainers(call, (step) => exchange(step, call.signal));
}

/**
 * The answer of the last container as it comes. The error of its body is a {@link NoAnswerError}.
 *
 * @throws as {@link askModel}
 */
export async function openModel(call: ModelCall): Promise<OpenModelAnswer> {
  return throughContainers(call, async (step) => {
    const answer = await openContainer(urlOf(step), step, call.signal).catch((error) => fail(step, error));
    if (answer.status < 400) return { ...answer, hostname: step.container.hostname };
    const parts = await Array.fromAsync(answer.parts).catch((error) => fail(step, error));
    throw ModelFailure.answered(step.container.hostname, answer.status, Buffer.concat(parts));
  });
}

/** One request to one container. */
interface Step {
  readonly container: HostedContainer;
  readonly path: string;
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly agent: http.Agent;
}

async function throughContainers<T>(call: ModelCall, ask: (last: Step) => Promise<T>): Promise<T> {
  const route = containersFor(call);
  const length: Record<string, string> =
    call.body instanceof Uint8Array || call.bodyBytes === undefined ? {} : { 'content-length': String(call.bodyBytes) };
  const request = { headers: { ...containerHeaders(call.request), ...length }, body: call.body };
  const forLast = await toLastContainer(route, request, async (container, sent, next) => {
    const answer = await exchange(stepTo(container, call, sent), call.signal);
    if (answer.body.length <= LIMITS.pipelineHopBody.value) return answer;
    throw ModelFailure.hopTooLarge(container.hostname, next.hostname, answer.body.length);
  });
  const last = route.at(-1)!;
  const step = stepTo(last, call, forLast);
  return last.models ? withModel(last, call.request.targetModel, step, ask) : ask(step);
}

function stepTo(
  container: HostedContainer,
  { timeoutMs, maxAnswerBytes, agent }: ModelCall,
  { headers, body }: PipelineRequest,
): Step {
  return { container, path: '/invocations', method: 'POST', headers, body, timeoutMs, maxAnswerBytes, agent };
}

/** @throws AwsError ValidationError when the request does not say what it must, or says what it must not. */
function containersFor({ instance, request }: ModelCall): readonly HostedContainer[] {
  const { containers, direct } = instance;
  const { targetContainerHostname: wanted, targetModel } = request;
  const multiModel = containers.at(-1)?.models !== undefined;
  if (multiModel && targetModel === undefined) {
    throw validationError('TargetModel is required: the endpoint has a multi-model container.');
  }
  if (!multiModel && targetModel !== undefined) {
    throw validationError('TargetModel can be given only for an endpoint with a multi-model container.');
  }
  if (!direct) {
    if (wanted === undefined) return containers;
    throw validationError('TargetContainerHostname can be given only when InferenceExecutionConfig.Mode is Direct.');
  }
  if (wanted === undefined) {
    throw validationError('TargetContainerHostname is required when InferenceExecutionConfig.Mode is Direct.');
  }
  const found = containers.find(({ hostname }) => hostname === wanted);
  if (found) return [found];
  const names = containers.map(({ hostname }) => hostname).join(', ');
  throw validationError(`There is no container with the hostname ${wanted}. The endpoint has: ${names}.`);
}

/** Loads the model when it is not loaded, and makes room when the container says that its memory is used up. */
async function withModel<T>(
  { hostname, models }: HostedContainer,
  targetModel = '',
  step: Step,
  ask: (step: Step) => Promise<T>,
): Promise<T> {
  const attempt = (): Promise<T> => models!.use(targetModel, (path) => ask({ ...step, path }));
  try {
    return await attempt().catch(async (error: unknown) => {
      const status = error instanceof ModelFailure ? error.status : undefined;
      const again =
        status === NOT_LOADED
          ? isNotLoaded(error as ModelFailure)
          : status === OUT_OF_MEMORY && (await models!.unloadOne());
      if (!again || !(step.body instanceof Uint8Array)) throw error;
      return attempt();
    });
  } catch (error) {
    if (error instanceof ModelRefusal) throw ModelFailure.answered(hostname, error.answer.status, error.answer.body);
    if (!(error instanceof TwinvecError)) throw error;
    throw validationError(`Failed to download model data for TargetModel ${targetModel}: ${error.message}`);
  }
}

/** A container that was started again between the look and the request has lost its models. */
function isNotLoaded({ said }: ModelFailure): boolean {
  return said.includes('is not loaded');
}

async function exchange(step: Step, signal: AbortSignal): Promise<ContainerAnswer> {
  const answer = await requestContainer(urlOf(step), step, signal).catch((error) => fail(step, error));
  if (answer.status < 400) return answer;
  throw ModelFailure.answered(step.container.hostname, answer.status, answer.body);
}

/** @throws AwsError ServiceUnavailable while the container is being started again. */
function urlOf({ container, path }: Step): string {
  const { url } = container.server;
  if (url !== undefined) return `${url}${path}`;
  throw serviceUnavailable(container.server.describeEnd());
}

async function fail({ container }: Step, error: unknown): Promise<never> {
  if (!(error instanceof NoAnswerError)) throw error;
  throw await silence(container.hostname, error, () => container.server.describeEnd());
}

/** Why an answer did not come, or broke off. */
export async function silence(
  hostname: string,
  error: NoAnswerError,
  describeEnd: () => string | undefined,
): Promise<ModelFailure> {
  if (error.timedOut) return ModelFailure.timedOut(hostname);
  if (error.tooLongStatus !== undefined) return ModelFailure.tooLong(hostname, error.tooLongStatus, error.message);
  await wait(END_IS_SEEN_MS);
  return ModelFailure.silent(hostname, describeEnd() ?? error.message);
}

export function serviceUnavailable(cause: string | undefined): AwsError {
  const why = cause === undefined ? 'it has no instance' : cause;
  return new AwsError('ServiceUnavailable', `The endpoint cannot answer now: ${why}. Try again.`, 503);
}
