/** Negatives for validation and test: grouped behind their positive, never positive anywhere, the same in every pass. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asItIs, type ScoredChannel, withNegatives } from '../../../../container/src/object2vec/data/scored-channel.ts';
import { datasetOf, FORMS, type Row, rowsOf } from './rows-as-dataset.ts';

const plan = { channel: 'validation', rate: 3, seed: 5 } as const;
const nothing = datasetOf([[[99], [99], 0]]);

const rowsIn = (channel: ScoredChannel): { row: Row; drawn: boolean }[] =>
  [...channel.batches()].flatMap((batch) => rowsOf(batch).map((row, k) => ({ row, drawn: batch.drawn?.[k] === 1 })));

describe('a channel scored with negatives', () => {
  it('has each positive’s negatives after it: its in0, the in1 of another row, label 0', () => {
    // Prepare
    const rows: Row[] = Array.from({ length: 20 }, (_, i) => [[i, i], [30 + i], i % 4 === 0 ? 0 : 1]);

    // Act
    const scored = rowsIn(withNegatives(datasetOf(rows), nothing, plan));

    // Assess
    const own = scored.filter(({ drawn }) => !drawn).map(({ row }) => row);
    expect(own).toEqual(rows);
    expect(scored.length).toBe(20 + 3 * 15);
    let positive: Row | undefined;
    for (const { row, drawn } of scored) {
      if (!drawn) positive = row;
      else {
        expect(positive![2]).toBe(1);
        expect(row[0]).toEqual(positive![0]);
        expect(row[1]).not.toEqual(positive![1]);
        expect(rows.some(([, in1]) => in1[0] === row[1][0])).toBe(true);
        expect(row[2]).toBe(0);
      }
    }
  });

  it('is the same in every pass and for the same seed, not for another seed or channel', () => {
    const rows: Row[] = Array.from({ length: 50 }, (_, i) => [[i], [i], 1]);
    const drawnWith = (changes: Partial<Parameters<typeof withNegatives>[2]>) =>
      rowsIn(withNegatives(datasetOf(rows), nothing, { ...plan, ...changes }));
    const channel = withNegatives(datasetOf(rows), nothing, plan);
    expect(rowsIn(channel)).toEqual(rowsIn(channel));
    expect(drawnWith({})).toEqual(rowsIn(channel));
    expect(drawnWith({ seed: 6 })).not.toEqual(rowsIn(channel));
    expect(drawnWith({ channel: 'test' })).not.toEqual(rowsIn(channel));
  });

  it.each(FORMS)('draws no pair that is positive in its own rows or in those of train: %s', (form) => {
    const id = fc.nat(4).map((n) => [n]);
    const data = fc.array(fc.tuple(id, id, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(data, data, fc.nat(), (own, train, seed) => {
        const positives = new Set([...own, ...train].filter(([, , l]) => l === 1).map(([a, b]) => `${a},${b}`));
        const [channel, known] = [datasetOf(own, form), datasetOf(train, form)];
        for (const { row, drawn } of rowsIn(withNegatives(channel, known, { ...plan, seed }))) {
          if (drawn) expect(positives.has(`${row[0]},${row[1]}`)).toBe(false);
        }
        channel.close();
        known.close();
      }),
      { numRuns: form === 'file' ? 20 : 100 },
    );
  });

  it('comes in batches that stay small, whatever the rate and the lengths', () => {
    const rows: Row[] = Array.from({ length: 30 }, (_, i) => [Array(1000).fill(i), [100 + i], 1]);
    const batches = [...withNegatives(datasetOf(rows), nothing, { ...plan, rate: 100 }).batches()];
    expect(batches.reduce((sum, { labels }) => sum + labels.length, 0)).toBe(30 * 101);
    for (const { in0, labels } of batches) {
      expect(in0.ids.length).toBeLessThanOrEqual(65_536);
      expect(labels.length).toBeLessThanOrEqual(1024);
    }
  });

  it('is the channel as it is with a rate of 0', () => {
    const rows: Row[] = [
      [[1], [2], 1],
      [[3], [4], 0],
    ];
    const plain = withNegatives(datasetOf(rows), nothing, { ...plan, rate: 0 });
    expect(rowsIn(plain)).toEqual(rowsIn(asItIs(datasetOf(rows))));
    expect([...plain.batches()].every(({ drawn }) => drawn === undefined)).toBe(true);
  });
});
