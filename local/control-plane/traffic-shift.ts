/**
 * How the requests of an endpoint go over to the servers of an update: in which parts, and how long each part is watched
 * before the next (AWS's deployment guardrails). Pure: what is to be done, not the doing.
 */
import type { CapacitySize, DeploymentConfig } from '#core/sagemaker/endpoint-requests.ts';
import type { Fleet, HostedVariant } from '../hosting/fleet.ts';
import type { Deployment } from './endpoint-record.ts';

export interface ShiftStage {
  /** Of the requests that the new servers get, above 0; 1 in the last stage. */
  readonly share: number;
  /** How long the new servers are watched before the next stage, or before the old ones are stopped. */
  readonly watchMs: number;
}

export interface ShiftPlan {
  readonly stages: readonly ShiftStage[];
  /** Whether new servers are started, and old ones stopped, stage by stage rather than all before and all after. */
  readonly isRolling: boolean;
  /** For all of it; then it is taken back. */
  readonly timeoutMs: number | undefined;
}

const AT_ONCE: ShiftPlan = { stages: [{ share: 1, watchMs: 0 }], isRolling: false, timeoutMs: undefined };

export function planShift(config: DeploymentConfig | undefined, { variants }: Deployment): ShiftPlan {
  const { RollingUpdatePolicy: rolling, BlueGreenUpdatePolicy: blueGreen } = config ?? {};
  const instances = variants.reduce((sum, { instanceCount }) => sum + instanceCount, 0);
  if (rolling) {
    const shares = sharesBy(shareOf(rolling.MaximumBatchSize, instances));
    const stages = shares.map((share) => ({ share, watchMs: 1000 * rolling.WaitIntervalInSeconds }));
    return { stages, isRolling: true, timeoutMs: milliseconds(rolling.MaximumExecutionTimeoutInSeconds) };
  }
  if (!blueGreen) return AT_ONCE;
  const { Type: type, WaitIntervalInSeconds: wait, CanarySize, LinearStepSize } = blueGreen.TrafficRoutingConfiguration;
  const sharesOfType = {
    ALL_AT_ONCE: () => [1],
    CANARY: () => [...new Set([shareOf(CanarySize, instances), 1])],
    LINEAR: () => sharesBy(shareOf(LinearStepSize, instances)),
  };
  const stages = sharesOfType[type]().map((share) => ({
    share,
    watchMs: 1000 * (share < 1 ? wait : (blueGreen.TerminationWaitInSeconds ?? 0)),
  }));
  return { stages, isRolling: false, timeoutMs: milliseconds(blueGreen.MaximumExecutionTimeoutInSeconds) };
}

/** The part of a deployment that is started for a share of its requests: every variant has an instance. */
export function partOf(deployment: Deployment, share: number): Deployment {
  const variants = deployment.variants.map((variant) => ({
    ...variant,
    instanceCount: Math.ceil(share * variant.instanceCount),
  }));
  return { ...deployment, variants };
}

/** What stays of a fleet while it answers this share of the requests. */
export function trimmed(fleet: Fleet, deployment: Deployment, share: number): Fleet {
  return fleet.map((variant) => {
    const planned = deployment.variants.find(({ name }) => name === variant.name)?.instanceCount ?? 0;
    return { ...variant, instances: variant.instances.slice(0, Math.ceil(share * planned)) };
  });
}

/** Both fleets as one, in which the new one gets its share of the requests, however the weights within each are. */
export function mixed(old: Fleet, next: Fleet, share: number): Fleet {
  return [...weighted(old, 1 - share), ...weighted(next, share)];
}

function weighted(fleet: Fleet, share: number): readonly HostedVariant[] {
  const staffed = fleet.filter(({ instances }) => instances.length > 0);
  const total = staffed.reduce((sum, { weight }) => sum + weight, 0);
  return staffed.map((variant) => ({
    ...variant,
    weight: share * (total === 0 ? 1 / staffed.length : variant.weight / total),
  }));
}

function shareOf(size: CapacitySize | undefined, instances: number): number {
  if (!size) return 1;
  return Math.min(1, size.Type === 'CAPACITY_PERCENT' ? size.Value / 100 : size.Value / Math.max(1, instances));
}

function sharesBy(step: number): readonly number[] {
  // Ten steps of 0.1 are a little less than 1.
  const count = Math.ceil(1 / step - 1e-9);
  return Array.from({ length: count }, (_, at) => Math.min(1, step * (at + 1))).with(-1, 1);
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : 1000 * seconds;
}
