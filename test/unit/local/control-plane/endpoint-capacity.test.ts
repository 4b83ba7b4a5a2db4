/** How many servers all endpoints may have together. */
import { expect, it } from 'vitest';
import { checkCapacity } from '../../../../local/control-plane/endpoint-capacity.ts';
import type { Deployment, EndpointRecord } from '../../../../local/control-plane/endpoint-record.ts';
import { newResource } from '../../../../local/control-plane/new-resource.ts';

/** @param counts instances of each variant */
function deploymentOf(...counts: number[]): Deployment {
  const variants = counts.map((instanceCount, at) => ({
    name: `v${at}`,
    model: { ModelName: 'm' },
    weight: 1,
    instanceCount,
    startupTimeoutMs: 1000,
    downloadTimeoutMs: 1000,
  }));
  return { config: { EndpointConfigName: 'c', ProductionVariants: [] }, variants };
}

function endpointOf(name: string, ...counts: number[]): EndpointRecord {
  return {
    ...newResource('endpoint', 'eu-west-1', name, undefined),
    status: 'InService',
    deployment: deploymentOf(...counts),
  };
}

it('takes what fills the machine, over all endpoints and variants', () => {
  expect(() => checkCapacity([endpointOf('a', 4, 5), endpointOf('b', 1)], deploymentOf(7, 3))).not.toThrow();
});

it('refuses one instance more as AWS refuses what is over a quota, with what is used and what was asked for', () => {
  expect(() => checkCapacity([endpointOf('a', 4, 5), endpointOf('b', 1)], deploymentOf(7, 4))).toThrow(
    expect.objectContaining({
      type: 'ResourceLimitExceeded',
      status: 400,
      message: expect.stringContaining(
        "'instances for endpoint usage' is 20 Instances, with current utilization of 10 Instances and a request delta of 11 Instances.",
      ),
    }),
  );
});
