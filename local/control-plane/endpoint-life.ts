/**
 * The states that an endpoint goes through, and the servers behind them:
 *
 *     Creating -> InService | Failed
 *     Updating -> InService, or RollingBack -> InService | UpdateRollbackFailed
 *     SystemUpdating -> InService | Failed, when the local service itself was started again
 *
 * While an update runs, the servers of before answer, and then both as the deployment's plan says; they are stopped when
 * the new ones have taken over.
 */
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { EndpointStatus } from '#core/sagemaker/endpoint-requests.ts';
import { type Fleet, startFleet, stopFleet, VariantFailure } from '../hosting/fleet.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import { keyOf, type ResourceKey } from '../state/resource.ts';
import type { ResourceStore } from '../state/resource-store.ts';
import { causeOf } from './aws-error.ts';
import type { DeploymentClock } from './deployment-clock.ts';
import type { Deployment, EndpointRecord } from './endpoint-record.ts';
import { mixed, partOf, planShift, trimmed } from './traffic-shift.ts';

export interface EndpointServers {
  /** Nothing while there is no server. */
  readonly fleet: Fleet;
  /** Those of an update, once they answer too. */
  readonly next: NextServers | undefined;
}

/** The servers that an update puts in the place of others, step by step. */
export interface NextServers {
  readonly fleet: Fleet;
  /** Of the requests. */
  readonly share: number;
  /** When it got that share. */
  readonly since: Date;
}

export interface EndpointLife {
  /** What answers now, in the weights with which it does. */
  fleetOf(key: ResourceKey): Fleet;
  stateOf(key: ResourceKey): EndpointServers;
  /** Does what the status of a record says is being done, from wherever it stands. */
  proceed(record: EndpointRecord): void;
  /** Stops every server; the records stay as they are. */
  close(): Promise<void>;
}

export interface EndpointLifeOptions {
  readonly store: ResourceStore<EndpointRecord>;
  readonly host: ModelHost;
  readonly log: (line: string) => void;
  readonly clock: DeploymentClock;
  /** @param hostname of the container, in a pipeline */
  readonly logFileOf: (endpoint: string, variant: string, instance: string, hostname: string | undefined) => string;
}

/** What an endpoint has running, and what it is doing. */
interface Live {
  fleet: Fleet;
  next: NextServers | undefined;
  readonly stop: AbortController;
  work: Promise<void>;
}

/** What happened to an endpoint, besides its new status. */
type Change = Partial<Pick<EndpointRecord, 'deployment' | 'update' | 'failureReason'>>;

export function createEndpointLife({ store, host, log, clock, logFileOf }: EndpointLifeOptions): EndpointLife {
  const lives = new Map<string, Live>();

  function become(key: ResourceKey, status: EndpointStatus, change: Change = {}): void {
    store.note(key, { ...change, status, modifiedAt: new Date() });
    // Where an update was taken back, the line before says why.
    const reason = status === 'InService' || change.failureReason === undefined ? '' : `: ${change.failureReason}`;
    log(`endpoint ${key.name} is ${status}${reason}`);
  }

  function liveOf(key: ResourceKey): Live {
    const known = lives.get(keyOf(key));
    if (known) return known;
    const made: Live = { fleet: [], next: undefined, stop: new AbortController(), work: Promise.resolve() };
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
      live.fleet = await startServers(record, live, record.deployment, live.fleet);
      become(record, 'InService', change);
    } catch (error) {
      if (!live.stop.signal.aborted) become(record, ifNot, { failureReason: failureReason(error) });
    }
  }

  async function update(record: EndpointRecord, live: Live): Promise<void> {
    const { update: wanted } = record;
    if (!wanted) return start(record, live, 'Failed');
    try {
      const fleet = wanted.keepServers
        ? await startServers(record, live, wanted.deployment, live.fleet)
        : await replaceServers(record, live, wanted.deployment);
      const before = live.fleet;
      live.fleet = fleet;
      live.next = undefined;
      await stopFleet(before, fleet);
      become(record, 'InService', { deployment: wanted.deployment, update: undefined, failureReason: undefined });
    } catch (error) {
      const failed = live.next?.fleet ?? [];
      live.next = undefined;
      if (live.stop.signal.aborted) {
        await stopFleet(failed);
        return;
      }
      const reason = { update: undefined, failureReason: failureReason(error) };
      become(record, 'RollingBack', reason);
      await stopFleet(failed);
      await rollBack(record, live, reason);
    }
  }

  /**
   * The new servers, after they got all requests in the steps of the deployment's plan.
   *
   * @throws VariantFailure of one that did not start, or ended while it was watched; TwinvecError when time ran out
   */
  async function replaceServers(record: EndpointRecord, live: Live, wanted: Deployment): Promise<Fleet> {
    const { stages, isRolling, timeoutMs } = planShift(record.deploymentConfig, wanted);
    const startedMs = clock.now();
    let fleet: Fleet = [];
    for (const { share, watchMs } of stages) {
      fleet = await startServers(record, live, isRolling ? partOf(wanted, share) : wanted, fleet);
      live.next = { fleet, share, since: new Date() };
      for (let leftMs = watchMs; ; leftMs -= clock.lookEveryMs) {
        checkHealth(fleet);
        if (timeoutMs !== undefined && clock.now() - startedMs > timeoutMs) throw tookTooLong(timeoutMs);
        if (leftMs <= 0) break;
        await clock.wait(Math.min(leftMs, clock.lookEveryMs), live.stop.signal);
      }
      if (isRolling && share < 1) await keepShare(record, live, 1 - share);
    }
    return fleet;
  }

  /** Stops the old servers for whose part of the requests new ones are there. */
  async function keepShare(record: EndpointRecord, live: Live, share: number): Promise<void> {
    const before = live.fleet;
    live.fleet = trimmed(before, record.deployment, share);
    await stopFleet(before, live.fleet);
  }

  /** What runs of the servers of before goes on, and what was stopped of them is started again. */
  async function rollBack(record: EndpointRecord, live: Live, reason: Change): Promise<void> {
    await start(record, live, 'UpdateRollbackFailed', reason);
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
    fleetOf(key) {
      const { fleet = [], next } = lives.get(keyOf(key)) ?? {};
      return next ? mixed(fleet, next.fleet, next.share) : fleet;
    },
    stateOf(key) {
      const { fleet = [], next } = lives.get(keyOf(key)) ?? {};
      return { fleet, next };
    },
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

/** @throws VariantFailure */
function checkHealth(fleet: Fleet): void {
  for (const { name, instances } of fleet) {
    for (const instance of instances) {
      const end = instance.describeEnd();
      if (end !== undefined) throw new VariantFailure(name, new TwinvecError('NotReady', end));
    }
  }
}

function tookTooLong(timeoutMs: number): TwinvecError {
  const limit = `MaximumExecutionTimeoutInSeconds (${timeoutMs / 1000} s)`;
  return new TwinvecError('DeadlineExceeded', `The deployment took longer than its ${limit} and was taken back.`);
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
