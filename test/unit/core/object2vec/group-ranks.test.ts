/** A positive's rank among the negatives drawn for it, whatever batches they come in. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupRanks } from '#core/object2vec/group-ranks.ts';
import { rankOf, summarizeRanks } from '#core/object2vec/ranking.ts';

interface Group {
  readonly label: number;
  readonly scores: readonly number[];
}

/** Adds rows in batches of so many; the first score of a group is its own row's, the others its negatives'. */
function resultOf(groups: readonly Group[], batch: number) {
  const rows = groups.flatMap(({ label, scores }) =>
    scores.map((score, k) => ({ label: k === 0 ? label : 0, drawn: k === 0 ? 0 : 1, score })),
  );
  const ranks = new GroupRanks(2);
  for (let from = 0; from < rows.length; from += batch) {
    const part = rows.slice(from, from + batch);
    ranks.add(
      Float32Array.from(part.flatMap(({ score }) => [1 - score, score])),
      Float32Array.from(part, ({ label }) => label),
      Uint8Array.from(part, ({ drawn }) => drawn),
    );
  }
  return ranks.result();
}

describe('ranks of positives among their negatives', () => {
  it('are those of ranking scores directly, in batches of any size', () => {
    const score = fc.integer({ min: 0, max: 8 }).map((n) => n / 8);
    const group = fc.record({ label: fc.constant(1), scores: fc.array(score, { minLength: 2, maxLength: 8 }) });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), (groups, batch) => {
        const expected = groups.map(({ scores }) => rankOf(0, Float32Array.from(scores)));
        expect(resultOf(groups, batch)).toEqual(summarizeRanks(expected));
      }),
    );
  });

  it('leave out rows of class 0 and positives without negatives', () => {
    const groups = [
      { label: 0, scores: [0.9] },
      { label: 1, scores: [0.1] },
      { label: 1, scores: [0.5, 0.75, 0.25] },
    ];
    expect(resultOf(groups, 2)).toMatchObject({ meanRank: 2, hitsAt1: 0, hitsAt5: 1 });
    expect(resultOf(groups.slice(0, 2), 2)).toBeUndefined();
  });

  it('tell apart what rounds to the probability 1', () => {
    const ranks = new GroupRanks(2);
    ranks.add(Float32Array.of(1e-20, 1, 1e-10, 1), Float32Array.of(1, 0), Uint8Array.of(0, 1));
    expect(ranks.result()?.meanRank).toBe(1);
  });

  it('follow the positive’s own class when there are several', () => {
    const ranks = new GroupRanks(3);
    ranks.add(Float32Array.of(0.2, 0.3, 0.5, 0.1, 0.7, 0.2), Float32Array.of(2, 0), Uint8Array.of(0, 1));
    expect(ranks.result()?.meanRank).toBe(1);
  });
});
