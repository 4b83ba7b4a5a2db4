/** Neighbours as JSON: every candidate, id and score reads back, with failed records in their places. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { encodeNeighbours } from '#core/object2vec/encode-neighbours.ts';

function idsOf(texts: readonly string[]) {
  const lines = texts.map((text) => Buffer.from(`${JSON.stringify(text)}\n`));
  let at = -1;
  const ends = Uint32Array.from(lines, ({ length }) => (at += length));
  return { bytes: Buffer.concat(lines), ends };
}

describe('encoded neighbours', () => {
  it('read back as they were, in both layouts', () => {
    const candidate = fc.record({ record: fc.nat(2 ** 31 - 1), id: fc.string({ unit: 'binary' }) });
    const score = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.array(candidate, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 4 }),
        fc.infiniteStream(fc.tuple(fc.nat(), score)),
        fc.boolean(),
        fc.constantFrom('application/json', 'application/jsonlines'),
        (candidates, rows, draws, named, mediaType) => {
          // Prepare
          const k = candidates.length;
          const drawn = [...draws.take(rows * k)].map(([at, one]) => ({ at: at % k, score: one }));
          const records = Int32Array.from(candidates, ({ record }) => record);
          const names = named ? { records, ids: idsOf(candidates.map(({ id }) => id)) } : { records };
          const answers = {
            rows,
            k,
            candidates: Int32Array.from(drawn, ({ at }) => at),
            scores: Float32Array.from(drawn, (one) => one.score),
            failures: [],
          };

          // Act
          const text = encodeNeighbours(answers, names, mediaType).toString('utf8');

          // Assess
          const expected = Array.from({ length: rows }, (_, row) => ({
            neighbours: drawn.slice(row * k, (row + 1) * k).map(({ at, score: one }) => ({
              record: candidates[at]!.record,
              ...(named && { id: candidates[at]!.id.toWellFormed() }),
              score: one,
            })),
          }));
          const read: unknown =
            mediaType === 'application/json'
              ? (JSON.parse(text) as { predictions: unknown }).predictions
              : text
                  .split('\n')
                  .filter(Boolean)
                  .map((line) => JSON.parse(line, singles) as unknown);
          expect(JSON.parse(JSON.stringify(read), singles)).toEqual(JSON.parse(JSON.stringify(expected), singles));
        },
      ),
    );
  });

  it('keep the places of records that failed', () => {
    const error = new TwinvecError('EmptySequence', 'in0 is empty', { record: 0 });
    const answers = {
      rows: 1,
      k: 1,
      candidates: Int32Array.of(1),
      scores: Float32Array.of(0.5),
      failures: [{ record: 0, error }],
    };
    expect(encodeNeighbours(answers, { records: Int32Array.of(4, 9) }, 'application/jsonlines').toString()).toBe(
      '{"error":{"code":"EmptySequence","message":"in0 is empty"},"record":0}\n{"neighbours":[{"record":9,"score":0.5}]}\n',
    );
  });
});

/** Nine digits give the same float32, not the same double; and JSON has no -0. */
function singles(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.fround(value) + 0 : value;
}
