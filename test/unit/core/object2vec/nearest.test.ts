import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dotProducts,
  findNearest,
  inverseLengths,
  type Matrix,
  ranksAmong,
  toUnitRows,
} from '#core/object2vec/nearest.ts';
import { rankOf, summarizeRanks } from '#core/object2vec/ranking.ts';
import { TopK } from '#core/object2vec/top-k.ts';

/** Small whole numbers: their products are exact, and there are many ties. */
function matrices(maxRows: number): fc.Arbitrary<{ queries: Matrix; candidates: Matrix }> {
  return fc.integer({ min: 1, max: 5 }).chain((width) => {
    const matrix = fc
      .array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: width, maxLength: width }), { maxLength: maxRows })
      .map((rows) => ({ rows: rows.length, width, values: Float32Array.from(rows.flat()) }));
    return fc.record({ queries: matrix, candidates: matrix });
  });
}

describe('the nearest embeddings', () => {
  it('are those that a sort of all products finds, ties in the order of the records', () => {
    fc.assert(
      fc.property(matrices(20), fc.integer({ min: 1, max: 8 }), fc.boolean(), ({ queries, candidates }, k, notSelf) => {
        // Act
        const found = findNearest(
          queries,
          candidates,
          k,
          notSelf ? { isCandidate: (query, one) => query !== one } : {},
        );

        // Assess
        const expected = Array.from({ length: queries.rows }, (_, row) => {
          const query = queries.values.subarray(row * queries.width, (row + 1) * queries.width);
          return [...dotProducts(query, candidates.values)]
            .map((score, record) => ({ record, score: score + 0 }))
            .filter(({ record }) => !notSelf || record !== row)
            .sort((one, other) => other.score - one.score || one.record - other.record)
            .slice(0, k);
        });
        expect(found.map((row) => row.map(({ record, score }) => ({ record, score: score + 0 })))).toEqual(expected);
      }),
    );
  });

  it('are found beyond the first block of candidates', () => {
    // Prepare
    const width = 1024;
    const values = new Float32Array(200 * width);
    values[150 * width] = 1;

    // Act
    const [best] = findNearest(
      { rows: 1, width, values: values.subarray(150 * width, 151 * width) },
      { rows: 200, width, values },
      1,
    );

    // Assess
    expect(best).toEqual([{ record: 150, score: 1 }]);
  });

  it('give ranks that are those of all scores sorted, ties shared, without the candidates that are left out', () => {
    const value = fc.integer({ min: -2, max: 2 });
    const rows = fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(rows, rows, fc.infiniteStream(fc.nat()), (asked, offered, draws) => {
        // Prepare
        const matrixOf = (some: typeof asked): Matrix => ({
          rows: some.length,
          width: 2,
          values: Float32Array.from(some.flat()),
        });
        const golds = Int32Array.from(asked, () => draws.next().value! % offered.length);
        const leftOut = new Set(asked.map((_, query) => `${query},${draws.next().value! % offered.length}`));
        const isCandidate = (query: number, candidate: number) => !leftOut.has(`${query},${candidate}`);

        // Act
        const ranks = ranksAmong(matrixOf(asked), golds, matrixOf(offered), isCandidate);

        // Assess
        asked.forEach(([x, y], query) => {
          const among = offered.flatMap(([a, b], candidate) =>
            candidate === golds[query] || isCandidate(query, candidate) ? [{ candidate, score: a * x + b * y }] : [],
          );
          const gold = among.findIndex(({ candidate }) => candidate === golds[query]);
          expect(ranks[query]).toBe(
            rankOf(
              gold,
              Float32Array.from(among, ({ score }) => score),
            ),
          );
        });
      }),
    );
  });

  it('are the same by cosine with factors as with rows of length 1, and score 0 with zeros', () => {
    const value = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 12 }), (rows) => {
        const matrix: Matrix = { rows: rows.length, width: 3, values: Float32Array.from(rows.flat()) };
        const lengths = inverseLengths(matrix);
        const [query, k] = [{ rows: 1, width: 3, values: Float32Array.of(1, 2, -1) }, rows.length];
        const [one] = findNearest(query, matrix, k, { factors: lengths });
        const [other] = findNearest(query, toUnitRows(matrix), k);
        const byRecord = (list: typeof one) => new Map(list!.map(({ record, score }) => [record, score]));
        const expected = byRecord(other);
        expect(one!.length).toBe(k);
        for (const [record, score] of byRecord(one)) expect(score).toBeCloseTo(expected.get(record)!, 5);
      }),
    );
    expect([...inverseLengths({ rows: 2, width: 2, values: Float32Array.of(3, 4, 0, 0) })]).toEqual([0.2, 0]);
  });

  it('have cosines between rows of length 1; a row of zeros stays', () => {
    const { values } = toUnitRows({ rows: 2, width: 2, values: Float32Array.of(3, 4, 0, 0) });
    expect([...values]).toEqual([...Float32Array.of(0.6, 0.8, 0, 0)]);
  });

  it('multiplies a query with every row of a matrix', () => {
    expect([...dotProducts(Float32Array.of(1, 2), Float32Array.of(1, 1, 0, 3))]).toEqual([3, 6]);
  });
});

describe('the k best', () => {
  it('are the first k of all in order, the earlier record first among equals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 6 }), (scores, k) => {
        const top = new TopK(k);
        scores.forEach((score, record) => {
          top.offer(record, score);
        });
        const all = scores.map((score, record) => ({ record, score }));
        all.sort((one, other) => other.score - one.score || one.record - other.record);
        expect(top.sorted()).toEqual(all.slice(0, k));
      }),
    );
  });
});

describe('ranking', () => {
  it('ranks the right candidate by how many score higher, and half of those that score the same', () => {
    const scores = Float32Array.of(0.9, 0.5, 0.5, 0.5, 0.1, 0.1);
    expect([0, 1, 4].map((gold) => rankOf(gold, scores))).toEqual([1, 3, 5.5]);
  });

  it('gives a model that scores everything alike the middle rank', () => {
    expect(rankOf(0, new Float32Array(101))).toBe(51);
  });

  it('summarises ranks as hits, means and median', () => {
    expect(summarizeRanks([1, 2, 10, 100])).toEqual({
      hitsAt1: 0.25,
      hitsAt5: 0.5,
      hitsAt10: 0.75,
      hitsAt20: 0.75,
      hitsAt50: 0.75,
      meanRank: 113 / 4,
      medianRank: 6,
      meanReciprocalRank: (1 + 1 / 2 + 1 / 10 + 1 / 100) / 4,
    });
    expect(summarizeRanks([7]).medianRank).toBe(7);
  });
});
