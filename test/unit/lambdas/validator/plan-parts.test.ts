/** How an input is divided: parts that a state machine can pass on, whatever the input. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanEvent } from '../../../../lambdas/validator/event.ts';
import type { ValidationPart } from '../../../../lambdas/validator/part.ts';
import { divide } from '../../../../lambdas/validator/plan-parts.ts';
import { asPartReport, type ValidationReport } from '../../../../lambdas/validator/report.ts';

const GIB = 1024 ** 3;
const event = (changes: object = {}) =>
  PlanEvent.parse({ action: 'plan', inputS3Uri: 's3://data-in/day/', ...changes });

describe('an input', () => {
  it('of many objects or one large one is divided into at most a hundred parts, larger ones where needed', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ key: `day/${1000 + index}`, bytes: 3 * GIB }));
    expect(divide(many, event()).length).toBeLessThanOrEqual(100);
    expect(divide([{ key: 'day/a', bytes: 1500 * GIB }], event()).length).toBeLessThanOrEqual(100);
  });

  it('that not even the largest parts can hold is refused, with what to do', () => {
    const large = [{ key: 'day/a', bytes: 2000 * GIB }];
    expect(() => divide(large, event())).toThrow(
      expect.objectContaining({ code: 'PayloadTooLarge', message: expect.stringContaining('Split the job by prefix') }),
    );
  });

  it('is in exactly one part, byte for byte, and the parts fit into what a state machine passes on', () => {
    const objects = fc.array(
      fc.record({ name: fc.string({ maxLength: 300 }), bytes: fc.integer({ min: 1, max: 50 }) }),
      {
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(objects, fc.integer({ min: 1, max: 40 }), fc.boolean(), (drawn, bytesPerPart, gzip) => {
        const listed = drawn.map(({ name, bytes }, index) => ({ key: `day/${1000 + index}${name}`, bytes }));
        const parts = divide(listed, event({ bytesPerPart, ...(gzip ? { compressionType: 'Gzip' } : {}) }));
        expect(Buffer.byteLength(JSON.stringify(parts))).toBeLessThanOrEqual(200_000);
        expect(parts.length).toBeLessThanOrEqual(100);
        for (const { key, bytes } of listed) expect(bytesOf(parts, key, bytes)).toBe(bytes);
      }),
    );
  });
});

/** Bytes of an object that its parts have together; keys are in the order of their first four digits. */
function bytesOf(parts: readonly ValidationPart[], key: string, bytes: number): number {
  const digits = (text: string) => Number(text.slice(4, 8));
  return parts
    .filter(({ afterKey, throughKey }) => digits(afterKey) < digits(key) && digits(key) <= digits(throughKey))
    .reduce((sum, { range }) => sum + (range ? range.end - range.start : bytes), 0);
}

describe('the report of a part', () => {
  const problem = { object: `s3://data-in/${'k'.repeat(300)}`, line: 1, byteOffset: 0, code: 'InvalidRecord' as const };
  const report: ValidationReport = {
    accepted: false,
    complete: true,
    objects: 9,
    records: 9,
    bytes: 9,
    badRecords: 20,
    fatalProblems: 0,
    problems: Array.from({ length: 20 }, () => ({ ...problem, message: 'm'.repeat(200) })),
  };

  it('keeps its counts and its first problems within two thousand bytes', () => {
    const { problems, ...counts } = asPartReport(report);
    const { problems: all, ...allCounts } = report;
    expect(counts).toEqual(allCounts);
    expect(problems).toEqual(all.slice(0, 3));
    expect(Buffer.byteLength(JSON.stringify(asPartReport(report)))).toBeLessThanOrEqual(2000);
  });
});
