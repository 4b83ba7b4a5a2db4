/** How many servers all endpoints of the local service may have together, refused as AWS refuses what is over a quota. */
import { LIMITS } from '#core/limits.ts';
import { AwsError } from './aws-error.ts';
import type { Deployment, EndpointRecord } from './endpoint-record.ts';

/** @throws AwsError ResourceLimitExceeded when `wanted` on top of `endpoints` is too much. */
export function checkCapacity(endpoints: readonly EndpointRecord[], wanted: Deployment): void {
  const limit = LIMITS.localInstances.value;
  const used = endpoints.reduce((sum, { deployment }) => sum + instancesOf(deployment), 0);
  const delta = instancesOf(wanted);
  if (used + delta <= limit) return;
  const message = `The account-level service limit 'instances for endpoint usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of ${delta} Instances. Every instance is a process on this machine: delete endpoints or ask for fewer.`;
  throw new AwsError('ResourceLimitExceeded', message);
}

function instancesOf({ variants }: Deployment): number {
  return variants.reduce((sum, { instanceCount }) => sum + instanceCount, 0);
}
