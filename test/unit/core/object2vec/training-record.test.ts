/** Lines of training data become flat columns, or an error that names line and field. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { ByteCursor } from '#core/json/byte-cursor.ts';
import { nextLine } from '#core/json/lines.ts';
import type { OutputSettings } from '#core/object2vec/settings.ts';
import { TrainingRecords } from '#core/object2vec/training-record.ts';

const threeClasses: OutputSettings = { kind: 'softmax', classes: 3 };

function read(text: string, output: OutputSettings = threeClasses): TrainingRecords {
  const records = new TrainingRecords({
    in0: { vocabularySize: 100, maxSeqLen: 4 },
    in1: { vocabularySize: 10, maxSeqLen: 2 },
    output,
  });
  const cursor = new ByteCursor(Buffer.from(text));
  while (nextLine(cursor)) records.addLine(cursor);
  return records;
}

function refusal(text: string, output?: OutputSettings): TwinvecError {
  try {
    read(text, output);
  } catch (error) {
    if (error instanceof TwinvecError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('training records', () => {
  it('are read in any order of keys, with blank lines between', () => {
    const records = read('{"label":2,"in0":[0,12,10,13],"in1":[5]}\r\n\n{"in1": [1, 2], "label": 0.0, "in0": [99]}');
    expect(records.rows).toBe(2);
    expect(records.toColumns()).toEqual({
      in0: { ids: Int32Array.of(0, 12, 10, 13, 99), offsets: Int32Array.of(0, 4, 5) },
      in1: { ids: Int32Array.of(5, 1, 2), offsets: Int32Array.of(0, 1, 3) },
      labels: Float32Array.of(2, 0),
    });
  });

  it('are cut to the maximum length of each side, and the cuts are counted', () => {
    const records = read(
      '{"label":0,"in0":[1,2,3,4,5,6],"in1":[1,2,3]}\n{"label":0,"in0":[1,2,3,4],"in1":[1,2]}\n{"label":1,"in0":[7],"in1":[8]}',
    );
    expect(records.cutSequences).toBe(2);
    expect(records.toColumns().in0).toEqual({
      ids: Int32Array.of(1, 2, 3, 4, 1, 2, 3, 4, 7),
      offsets: Int32Array.of(0, 4, 8, 9),
    });
    expect(records.toColumns().in1.ids).toEqual(Int32Array.of(1, 2, 1, 2, 8));
  });

  it.each([
    ['{"label":0,"in0":[1]}', 'InvalidRecord', 'Line 1 has no in1'],
    ['{"label":0,"in1":[1]}', 'InvalidRecord', 'Line 1 has no in0'],
    ['{"in0":[1],"in1":[1]}', 'InvalidLabel', 'Line 1 has no label'],
    ['{"label":3,"in0":[1],"in1":[1]}', 'InvalidLabel', 'label 3; with num_classes=3'],
    ['{"label":-1,"in0":[1],"in1":[1]}', 'InvalidLabel', 'label -1'],
    ['{"label":0.5,"in0":[1],"in1":[1]}', 'InvalidLabel', 'label 0.5'],
    ['{"label":"1","in0":[1],"in1":[1]}', 'InvalidLabel', 'is not a number'],
    ['{"label":0,"in0":[],"in1":[1]}', 'EmptySequence', 'in0'],
    ['{"label":0,"in0":[1],"in1":[10]}', 'TokenOutOfVocabulary', 'in1[0]: id 10'],
    ['{"label":0,"in0":[1,2.5],"in1":[1]}', 'InvalidTokenId', 'in0[1]'],
    ['{"label":0,"in0":[1],"in1":[1]} x', 'MalformedJson', 'Line 1'],
    ['[1]', 'InvalidRecord', 'a training record is {"label":0,"in0":[...],"in1":[...]}'],
    ['{"label":0}', 'InvalidRecord', 'a training record is {"label":0,"in0":[...],"in1":[...]}'],
    ['{"label":0,"in0":[1],"in1":[1],"weight":2}', 'UnknownField', '"weight"; a record takes label, in0 and in1'],
  ])('with a fault are refused with its place: %s', (text, code, message) => {
    const error = refusal(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it('of regression take any finite number as label', () => {
    const output = { kind: 'mean_squared_error' } as const;
    expect(read('{"label":-2.5,"in0":[1],"in1":[1]}', output).toColumns().labels).toEqual(Float32Array.of(-2.5));
    expect(refusal('{"label":1e300,"in0":[1],"in1":[1]}', output).code).toBe('InvalidLabel');
  });

  it('say the number of the line at fault', () => {
    expect(refusal('{"label":0,"in0":[1],"in1":[1]}\n\n{"label":9,"in0":[1],"in1":[1]}').message).toMatch(/^Line 3 /);
  });

  it('survive a round trip through JSON, whatever they hold', () => {
    const ids = (size: number) => fc.array(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: 6 });
    const record = fc.record({ label: fc.integer({ min: 0, max: 2 }), in0: ids(100), in1: ids(10) });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1 }), (rows) => {
        const { in0, in1, labels } = read(rows.map((row) => JSON.stringify(row)).join('\n')).toColumns();
        expect([...labels]).toEqual(rows.map(({ label }) => label));
        rows.forEach((row, r) => {
          expect([...in0.ids.subarray(in0.offsets[r], in0.offsets[r + 1])]).toEqual(row.in0.slice(0, 4));
          expect([...in1.ids.subarray(in1.offsets[r], in1.offsets[r + 1])]).toEqual(row.in1.slice(0, 2));
        });
      }),
    );
  });

  it('of any bytes are read or refused, never another failure', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string().map((part) => `{"label":0,"in0":[1],"in1":[${part}]}`),
    );
    fc.assert(
      fc.property(text, (line) => {
        try {
          read(line);
        } catch (error) {
          expect(error).toBeInstanceOf(TwinvecError);
        }
      }),
    );
  });
});
