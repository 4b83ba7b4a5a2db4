/** How many servers all endpoints of the local service may have together. */
import type { Deployment, EndpointRecord } from './endpoint-record.ts';
import { checkInstances } from './instance-capacity.ts';

/** @throws AwsError ResourceLimitExceeded when `wanted` on top of `endpoints` is too much. */
export function checkCapacity(endpoints: readonly EndpointRecord[], wanted: Deployment): void {
  const used = endpoints.reduce((sum, { deployment }) => sum + instancesOf(deployment), 0);
  const delta = instancesOf(wanted);
  checkInstances({ usage: 'endpoint', used, delta, advice: 'delete endpoints or ask for fewer' });
}

function instancesOf({ variants }: Deployment): number {
  return variants.reduce((sum, { instanceCount }) => sum + instanceCount, 0);
}
