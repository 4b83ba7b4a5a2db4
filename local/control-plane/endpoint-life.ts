/**
 * The states that an endpoint goes through and the servers behind them: Creating -> InService | Failed -> Deleting, and
 * SystemUpdating -> InService | Failed when the local service itself was started again.
 */
import { toTwinvecError } from '#core/errors.ts';
import type { EndpointStatus } from '#core/sagemaker/hosting-requests.ts';
import { type Fleet, type HostedVariant, startFleet, VariantFailure } from '../hosting/fleet.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import { keyOf, type ResourceKey } from '../state/resource.ts';
import type { ResourceStore } from '../state/resource-store.ts';
import { causeOf } from './aws-error.ts';
import type { Deployment, EndpointRecord } from './endpoint-record.ts';

export interface EndpointLife {
  /** What answers now; nothing while there is no server. */
  variantsOf(key: ResourceKey): readonly HostedVariant[];
  /** Starts the servers of a record whose status says that they are being started. */
  start(record: EndpointRecord): void;
  /** Takes a record in status Deleting out of service, and then away. */
  delete(record: EndpointRecord): void;
  /** Stops every server; the records stay as they are. */
  close(): Promise<void>;
}

export interface EndpointLifeOptions {
  readonly store: ResourceStore<EndpointRecord>;
  readonly host: ModelHost;
  readonly logFileOf: (endpoint: string, variant: string, instance: number) => string;
}

/** What an endpoint is doing, and what it has running. */
interface Live {
  fleet?: Fleet;
  readonly stop: AbortController;
  work: Promise<void>;
}

export function createEndpointLife({ store, host, logFileOf }: EndpointLifeOptions): EndpointLife {
  const lives = new Map<string, Live>();

  function setStatus(key: ResourceKey, status: EndpointStatus, failureReason?: string): void {
    if (store.find(key)?.status === 'Deleting') return;
    store.note(key, { status, failureReason, modifiedAt: new Date() });
  }

  function startServers(record: EndpointRecord, { variants }: Deployment, signal: AbortSignal): Promise<Fleet> {
    const { name, region } = record;
    return startFleet({ host, region, variants, signal, logFileOf: (...server) => logFileOf(name, ...server) });
  }

  async function toInService(record: EndpointRecord, live: Live): Promise<void> {
    try {
      live.fleet = await startServers(record, record.deployment, live.stop.signal);
      setStatus(record, 'InService');
    } catch (error) {
      if (!live.stop.signal.aborted) setStatus(record, 'Failed', failureReason(error));
    }
  }

  async function end(key: ResourceKey): Promise<void> {
    const live = lives.get(keyOf(key));
    live?.stop.abort();
    await live?.work;
    await live?.fleet?.stop();
    lives.delete(keyOf(key));
  }

  return {
    variantsOf: (key) => lives.get(keyOf(key))?.fleet?.variants ?? [],
    start(record) {
      const live: Live = { stop: new AbortController(), work: Promise.resolve() };
      lives.set(keyOf(record), live);
      live.work = toInService(record, live);
    },
    delete(record) {
      void end(record).then(() => store.remove(record));
    },
    async close() {
      await Promise.all(store.all().map(end));
    },
  };
}

/** SageMaker's own sentence (spec sagemaker 1.4), and then the cause, which SageMaker leaves to the log. */
function failureReason(thrown: unknown): string {
  const error = thrown instanceof VariantFailure ? thrown.cause : thrown;
  if (!(thrown instanceof VariantFailure) || toTwinvecError(error).code !== 'NotReady') return causeOf(error);
  const { variant } = thrown;
  return `The primary container for production variant ${variant} did not pass the ping health check. Cause: ${causeOf(error)}`;
}
