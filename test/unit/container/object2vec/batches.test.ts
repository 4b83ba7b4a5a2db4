/** An epoch visits every row once, in an order that only the seed decides, with negatives that are really negative. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEpochs, type Epoch, scoringBatches } from '../../../../container/src/object2vec/data/batches.ts';
import { datasetOf, FORMS, type Form, type Row, rowsOf } from './rows-as-dataset.ts';

const allRows = (epoch: Epoch): Row[] => [...epoch.batches()].flatMap(rowsOf);
const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

const someRows: Row[] = Array.from({ length: 23 }, (_, i) => [[i, i + 1], [2 * i], 1]);
const plan = { miniBatchSize: 5, negativeSamplingRate: 0, bucketWidth: 0, seed: 7 };

describe('batches', () => {
  it('hold every row once and end with a smaller one', () => {
    const epoch = createEpochs(datasetOf(someRows), plan).epoch(0);
    expect([...epoch.batches()].map(({ labels }) => labels.length)).toEqual([5, 5, 5, 5, 3]);
    expect(sorted(allRows(epoch))).toEqual(sorted(someRows));
    expect(epoch.rows).toBe(23);
  });

  it('come in another order in each epoch and for each seed, and in the same order for the same seed', () => {
    const order = (seed: number, epoch: number) =>
      JSON.stringify(allRows(createEpochs(datasetOf(someRows), { ...plan, seed }).epoch(epoch)));
    expect(order(7, 1)).toBe(order(7, 1));
    expect(order(7, 1)).not.toBe(order(7, 0));
    expect(order(7, 1)).not.toBe(order(8, 1));
  });

  it('hold the rows of any data', () => {
    const ids = fc.array(fc.nat(9), { minLength: 1, maxLength: 4 });
    const row = fc.tuple(ids, ids, fc.constantFrom(0, 1));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), (rows, miniBatchSize) => {
        const epochs = createEpochs(datasetOf(rows), { ...plan, miniBatchSize });
        expect(sorted(allRows(epochs.epoch(3)))).toEqual(sorted(rows));
      }),
    );
  });

  it('for scoring keep the order of the file', () => {
    const parts = [...scoringBatches(datasetOf(Array.from({ length: 2500 }, (_, i) => [[i], [i, i], 0])))];
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flatMap(rowsOf).map(([in0]) => in0[0])).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  });

  it('for scoring stay small when sequences are long', () => {
    const long = Array.from({ length: 40 }, (): Row => [Array.from({ length: 5000 }, () => 1), [1], 0]);
    const parts = [...scoringBatches(datasetOf(long))];
    expect(Math.max(...parts.map(({ in0 }) => in0.ids.length))).toBeLessThanOrEqual(65_536);
    expect(parts.reduce((rows, { labels }) => rows + labels.length, 0)).toBe(40);
  });
});

describe('negative sampling', () => {
  const sampled = { ...plan, negativeSamplingRate: 3 };

  it('adds as many rows of class 0 as asked for to each positive, with the same in0 and another row’s in1', () => {
    // Prepare: row i pairs [i, i + 1] with [2 i]; nothing else is positive
    const known = new Set(sorted(someRows));

    // Act
    const rows = allRows(createEpochs(datasetOf(someRows), sampled).epoch(0));

    // Assess
    const negatives = rows.filter(([, , label]) => label === 0);
    expect(rows.length).toBe(4 * 23);
    expect(negatives.length).toBe(3 * 23);
    for (const [in0, in1] of negatives) {
      expect(known.has(JSON.stringify([in0, in1, 1]))).toBe(false);
      expect(someRows.some(([, other]) => other[0] === in1[0])).toBe(true);
    }
    const perIn0 = Map.groupBy(negatives, ([in0]) => in0[0]);
    expect([...perIn0.values()].every((list) => list.length === 3)).toBe(true);
  });

  it('draws anew in each epoch', () => {
    const epochs = createEpochs(datasetOf(someRows), sampled);
    expect(sorted(allRows(epochs.epoch(0)))).not.toEqual(sorted(allRows(epochs.epoch(1))));
    expect(sorted(allRows(epochs.epoch(1)))).toEqual(sorted(allRows(epochs.epoch(1))));
  });

  it('makes no negatives for rows of class 0', () => {
    const rows = allRows(createEpochs(datasetOf(someRows.map(([a, b]) => [a, b, 0])), sampled).epoch(0));
    expect(rows.length).toBe(23);
  });

  it('avoids pairs that are positive by content, also when they stand in different rows', () => {
    // Prepare: two in0 that go with all three in1, and one that goes with only one of them
    const rows: Row[] = [1, 2].flatMap((user) => [7, 8, 9].map((item): Row => [[user], [item], 1]));
    rows.push([[3], [7], 1]);

    // Act
    const negatives = allRows(createEpochs(datasetOf(rows), sampled).epoch(0)).filter(([, , label]) => label === 0);

    // Assess
    expect(negatives.length).toBe(3);
    for (const [in0, in1] of negatives) {
      expect(in0).toEqual([3]);
      expect([8, 9]).toContain(in1[0]);
    }
  });

  it('never makes a known positive, whatever the data', () => {
    const id = fc.nat(4).map((n) => [n]);
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id, fc.constantFrom(0, 1)), { minLength: 1 }), fc.nat(), (rows, seed) => {
        const positives = new Set(rows.filter(([, , label]) => label === 1).map(([a, b]) => `${a},${b}`));
        const own = sorted(rows);
        const drawn = sorted(allRows(createEpochs(datasetOf(rows), { ...sampled, seed }).epoch(0)));
        for (const row of own) drawn.splice(drawn.indexOf(row), 1);
        for (const [a, b, label] of drawn.map((row) => JSON.parse(row) as Row)) {
          expect(label).toBe(0);
          expect(positives.has(`${a},${b}`)).toBe(false);
        }
      }),
    );
  });

  it('draws other rows evenly', () => {
    // Prepare: 2 rows of 50 share an in1, so it should be drawn twice as often
    const rows: Row[] = Array.from({ length: 50 }, (_, i) => [[i], [Math.max(i, 1)], 1]);
    const epochs = createEpochs(datasetOf(rows), { ...plan, negativeSamplingRate: 100 });

    // Act
    const drawn = new Map<number, number>();
    for (const [, in1, label] of allRows(epochs.epoch(0))) {
      if (label === 0) drawn.set(in1[0]!, (drawn.get(in1[0]!) ?? 0) + 1);
    }

    // Assess: 5,000 draws over 50 rows; 100 each, give or take 5 standard deviations
    for (const [in1, count] of drawn) {
      const expected = in1 === 1 ? 200 : 100;
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });
});

/** Rows of 1 to 12 ids, few enough different ones that sequences repeat. */
const anyRows = (() => {
  const ids = fc.array(fc.nat(3), { minLength: 1, maxLength: 12 });
  return fc.array(fc.tuple(ids, ids, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 60 });
})();

describe('data in a file', () => {
  it('gives the same batches as data in memory, whatever the rows and the plan', () => {
    const plans = fc.record({
      miniBatchSize: fc.integer({ min: 1, max: 20 }),
      negativeSamplingRate: fc.nat(3),
      bucketWidth: fc.nat(4),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(anyRows, plans, (rows, anyPlan) => {
        const batches = (form: Form) => {
          const dataset = datasetOf(rows, form);
          try {
            expect(dataset.inFile).toBe(form === 'file');
            return [...createEpochs(dataset, anyPlan).epoch(1).batches(), ...scoringBatches(dataset)];
          } finally {
            dataset.close();
          }
        };
        expect(batches('file')).toEqual(batches('memory'));
      }),
      { numRuns: 50 },
    );
  });

  it.each(FORMS)('gives rows by number where pages of ids meet and gaps are long, from %s', (form) => {
    // Prepare: 1,200,000 ids, several pages of memory; lengths so that rows lie across page ends
    const rows = Array.from(
      { length: 1200 },
      (_, i): Row => [
        Array.from({ length: 993 }, (_, k) => i * 1000 + k),
        [i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6],
        i,
      ],
    );
    const dataset = datasetOf(rows, form);
    const rows0 = Int32Array.of(1199, 0, 262, 263, 264, 600, 1199, 0);
    const rows1 = Int32Array.of(0, 1199, 262, 264, 263, 600, 600, 0);

    // Act
    const pairs = dataset.gather(rows0, rows1);
    dataset.close();

    // Assess
    const labels = new Float32Array(rows0.length);
    expect(rowsOf({ ...pairs, labels })).toEqual(
      Array.from(rows0, (row, k): Row => [rows[row]![0], rows[rows1[k]!]![1], 0]),
    );
  });
});

describe('buckets', () => {
  const bucketed = { ...plan, bucketWidth: 3 };

  it('hold every row once, whatever the data', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 5 }), (rows, bucketWidth) => {
        const epoch = createEpochs(datasetOf(rows), { ...plan, bucketWidth }).epoch(2);
        expect(sorted(allRows(epoch))).toEqual(sorted(rows));
      }),
    );
  });

  it('keep rows together whose longer side differs by less than the width', () => {
    // Prepare: in1 is as long as in0, so edges are every 3 tokens on both sides
    const rows = Array.from(
      { length: 300 },
      (_, i): Row => [Array(1 + (i % 10)).fill(i), Array(1 + (i % 10)).fill(i), 0],
    );

    // Act
    const batches = [...createEpochs(datasetOf(rows), bucketed).epoch(0).batches()].map(rowsOf);

    // Assess: lengths 1-3, 4-6, 7-9 and 10
    const buckets = batches.map((batch) => new Set(batch.map(([in0]) => Math.ceil(in0.length / 3))));
    expect(buckets.every(({ size }) => size === 1)).toBe(true);
    expect(batches.filter((batch) => batch.length < plan.miniBatchSize).length).toBeLessThanOrEqual(4);
  });

  it('are closer on the side whose rows are shorter on average', () => {
    // Prepare: in1 has a third of the tokens; a width of 6 means 2 on that side
    const rows = Array.from(
      { length: 60 },
      (_, i): Row => [Array(3 * (1 + (i % 6))).fill(1), Array(1 + (i % 6)).fill(1), 0],
    );

    // Act
    const batches = [
      ...createEpochs(datasetOf(rows), { ...plan, bucketWidth: 6 })
        .epoch(0)
        .batches(),
    ].map(rowsOf);

    // Assess
    const lengths = batches.map((batch) => [...new Set(batch.map(([, in1]) => in1.length))].sort().join());
    expect([...new Set(lengths)].sort()).toEqual(['1,2', '3,4', '5,6']);
  });

  it('do not come in the order of their lengths, and in another order in each epoch', () => {
    const rows = Array.from({ length: 200 }, (_, i): Row => [Array(1 + (i % 20)).fill(1), [1], i]);
    const longest = (epoch: number) =>
      [...createEpochs(datasetOf(rows), bucketed).epoch(epoch).batches()].map(({ in0 }) => in0.ids.length);
    expect(longest(0)).not.toEqual(longest(0).toSorted((a, b) => a - b));
    expect(longest(0)).not.toEqual(longest(1));
    expect(longest(0)).toEqual(longest(0));
  });
});
