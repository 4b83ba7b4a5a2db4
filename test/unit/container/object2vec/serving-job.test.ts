/**
 * How requests become work for the engine: what they cost, with whom they share a call, where they are split.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import {
  type Object2VecJob,
  object2VecJob,
  type TokenCost,
} from '../../../../container/src/object2vec/serving/serving-job.ts';

const MAX_TOKENS = 16_384;

function rowsOf(lengths: readonly number[]): TokenRows {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    offsets[i + 1] = offsets[i]! + length;
  });
  return { ids: new Int32Array(offsets.at(-1)!), offsets };
}

function jobOf(lengths: readonly number[], cost: TokenCost): Object2VecJob {
  const content = { mode: 'embed_in0', in1: undefined, failures: [], answerType: 'application/json' } as const;
  return object2VecJob({ ...content, in0: rowsOf(lengths), rows: lengths.length }, cost);
}

const budget = { cost: MAX_TOKENS, rows: 1024 };
const lengths = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 40 });

describe('a job whose rows the engine pads', () => {
  it('is split so that no call has more places than the budget, unless one row alone has', () => {
    fc.assert(
      fc.property(lengths, (given) => {
        // Prepare
        const job = jobOf(given, 'padded');
        for (let from = 0; from < given.length; ) {
          // Act
          const to = job.endOfSlice(from, budget);

          // Assess
          const part = given.slice(from, to);
          expect(to).toBeGreaterThan(from);
          expect(part.length === 1 || part.length * Math.max(...part) <= MAX_TOKENS).toBe(true);
          from = to;
        }
      }),
    );
  });

  it('shares a call only with jobs of the same power of two, and costs what their rows can be padded to', () => {
    fc.assert(
      fc.property(lengths, lengths, (one, other) => {
        // Act
        const jobs = [jobOf(one, 'padded'), jobOf(other, 'padded')] as const;

        // Assess
        if (jobs[0].group !== jobs[1].group) return;
        const places = (one.length + other.length) * Math.max(...one, ...other);
        expect(jobs[0].cost + jobs[1].cost).toBeGreaterThanOrEqual(places);
      }),
    );
  });
});

describe('a job on flat tokens', () => {
  it('costs its tokens and shares calls whatever the lengths are', () => {
    // Act
    const [short, long] = [jobOf([1, 2], 'flat'), jobOf([5000, 1], 'flat')];

    // Assess
    expect(short.group).toBe(long.group);
    expect([short.cost, long.cost]).toEqual([3, 5001]);
  });
});

describe('a job that searches for neighbours', () => {
  const search = { k: 5, metric: 'cosine', rowCost: 1000 } as const;
  const searching = (changes: object, cost: TokenCost = 'flat') =>
    object2VecJob(
      {
        mode: 'embed_in0',
        in1: undefined,
        failures: [],
        answerType: 'application/json',
        in0: rowsOf(Array(40).fill(10)),
        rows: 40,
        search: { ...search, ...changes },
      },
      cost,
    );

  it.each(['flat', 'padded'] as const)('costs its tokens and its comparisons, and is split by both: %s', (cost) => {
    const tokens = cost === 'flat' ? 10 : 16;
    expect(searching({}, cost).cost).toBe(40 * (tokens + 1000));
    expect(searching({}, cost).endOfSlice(0, budget)).toBe(16);
    expect(searching({ rowCost: 100_000 }, cost).endOfSlice(3, budget)).toBe(4);
  });

  it('shares calls only with jobs of the same number and metric', () => {
    const groups = [{}, { k: 6 }, { metric: 'dot' }].map((changes) => searching(changes).group);
    expect(new Set([...groups, jobOf(lengthsOfTen, 'flat').group]).size).toBe(4);
    expect(searching({}).group).toBe(groups[0]);
  });
});

const lengthsOfTen = [10, 10];
