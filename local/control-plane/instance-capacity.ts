/** How many servers the local service may run for one use, refused as AWS refuses what is over an account's quota. */
import { LIMITS } from '#core/limits.ts';
import { AwsError } from './aws-error.ts';

export interface InstanceDemand {
  /** As AWS calls it in the name of the quota. */
  readonly usage: 'endpoint' | 'transform job';
  readonly used: number;
  readonly delta: number;
  /** What somebody can do about it on their own machine. */
  readonly advice: string;
}

/** @throws AwsError ResourceLimitExceeded when `delta` on top of `used` is too much. */
export function checkInstances({ usage, used, delta, advice }: InstanceDemand): void {
  const limit = LIMITS.localInstances.value;
  if (used + delta <= limit) return;
  const message = `The account-level service limit 'instances for ${usage} usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of ${delta} Instances. Every instance is a process on this machine: ${advice}.`;
  throw new AwsError('ResourceLimitExceeded', message);
}
