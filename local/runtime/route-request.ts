/** From the name of an endpoint to the instance that answers this request, or the refusal of the service. */
import type http from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { RandomDraws } from '#core/random/random-draws.ts';
import { LOCAL_ACCOUNT } from '../control-plane/caller.ts';
import type { Endpoint, Endpoints } from '../control-plane/endpoints.ts';
import type { HostedVariant } from '../hosting/fleet.ts';
import type { HostedInstance } from '../hosting/hosted-instance.ts';
import { serviceUnavailable } from './ask-model.ts';
import { chooseByWeight, chooseInstance, Outstanding } from './choose-instance.ts';
import { type ModelRequest, validationError } from './invocation.ts';
import { ModelFailure, modelError } from './model-error.ts';

export type CallMode = 'real-time' | 'async';

export interface Route {
  readonly endpoint: Endpoint;
  readonly variantName: string;
  readonly instance: HostedInstance;
  /** Runs a call; its ModelFailure becomes the ModelError of this endpoint. */
  try<T>(call: () => Promise<T>): Promise<T>;
  /** Keeps the session that an answer opens with its instance, and forgets one that it closes. */
  remember(answer: IncomingHttpHeaders): void;
  /** The request is over. */
  end(): void;
}

export interface Router {
  /** Keeps connections to containers open. */
  readonly agent: http.Agent;
  /**
   * The endpoint, when it answers calls of this mode.
   *
   * @throws AwsError ValidationError in the service's words
   */
  find(name: string, region: string, mode: CallMode): Endpoint;
  /** @throws AwsError ValidationError, or ServiceUnavailable when no instance answers now */
  route(name: string, region: string, request: ModelRequest, mode: CallMode): Route;
}

export interface RouterOptions {
  readonly endpoints: Endpoints;
  readonly agent: http.Agent;
  readonly random: RandomDraws;
}

/** Sessions that are kept with their instance; the oldest is forgotten first. */
const MOST_SESSIONS = 10_000;
const SESSION_ID = /^([^;]+)/;

export function createRouter({ endpoints, agent, random }: RouterOptions): Router {
  const outstanding = new Outstanding();
  const sessions = new Map<string, HostedInstance>();

  function find(name: string, region: string, mode: CallMode): Endpoint {
    const endpoint = endpoints.find(name, region);
    if (!endpoint || endpoint.variants.length === 0) {
      throw validationError(`Endpoint ${name} of account ${LOCAL_ACCOUNT} not found.`);
    }
    const isAsync = endpoint.deployment.config.AsyncInferenceConfig !== undefined;
    if (isAsync && mode !== 'async') {
      throw validationError(`Endpoint ${name} is for asynchronous inference. Call InvokeEndpointAsync.`);
    }
    if (!isAsync && mode === 'async') {
      throw validationError(`Endpoint ${name} has no AsyncInferenceConfig. Call InvokeEndpoint.`);
    }
    return endpoint;
  }

  function instanceFor(endpoint: Endpoint, { name, instances }: HostedVariant, request: ModelRequest): HostedInstance {
    const kept = request.sessionId === undefined ? undefined : sessions.get(request.sessionId);
    if (kept && instances.includes(kept)) return kept;
    const config = endpoint.deployment.config.ProductionVariants.find((variant) => variant.VariantName === name);
    const strategy = config?.RoutingConfig?.RoutingStrategy ?? 'RANDOM';
    const chosen = chooseInstance(instances, strategy, outstanding, random.fraction());
    if (chosen) return chosen;
    throw serviceUnavailable(instances[0]?.describeEnd());
  }

  return {
    agent,
    find,
    route(name, region, request, mode) {
      const endpoint = find(name, region, mode);
      const variant = variantFor(endpoint, request, random.fraction());
      const instance = instanceFor(endpoint, variant, request);
      return {
        endpoint,
        variantName: variant.name,
        instance,
        async try(call) {
          return call().catch((error: unknown) => {
            throw error instanceof ModelFailure ? modelError(name, region, error) : error;
          });
        },
        remember(answer) {
          const opened = headerId(answer['x-amzn-sagemaker-new-session-id']);
          const closed = headerId(answer['x-amzn-sagemaker-closed-session-id']);
          if (closed !== undefined) sessions.delete(closed);
          if (opened === undefined) return;
          sessions.set(opened, instance);
          if (sessions.size > MOST_SESSIONS) sessions.delete(sessions.keys().next().value!);
        },
        end: outstanding.begin(instance),
      };
    },
  };
}

function variantFor({ name, variants }: Endpoint, { targetVariant }: ModelRequest, draw: number): HostedVariant {
  if (targetVariant !== undefined) {
    const target = variants.find((variant) => variant.name === targetVariant);
    if (target) return target;
    throw validationError(`Variant ${targetVariant} not found for endpoint ${name}.`);
  }
  const staffed = variants.filter(({ instances }) => instances.length > 0);
  const chosen = chooseByWeight(staffed, draw);
  if (chosen) return chosen;
  throw serviceUnavailable(undefined);
}

/** `abc; Expires=...` is the session `abc`. */
function headerId(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? SESSION_ID.exec(value)?.[1] : undefined;
}
