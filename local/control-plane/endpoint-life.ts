/**
 * The states that an endpoint goes through, and the servers behind them:
 *
 *     Creating -> InService | Failed
 *     Updating -> InService, or RollingBack -> InService | UpdateRollbackFailed
 *     SystemUpdating -> InService | Failed, when the local service itself was started again
 *
 * While an update runs, the servers of before answer; they are stopped when the new ones have taken over.
 */
import { toTwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { EndpointStatus } from '#core/sagemaker/endpoint-requests.ts';
import { type Fleet, startFleet, stopFleet, VariantFailure } from '../hosting/fleet.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import { keyOf, type ResourceKey } from '../state/resource.ts';
import type { ResourceStore } from '../state/resource-store.ts';
import { causeOf } from './aws-error.ts';
import type { Deployment, EndpointRecord } from './endpoint-record.ts';

export interface EndpointLife {
  /** What answers now; nothing while there is no server. */
  fleetOf(key: ResourceKey): Fleet;
  /** Does what the status of a record says is being done, from wherever it stands. */
  proceed(record: EndpointRecord): void;
  /** Stops every server; the records stay as they are. */
  close(): Promise<void>;
}

export interface EndpointLifeOptions {
  readonly store: ResourceStore<EndpointRecord>;
  readonly host: ModelHost;
  readonly log: (line: string) => void;
  /** @param hostname of the container, in a pipeline */
  readonly logFileOf: (endpoint: string, variant: string, instance: string, hostname: string | undefined) => string;
}

/** What an endpoint has running, and what it is doing. */
interface Live {
  fleet: Fleet;
  readonly stop: AbortController;
  work: Promise<void>;
}

/** What happened to an endpoint, besides its new status. */
type Change = Partial<Pick<EndpointRecord, 'deployment' | 'update' | 'failureReason'>>;

export function createEndpointLife({ store, host, log, logFileOf }: EndpointLifeOptions): EndpointLife {
  const lives = new Map<string, Live>();

  function become(key: ResourceKey, status: EndpointStatus, change: Change = {}): void {
    store.note(key, { ...change, status, modifiedAt: new Date() });
  }

  function liveOf(key: ResourceKey): Live {
    const known = lives.get(keyOf(key));
    if (known) return known;
    const made: Live = { fleet: [], stop: new AbortController(), work: Promise.resolve() };
    lives.set(keyOf(key), made);
    return made;
  }

  function startServers({ name, region }: EndpointRecord, live: Live, wanted: Deployment, keep: Fleet): Promise<Fleet> {
    return startFleet({
      host,
      region,
      variants: wanted.variants,
      keep,
      logFileOf: (...server) => logFileOf(name, ...server),
      signal: live.stop.signal,
    });
  }

  async function start(record: EndpointRecord, live: Live, ifNot: EndpointStatus, change: Change = {}): Promise<void> {
    try {
      live.fleet = await startServers(record, live, record.deployment, []);
      become(record, 'InService', change);
    } catch (error) {
      if (!live.stop.signal.aborted) become(record, ifNot, { failureReason: failureReason(error) });
    }
  }

  async function update(record: EndpointRecord, live: Live): Promise<void> {
    const { update: wanted } = record;
    if (!wanted) return start(record, live, 'Failed');
    const before = live.fleet;
    try {
      const fleet = await startServers(record, live, wanted.deployment, wanted.keepServers ? before : []);
      live.fleet = fleet;
      await stopFleet(before, fleet);
      become(record, 'InService', { deployment: wanted.deployment, update: undefined, failureReason: undefined });
    } catch (error) {
      if (live.stop.signal.aborted) return;
      const reason = { update: undefined, failureReason: failureReason(error) };
      become(record, 'RollingBack', reason);
      await rollBack(record, live, reason);
    }
  }

  /** The servers of before still run, unless the local service was started again in the middle of the update. */
  async function rollBack(record: EndpointRecord, live: Live, reason: Change): Promise<void> {
    if (live.fleet.length > 0) become(record, 'InService', reason);
    else await start(record, live, 'UpdateRollbackFailed', reason);
  }

  async function end(key: ResourceKey): Promise<void> {
    const live = liveOf(key);
    live.stop.abort();
    await live.work;
    await stopFleet(live.fleet);
    lives.delete(keyOf(key));
  }

  async function remove(record: EndpointRecord): Promise<void> {
    try {
      await end(record);
      store.remove(record);
    } catch (error) {
      log(`endpoint ${record.name} could not be deleted: ${causeOf(error)}`);
    }
  }

  async function work(record: EndpointRecord, live: Live): Promise<void> {
    switch (record.status) {
      case 'Creating':
      case 'SystemUpdating':
        return start(record, live, 'Failed');
      case 'Updating':
        return update(record, live);
      case 'RollingBack':
        return rollBack(record, live, { failureReason: record.failureReason });
      default:
        return undefined;
    }
  }

  return {
    fleetOf: (key) => lives.get(keyOf(key))?.fleet ?? [],
    proceed(record) {
      if (record.status === 'Deleting') void remove(record);
      else {
        const live = liveOf(record);
        live.work = work(record, live);
      }
    },
    async close() {
      await Promise.all(store.all().map(end));
    },
  };
}

/** SageMaker's own sentence (spec sagemaker 1.4), and then the cause, which SageMaker leaves to the log. */
function failureReason(thrown: unknown): string {
  const error = thrown instanceof VariantFailure ? thrown.cause : thrown;
  const isPing = thrown instanceof VariantFailure && toTwinvecError(error).code === 'NotReady';
  const sentence = isPing
    ? `The primary container for production variant ${thrown.variant} did not pass the ping health check. Cause: `
    : '';
  return `${sentence}${causeOf(error)}`.slice(0, LIMITS.failureFile.value);
}
