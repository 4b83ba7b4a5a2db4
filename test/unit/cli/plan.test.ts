/** `twinvec plan` below its command line: what is read, what is ordered, and what a person is shown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instanceNumbers, parseDuration } from '../../../cli/plan/arguments.ts';
import { type PlanSettings, planTransform } from '../../../cli/plan/plan-transform.ts';
import { planJson, planTable } from '../../../cli/plan/report.ts';

const SETTINGS: PlanSettings = {
  records: 50_000_000,
  recordBytes: 400,
  deadline: 4 * 3600,
  start: 600,
  rate: { 'ml.g5.xlarge': 9000, 'ml.m5.large': 2, 'ml.c5.2xlarge': 3500 },
  price: {},
};

describe('a time on the command line', () => {
  it.each([
    ['600s', 600],
    ['90min', 5400],
    ['1.5h', 5400],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '4', '4m', '-1h', '0s', '1e3s', '1 h', 'h', `${'9'.repeat(400)}h`])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('numbers by instance type', () => {
  it('are gathered over several arguments', () => {
    expect(instanceNumbers('ml.c5.xlarge=1200.5', instanceNumbers('ml.g5.xlarge=9'))).toEqual({
      'ml.g5.xlarge': 9,
      'ml.c5.xlarge': 1200.5,
    });
  });

  it.each(['ml.g5.xlarge', 'g5.xlarge=1', 'ml.g5.xlarge=', 'ml.g5.xlarge=0', 'ml.g5.xlarge=-1', 'ml.g5.xlarge=1e3'])(
    'are not read from %j',
    (text) => {
      expect(() => instanceNumbers(text)).toThrow();
    },
  );

  it('are given once for each type', () => {
    expect(() => instanceNumbers('ml.g5.xlarge=2', { 'ml.g5.xlarge': 1 })).toThrow(/ml\.g5\.xlarge is given twice/);
  });
});

describe('the plan', () => {
  it('puts the cheapest type first and what cannot be done last', () => {
    const types = planTransform(SETTINGS).types.map(({ instanceType, plan }) => [instanceType, plan?.instances]);
    expect(types).toEqual([
      ['ml.c5.2xlarge', 2],
      ['ml.g5.xlarge', 1],
      ['ml.m5.large', undefined],
    ]);
  });

  it('takes a given price before that of the table', () => {
    const { types } = planTransform({ ...SETTINGS, price: { 'ml.g5.xlarge': 0.01 } });
    expect(types[0]).toMatchObject({ instanceType: 'ml.g5.xlarge', dollarsPerHour: 0.01 });
  });

  it('is a table that says what its figures rest on', () => {
    // Act
    const text = planTable(planTransform(SETTINGS));

    // Assess
    expect(text).toMatch(/ml\.c5\.2xlarge +3,500 +2 +2 h 09 min +4\.31 +0\.4080 +1\.76\n/);
    expect(text).toMatch(/ml\.m5\.large would need more instances than a job may have/);
    expect(text).toMatch(/have 2 or more of about the same size/);
    expect(text).toMatch(/us-east-1, \d{4}-\d\d-\d\d/);
  });

  it('is the same for a script, with null for what cannot be done', () => {
    const { types, prices } = JSON.parse(planJson(planTransform(SETTINGS)));
    expect(types.map(({ plan }: { plan: unknown }) => plan === null)).toEqual([false, false, true]);
    expect(prices).toHaveProperty('of');
  });

  it('never shows fewer dollars than it computed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), (records) => {
        // Prepare
        const plan = planTransform({ ...SETTINGS, records, rate: { 'ml.g5.xlarge': 9000 } });
        fc.pre(plan.types[0]!.plan !== undefined);

        // Act
        const row = planTable(plan).split('\n')[2]!;

        // Assess
        const shown = Number(row.trim().split(/\s+/).at(-1)!.replaceAll(',', ''));
        expect(shown).toBeGreaterThanOrEqual(plan.types[0]!.plan!.dollars - 1e-8);
      }),
    );
  });
});
