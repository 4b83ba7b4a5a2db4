/** What a batch transform needs and costs: one example by hand, and what must hold for every workload. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOLLARS_PER_HOUR, PRICES_OF, PRICES_SOURCE } from '#core/cost/instance-prices.ts';
import { type InstanceRate, planInstances, type Workload } from '#core/cost/plan-instances.ts';
import { LIMITS } from '#core/limits.ts';

const RATE: InstanceRate = { instanceType: 'ml.g5.xlarge', recordsPerSecond: 1000, dollarsPerHour: 1.5 };

const workloads: fc.Arbitrary<Workload> = fc
  .record({
    records: fc.integer({ min: 1, max: 2_000_000_000 }),
    usableSeconds: fc.integer({ min: 60, max: 100_000 }),
    startSeconds: fc.integer({ min: 0, max: 3600 }),
  })
  .map(({ records, usableSeconds, startSeconds }) => ({
    records,
    startSeconds,
    deadlineSeconds: startSeconds + usableSeconds,
  }));

const rates: fc.Arbitrary<InstanceRate> = fc.record({
  instanceType: fc.constant('ml.g5.xlarge'),
  recordsPerSecond: fc.double({ min: 0.01, max: 1_000_000, noNaN: true }),
  dollarsPerHour: fc.double({ min: 0.01, max: 100, noNaN: true }),
});

/** Two plans of workloads that differ in one thing; cases that no job can do are not of interest. */
function plans(first: Workload, second: Workload, rate: InstanceRate) {
  const [one, other] = [planInstances(first, rate), planInstances(second, rate)];
  fc.pre(one !== undefined && other !== undefined);
  return { one: one!, other: other! };
}

describe('the plan of a batch transform', () => {
  it('takes as many instances as the deadline asks for, and pays for their start', () => {
    // Prepare: 3 h of work, and 1 h to do it in after a start of 6 min
    const workload = { records: 3 * 3600 * 1000, deadlineSeconds: 3960, startSeconds: 360 };

    // Act
    const plan = planInstances(workload, RATE);

    // Assess
    expect(plan?.instances).toBe(3);
    expect(plan?.elapsedHours).toBeCloseTo(1.1, 9);
    expect(plan?.busyHours).toBeCloseTo(3, 9);
    expect(plan?.instanceHours).toBeCloseTo(3.3, 9);
    expect(plan?.dollars).toBeCloseTo(4.95, 9);
  });

  it('is none where one job may not have that many instances', () => {
    const records = LIMITS.batchMaxInstances.value * 1000 * 60;
    const workload = { records, deadlineSeconds: 60, startSeconds: 0 };
    expect(planInstances(workload, RATE)?.instances).toBe(100);
    expect(planInstances({ ...workload, records: records + 1 }, RATE)).toBeUndefined();
  });

  it('never costs less for more records', () => {
    fc.assert(
      fc.property(workloads, fc.integer({ min: 0, max: 1_000_000_000 }), rates, (workload, more, rate) => {
        const { one, other } = plans(workload, { ...workload, records: workload.records + more }, rate);
        return one.dollars <= other.dollars && one.instances <= other.instances;
      }),
    );
  });

  it('never takes fewer instances for a nearer deadline', () => {
    fc.assert(
      fc.property(workloads, fc.integer({ min: 0, max: 100_000 }), rates, (workload, later, rate) => {
        const relaxed = { ...workload, deadlineSeconds: workload.deadlineSeconds + later };
        const { one, other } = plans(workload, relaxed, rate);
        return one.instances >= other.instances;
      }),
    );
  });

  it('has hours enough for every record, and ends by the deadline', () => {
    fc.assert(
      fc.property(workloads, rates, (workload, rate) => {
        const plan = planInstances(workload, rate);
        fc.pre(plan !== undefined);
        // Three roundings of doubles.
        const slack = 1 + 1e-12;
        expect(plan!.busyHours * 3600 * rate.recordsPerSecond * slack).toBeGreaterThanOrEqual(workload.records);
        expect(plan!.elapsedHours * 3600).toBeLessThanOrEqual(workload.deadlineSeconds * slack);
      }),
    );
  });
});

describe('the table of prices', () => {
  it('is dated, says where its figures are from, and holds dollars an hour', () => {
    expect(PRICES_OF).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(PRICES_SOURCE).toContain('https://aws.amazon.com/');
    for (const [type, dollars] of Object.entries(DOLLARS_PER_HOUR)) {
      expect(type).toMatch(/^ml\.[a-z0-9]+\.[a-z0-9]+$/);
      expect(dollars).toBeGreaterThan(0.05);
      expect(dollars).toBeLessThan(150);
    }
  });
});
