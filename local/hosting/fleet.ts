/** The container servers of one endpoint: for each production variant as many as it has instances. */
import type { CreateModelRequest } from '#core/sagemaker/model-request.ts';
import type { HostedInstance } from './hosted-instance.ts';
import type { ModelHost } from './model-host.ts';

export interface VariantPlan {
  readonly name: string;
  readonly model: CreateModelRequest;
  readonly weight: number;
  readonly instanceCount: number;
  readonly startupTimeoutMs: number;
  readonly downloadTimeoutMs: number;
}

export interface HostedVariant {
  readonly name: string;
  readonly model: CreateModelRequest;
  /** Its share of the requests, relative to the other variants' weights. */
  readonly weight: number;
  readonly instances: readonly HostedInstance[];
}

/** In the order of the configuration. */
export type Fleet = readonly HostedVariant[];

export interface FleetOptions {
  readonly host: ModelHost;
  readonly region: string;
  readonly variants: readonly VariantPlan[];
  /** Its servers are taken over where a variant of the same name needs them; it stays as it is. @default none */
  readonly keep?: Fleet;
  /** @param hostname of the container, in a pipeline */
  readonly logFileOf: (variant: string, instance: string, hostname: string | undefined) => string;
  /** Aborting ends the start, and what runs. */
  readonly signal: AbortSignal;
}

/** A server that did not get healthy; `cause` is what its start threw. */
export class VariantFailure extends Error {
  override readonly name = 'VariantFailure';
  readonly variant: string;

  constructor(variant: string, cause: unknown) {
    super(`a server of variant ${variant} did not start`, { cause });
    this.variant = variant;
  }
}

/**
 * Resolves when every server answers /ping.
 *
 * @throws VariantFailure the first one, when everything that this call had started is stopped again
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { keep = [] } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let failure: VariantFailure | undefined;

  async function start(plan: VariantPlan): Promise<HostedInstance | undefined> {
    try {
      return await options.host.startInstance({
        model: plan.model,
        region: options.region,
        environment: {},
        logFileOf: (instance, hostname) => options.logFileOf(plan.name, instance, hostname),
        startupTimeoutMs: plan.startupTimeoutMs,
        downloadTimeoutMs: plan.downloadTimeoutMs,
        signal,
      });
    } catch (error) {
      failure ??= new VariantFailure(plan.name, error);
      failed.abort();
      return undefined;
    }
  }

  const fleet = await Promise.all(
    options.variants.map(async (plan): Promise<HostedVariant> => {
      const kept = keep.find(({ name }) => name === plan.name)?.instances.slice(0, plan.instanceCount) ?? [];
      const missing = Array.from({ length: plan.instanceCount - kept.length }, () => start(plan));
      const started = (await Promise.all(missing)).filter((instance) => instance !== undefined);
      return { name: plan.name, model: plan.model, weight: plan.weight, instances: [...kept, ...started] };
    }),
  );
  if (!failure) return fleet;
  await stopFleet(fleet, keep);
  throw failure;
}

/** SIGTERM to every server that is not one of `except`, and SIGKILL after 30 s. */
export async function stopFleet(fleet: Fleet, except: Fleet = []): Promise<void> {
  const staying = new Set(serversOf(except));
  await Promise.all(serversOf(fleet).map((server) => (staying.has(server) ? undefined : server.stop())));
}

function serversOf(fleet: Fleet): HostedInstance[] {
  return fleet.flatMap(({ instances }) => instances);
}
