/** In which steps the requests of an endpoint go over to new servers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CapacitySize, checkDeploymentConfig, type DeploymentConfig } from '#core/sagemaker/endpoint-requests.ts';
import type { Deployment } from '../../../../local/control-plane/endpoint-record.ts';
import { mixed, planShift, trimmed } from '../../../../local/control-plane/traffic-shift.ts';
import type { Fleet } from '../../../../local/hosting/fleet.ts';
import type { HostedInstance } from '../../../../local/hosting/hosted-instance.ts';

const percent = (Value: number): CapacitySize => ({ Type: 'CAPACITY_PERCENT', Value });
const instances = (Value: number): CapacitySize => ({ Type: 'INSTANCE_COUNT', Value });
const MODEL = { ModelName: 'm', PrimaryContainer: { ModelDataUrl: 's3://models/model.tar.gz' } };

function deploymentOf(...counts: readonly number[]): Deployment {
  const variants = counts.map((instanceCount, at) => ({
    name: `v${at}`,
    model: MODEL,
    weight: 1,
    instanceCount,
    startupTimeoutMs: 1,
    downloadTimeoutMs: 1,
  }));
  return { config: { EndpointConfigName: 'c', ProductionVariants: [] }, variants };
}

function fleetOf(...weights: readonly number[]): Fleet {
  const instance = {} as HostedInstance;
  return weights.map((weight, at) => ({ name: `v${at}`, model: MODEL, weight, instances: [instance] }));
}

type Routing = NonNullable<DeploymentConfig['BlueGreenUpdatePolicy']>['TrafficRoutingConfiguration'];
const blueGreen = (routing: Partial<Routing> & Pick<Routing, 'Type'>): DeploymentConfig => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { WaitIntervalInSeconds: 60, ...routing },
    TerminationWaitInSeconds: 5,
  },
});
const rolling = (MaximumBatchSize: CapacitySize): DeploymentConfig => ({
  RollingUpdatePolicy: { MaximumBatchSize, WaitIntervalInSeconds: 30 },
});

describe('a plan', () => {
  it.each<[string, DeploymentConfig | undefined, number, number[], number[]]>([
    ['none', undefined, 2, [1], [0]],
    ['ALL_AT_ONCE', blueGreen({ Type: 'ALL_AT_ONCE' }), 2, [1], [5]],
    ['CANARY by percent', blueGreen({ Type: 'CANARY', CanarySize: percent(20) }), 2, [0.2, 1], [60, 5]],
    ['CANARY by instances', blueGreen({ Type: 'CANARY', CanarySize: instances(1) }), 4, [0.25, 1], [60, 5]],
    ['CANARY of the only instance', blueGreen({ Type: 'CANARY', CanarySize: instances(1) }), 1, [1], [5]],
    ['LINEAR', blueGreen({ Type: 'LINEAR', LinearStepSize: percent(40) }), 1, [0.4, 0.8, 1], [60, 60, 5]],
    ['rolling', rolling(instances(1)), 2, [0.5, 1], [30, 30]],
  ])('%s has its shares and the time after each', (_name, config, count, shares, seconds) => {
    const { stages } = planShift(config, deploymentOf(count));

    expect(stages.map(({ share }) => share)).toEqual(shares);
    expect(stages.map(({ watchMs }) => watchMs / 1000)).toEqual(seconds);
  });

  it('of any size grows step by step to all requests, in no more steps than the size asks for', () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 100 }).map(percent),
      fc.integer({ min: 1, max: 20 }).map(instances),
    );
    fc.assert(
      fc.property(size, fc.integer({ min: 0, max: 20 }), (step, count) => {
        const shares = planShift(blueGreen({ Type: 'LINEAR', LinearStepSize: step }), deploymentOf(count)).stages.map(
          ({ share }) => share,
        );
        expect(shares.at(-1)).toBe(1);
        expect(shares.every((share, at) => share > (shares[at - 1] ?? 0))).toBe(true);
        const wanted = step.Type === 'CAPACITY_PERCENT' ? 100 / step.Value : Math.max(1, count) / step.Value;
        expect(shares).toHaveLength(Math.max(1, Math.ceil(wanted)));
      }),
    );
  });
});

describe('two fleets', () => {
  it('share the requests as the plan says, and each its part by its own weights', () => {
    const weight = fc.integer({ min: 0, max: 100 });
    const weights = fc.array(weight, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(weights, weights, fc.double({ min: 0.01, max: 1, noNaN: true }), (old, next, share) => {
        const both = mixed(fleetOf(...old), fleetOf(...next), share).map((variant) => variant.weight);
        const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
        expect(sum(both.slice(old.length))).toBeCloseTo(share);
        expect(sum(both.slice(0, old.length))).toBeCloseTo(1 - share);
        const total = sum(next);
        for (const [at, value] of next.entries()) {
          expect(both[old.length + at]).toBeCloseTo(share * (total === 0 ? 1 / next.length : value / total));
        }
      }),
    );
  });

  it('of which the old one is trimmed keep an instance of every variant until the end', () => {
    const fleet = fleetOf(1, 1);

    expect(trimmed(fleet, deploymentOf(1, 1), 0.1).map((variant) => variant.instances.length)).toEqual([1, 1]);
    expect(trimmed(fleet, deploymentOf(1, 1), 0).map((variant) => variant.instances.length)).toEqual([0, 0]);
  });
});

describe('a DeploymentConfig', () => {
  it.each<[string, DeploymentConfig, RegExp]>([
    ['two policies', { ...blueGreen({ Type: 'ALL_AT_ONCE' }), ...rolling(percent(50)) }, /cannot have both/],
    ['CANARY without its size', blueGreen({ Type: 'CANARY' }), /needs a CanarySize/],
    ['LINEAR without its size', blueGreen({ Type: 'LINEAR' }), /needs a LinearStepSize/],
    ['a canary of 51 %', blueGreen({ Type: 'CANARY', CanarySize: percent(51) }), /CanarySize must be from 1 to 50/],
    ['steps of 9 %', blueGreen({ Type: 'LINEAR', LinearStepSize: percent(9) }), /LinearStepSize must be from 10 to 50/],
    ['batches of 4 %', rolling(percent(4)), /MaximumBatchSize must be from 5 to 50 percent of the capacity, not 4/],
  ])('with %s is refused', (_name, config, message) => {
    expect(() => checkDeploymentConfig(config)).toThrow(message);
  });

  it('within the limits is taken', () => {
    for (const config of [undefined, blueGreen({ Type: 'CANARY', CanarySize: percent(50) }), rolling(percent(5))]) {
      expect(() => checkDeploymentConfig(config)).not.toThrow();
    }
  });
});
