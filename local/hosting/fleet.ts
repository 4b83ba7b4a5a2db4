/** The container servers of one endpoint: for each production variant as many as it has instances. */
import type { CreateModelRequest } from '#core/sagemaker/hosting-requests.ts';
import type { HostedModel, ModelHost } from './model-host.ts';

export interface VariantPlan {
  readonly name: string;
  readonly model: CreateModelRequest;
  readonly weight: number;
  readonly instanceCount: number;
  readonly startupTimeoutMs: number;
}

export interface HostedVariant {
  readonly name: string;
  readonly model: CreateModelRequest;
  /** Its share of the requests, relative to the other variants' weights. */
  readonly weight: number;
  readonly instances: readonly HostedModel[];
}

export interface Fleet {
  readonly variants: readonly HostedVariant[];
  /** SIGTERM to every server, SIGKILL after 30 s. */
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly host: ModelHost;
  readonly region: string;
  readonly variants: readonly VariantPlan[];
  readonly logFileOf: (variant: string, instance: number) => string;
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
 * @throws VariantFailure the first one, when everything that had started is stopped again
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let failure: VariantFailure | undefined;

  async function start(plan: VariantPlan, instance: number): Promise<HostedModel | undefined> {
    try {
      return await options.host.start({
        model: plan.model,
        region: options.region,
        environment: {},
        logFile: options.logFileOf(plan.name, instance),
        startupTimeoutMs: plan.startupTimeoutMs,
        signal,
      });
    } catch (error) {
      failure ??= new VariantFailure(plan.name, error);
      failed.abort();
      return undefined;
    }
  }

  const variants = await Promise.all(
    options.variants.map(async (plan): Promise<HostedVariant> => {
      const starts = Array.from({ length: plan.instanceCount }, (_, instance) => start(plan, instance));
      const instances = (await Promise.all(starts)).filter((instance) => instance !== undefined);
      return { name: plan.name, model: plan.model, weight: plan.weight, instances };
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(variants.flatMap(({ instances }) => instances.map((instance) => instance.stop())));
  };
  if (!failure) return { variants, stop };
  await stop();
  throw failure;
}
