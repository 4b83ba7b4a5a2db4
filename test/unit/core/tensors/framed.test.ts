/** tf.Examples, SageMaker's Records and raw bytes as requests; F2, F5 to F8, G5 to G7 are faults by their number. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { encodeExample, type FeatureList } from '#core/examples/example-writer.ts';
import { writeRecordIo } from '#core/framing/recordio.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { encodeMessage, type MessageWriter, writeBytes, writeMapEntry, writeMessage } from '#core/protobuf/wire.ts';
import { refusalOf } from '../refusal.ts';
import { BATCH, decode, modelOf, valuesOf } from './decoding.ts';

const EXAMPLE = 'application/x-tfexample';
const TFRECORDS = 'application/x-tfrecord';
const RECORDS = 'application/x-recordio-protobuf';

/** Written by Python TensorFlow 2.21: x = [1.5, -2.0], n = [-1, 2^53 + 1], s = [b"hi", b"\xff"]. */
const FROM_PYTHON = Buffer.from(
  '0a400a1b0a016e12161a140a12ffffffffffffffffff0181808080808080100a0e0a017312090a070a0268690a01ff0a110a0178120c120a0a080000c03f000000c0',
  'hex',
);
/** Written by Python TensorFlow 2.21's TFRecordWriter: b"abc" and b"". */
const FRAMES_FROM_PYTHON = Buffer.from('0300000000000000b099490e6162636e57f121000000000000000029039807d8ea82a2', 'hex');
const ALL = modelOf({
  x: { dtype: 'float32', shape: [-1, 2] },
  n: { dtype: 'int64', shape: [-1, 2] },
  s: { dtype: 'string', shape: [-1, -1] },
});
const X = modelOf({ x: { dtype: 'float32', shape: [-1, 2] } });
const STRINGS = modelOf({ image_bytes: { dtype: 'string', shape: [-1] } });

const floats = (...values: number[]): FeatureList => ({ kind: 'float', values });
const bytes = (...values: string[]): FeatureList => ({ kind: 'bytes', values: values.map((one) => Buffer.from(one)) });
const example = (features: Record<string, FeatureList>) => encodeExample(new Map(Object.entries(features)));
const framed = (...records: Uint8Array[]) => Buffer.concat(records.map(writeTfRecord));
const problemOf = (act: () => unknown) => {
  const { code, record, message } = refusalOf(act);
  return [code, record, message];
};

describe('a tf.Example', () => {
  it('that Python TensorFlow wrote fills inputs of each kind by name', () => {
    const request = decode(FROM_PYTHON, ALL, EXAMPLE);
    expect(request).toMatchObject({ form: 'row', rows: 1 });
    expect(valuesOf(request)).toEqual({ shape: [1, 2], values: [1.5, -2] });
    expect(valuesOf(request, 'n')).toEqual({ shape: [1, 2], values: [-1n, 2n ** 53n + 1n] });
    expect(request.inputs.s!.shape).toEqual([1, 2]);
  });

  it('is written as Python TensorFlow writes it', () => {
    const features = new Map<string, FeatureList>([
      ['n', { kind: 'int64', values: [-1n, 2n ** 53n + 1n] }],
      ['s', { kind: 'bytes', values: [Buffer.from('hi'), Uint8Array.of(0xff)] }],
      ['x', floats(1.5, -2)],
    ]);
    expect(Buffer.from(encodeExample(features)).toString('hex')).toBe(FROM_PYTHON.toString('hex'));
  });

  it('fills fixed inner dimensions, smaller integers and booleans', () => {
    const model = modelOf({ a: { dtype: 'float32', shape: [-1, 2, 1] }, b: { dtype: 'bool', shape: [-1] } });
    const request = decode(example({ a: floats(1, 2), b: { kind: 'int64', values: [1] } }), model, EXAMPLE);
    expect(valuesOf(request, 'a')).toEqual({ shape: [1, 2, 1], values: [1, 2] });
    expect(valuesOf(request, 'b')).toEqual({ shape: [1], values: [1] });
  });

  it('goes as it is to a model whose only input is a string that is no feature', () => {
    const one = example({ other: floats(1) });
    const request = decode(framed(one, one), STRINGS, TFRECORDS);
    expect(request.inputs.image_bytes!.shape).toEqual([2]);
    expect(Buffer.from(request.inputs.image_bytes!.data[0] as Uint8Array).equals(one)).toBe(true);
  });

  it('gives its feature to a model whose only input is a string of that name', () => {
    const request = decode(framed(example({ image_bytes: bytes('jpeg') })), STRINGS, TFRECORDS);
    expect(valuesOf(request, 'image_bytes')).toEqual({ shape: [1], values: ['jpeg'] });
  });

  it('must not say otherwise than the records before it', () => {
    const mixed = framed(example({ image_bytes: bytes('jpeg') }), example({ other: floats(1) }));
    expect(problemOf(() => decode(mixed, STRINGS, TFRECORDS)).slice(0, 2)).toEqual(['InvalidTensor', 1]);
    const reversed = framed(example({ other: floats(1) }), example({ image_bytes: bytes('jpeg') }));
    expect(problemOf(() => decode(reversed, STRINGS, TFRECORDS)).slice(0, 2)).toEqual(['InvalidTensor', 1]);
  });

  it('goes as it is to classify and regress', () => {
    const body = framed(example({ image_bytes: floats(1) }));
    const request = decode(body, STRINGS, TFRECORDS, { method: 'classify' });
    expect(request.inputs.image_bytes!.shape).toEqual([1]);
    expect(problemOf(() => decode(body, X, TFRECORDS, { method: 'regress' }))[0]).toBe('InvalidTensor');
  });
});

describe('the faults of framed Examples', () => {
  const good = example({ x: floats(1, 2) });

  it('F2: a damaged record is refused, and in a batch keeps its place', () => {
    const body = framed(good, good, good);
    const frame = body.length / 3;
    body[frame + 12]! ^= 1;
    expect(problemOf(() => decode(body, X, TFRECORDS))).toEqual([
      'DamagedRecord',
      1,
      `Record 1 at byte ${frame}: its checksum is wrong, so its data is damaged`,
    ]);
    const request = decode(body, X, TFRECORDS, BATCH);
    expect(request.rows).toBe(2);
    expect(request.failures.map(({ record, error }) => [record, error.code])).toEqual([[1, 'DamagedRecord']]);
  });

  it('F1 and F4: a body whose frames are lost is refused whole, in a batch too', () => {
    const body = framed(good, good);
    expect(problemOf(() => decode(body.subarray(0, body.length - 1), X, TFRECORDS, BATCH))[0]).toBe('MalformedBody');
  });

  it('F5: an empty record has no features; an empty body no records', () => {
    const [code, record] = problemOf(() => decode(FRAMES_FROM_PYTHON.subarray(19), X, TFRECORDS));
    expect([code, record]).toEqual(['InvalidTensor', 0]);
    expect(problemOf(() => decode('', X, TFRECORDS))[0]).toBe('EmptyBody');
    expect(problemOf(() => decode('', X, EXAMPLE))[0]).toBe('EmptyBody');
    expect(decode('', X, TFRECORDS, BATCH).rows).toBe(0);
  });

  it('F6: frames that Python wrote around what is no Example name the record', () => {
    expect(problemOf(() => decode(FRAMES_FROM_PYTHON, X, TFRECORDS))).toEqual([
      'DamagedRecord',
      0,
      'Record 0 does not parse as a tf.Example',
    ]);
  });

  it.each<[string, Record<string, FeatureList>, string]>([
    ['a missing feature', { y: floats(1, 2) }, 'Record 0: feature "x" is missing; the record has "y"'],
    ['a wrong kind', { x: bytes('a', 'b') }, 'feature "x" is a bytes list, and float32 takes a float list'],
    ['integers for floats', { x: { kind: 'int64', values: [1, 2] } }, 'feature "x" is a int64 list'],
    ['a wrong count', { x: floats(1) }, 'feature "x" has 1 values, where 2 are due'],
    ['no list at all', { x: { kind: 'none' } }, 'feature "x" has 0 values, where 2 are due'],
  ])('F6: %s', (_, features, message) => {
    const [code, record, text] = problemOf(() => decode(example(features), X, EXAMPLE));
    expect([code, record]).toEqual(['InvalidTensor', 0]);
    expect(text).toContain(message);
  });

  it('F6: an integer out of the range of its input', () => {
    const model = modelOf({ x: { dtype: 'int8', shape: [-1] } });
    const body = example({ x: { kind: 'int64', values: [300] } });
    expect(problemOf(() => decode(body, model, EXAMPLE))[2]).toContain(
      'holds 300 at 0, which is out of the range of int8',
    );
  });

  it.each([
    ['a varint of eleven bytes', '0affffffffffffffffffff7f'],
    ['a length over what is left', '0a7f'],
    ['a group that never ends', '0b0b0b0b'],
    ['groups within groups', '0b'.repeat(200_000)],
    ['field number zero', '0000'],
    ['packed floats that are no whole values', '0a0d0a0b0a0178120612040a02aabb'],
  ])('F7: %s', (_, hex) => {
    expect(problemOf(() => decode(Buffer.from(hex, 'hex'), X, EXAMPLE)).slice(0, 2)).toEqual(['DamagedRecord', 0]);
  });

  it('F7: unknown fields are skipped', () => {
    const unknown = encodeMessage((writer) => writeBytes(writer, 99, Buffer.from('later')));
    expect(valuesOf(decode(Buffer.concat([unknown, good, unknown]), X, EXAMPLE)).values).toEqual([1, 2]);
  });

  it('F8: whether records are framed is said by the strategy, not by the body', () => {
    expect(decode(good, X, EXAMPLE, { binaryRecords: 'single' }).rows).toBe(1);
    expect(decode(framed(good, good), X, EXAMPLE, { binaryRecords: 'framed' }).rows).toBe(2);
    expect(problemOf(() => decode(framed(good), X, EXAMPLE, { binaryRecords: 'single' }))[0]).not.toBe('Internal');
    expect(problemOf(() => decode(good, X, EXAMPLE, { binaryRecords: 'framed' }))[0]).toBe('MalformedBody');
  });

  it('any damage is refused or well formed, and never crashes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.nat(),
        fc.boolean(),
        (hits, at, batch) => {
          const damaged = Buffer.from(FROM_PYTHON);
          for (const [place, byte] of hits) damaged[place % damaged.length] = byte;
          const body = damaged.subarray(0, at % (damaged.length + 1));
          try {
            const request = decode(
              batch ? framed(body, FROM_PYTHON) : body,
              ALL,
              batch ? TFRECORDS : EXAMPLE,
              batch ? BATCH : {},
            );
            expect(request.rows! + request.failures.length).toBe(batch ? 2 : 1);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(TwinvecError);
            expect((thrown as TwinvecError).status).toBeLessThan(500);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** A message of record.proto: the tensor of `values` under a field of Value. */
function recordOf(name: string, field: number, tensor: MessageWriter): Uint8Array {
  return encodeMessage((writer) => writeMapEntry(writer, 1, name, (value) => writeMessage(value, field, tensor)));
}

const float32Tensor =
  (values: number[], keys: number[] = [], shape: number[] = []): MessageWriter =>
  (writer) => {
    writeMessage(writer, 1, (packed) => {
      for (const value of values) packed.float(value);
    });
    for (const [field, list] of [
      [2, keys],
      [3, shape],
    ] as const) {
      if (list.length === 0) continue;
      writeMessage(writer, field, (packed) => {
        for (const value of list) packed.uint64(value);
      });
    }
  };

describe("SageMaker's protobuf Record", () => {
  const io = (...records: Uint8Array[]) => Buffer.concat(records.map(writeRecordIo));

  it('fills the only input from its name or from values', () => {
    for (const name of ['x', 'values']) {
      const body = io(recordOf(name, 2, float32Tensor([1, 2])), recordOf(name, 2, float32Tensor([3, 4])));
      expect(valuesOf(decode(body, X, RECORDS))).toEqual({ shape: [2, 2], values: [1, 2, 3, 4] });
    }
  });

  it('holds float64 and int32 too', () => {
    const doubles = recordOf('x', 3, (writer) =>
      writeMessage(writer, 1, (packed) => {
        packed.double(0.1).double(2);
      }),
    );
    expect(valuesOf(decode(io(doubles), modelOf({ x: { dtype: 'float64', shape: [-1, 2] } }), RECORDS)).values).toEqual(
      [0.1, 2],
    );
    const integers = recordOf('x', 7, (writer) =>
      writeMessage(writer, 1, (packed) => {
        packed.int32(-1).int32(7);
      }),
    );
    expect(valuesOf(decode(io(integers), modelOf({ x: { dtype: 'int32', shape: [-1, 2] } }), RECORDS)).values).toEqual([
      -1, 7,
    ]);
  });

  it('is made dense where it is sparse', () => {
    const model = modelOf({ x: { dtype: 'float32', shape: [-1, 4] } });
    const body = io(recordOf('values', 2, float32Tensor([5, 6], [1, 3], [4])));
    expect(valuesOf(decode(body, model, RECORDS))).toEqual({ shape: [1, 4], values: [0, 5, 0, 6] });
  });

  it.each<[string, Uint8Array, string]>([
    ['without values', recordOf('label', 2, float32Tensor([1])), 'is missing'],
    ['with other keys than values', recordOf('x', 2, float32Tensor([1], [0, 1], [2])), '2 keys for 1 values'],
    [
      'with a key out of its shape',
      recordOf('x', 2, float32Tensor([1, 2], [0, 2], [2])),
      'the key 2, which is not less than 2',
    ],
    [
      'of a size that is not the model\u2019s',
      recordOf('x', 2, float32Tensor([1], [0], [2 ** 40])),
      'sparse of size 1099511627776',
    ],
    ['sparse without its shape', recordOf('x', 2, float32Tensor([1], [0])), 'sparse of size 0'],
  ])('G6: %s is refused', (_, record, message) => {
    const [code, index, text] = problemOf(() => decode(io(record), X, RECORDS));
    expect([code, index]).toEqual(['InvalidTensor', 0]);
    expect(text).toContain(message);
  });

  it('G5: one record without its frame, when the strategy says so', () => {
    const one = recordOf('x', 2, float32Tensor([1, 2]));
    expect(decode(one, X, RECORDS, { binaryRecords: 'single' }).rows).toBe(1);
    expect(problemOf(() => decode(one, X, RECORDS))[0]).toBe('MalformedBody');
  });

  it('G7: no record at all is refused', () => {
    expect(problemOf(() => decode('', X, RECORDS))[0]).toBe('EmptyBody');
  });
});

const image = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../fixtures/images/${name}`, import.meta.url)));

describe('an image', () => {
  it.each([
    ['application/x-image', 'rgb.png'],
    ['application/x-image', 'rgb.jpg'],
    ['image/png', 'rgb.png'],
    ['image/jpeg', 'rgb.jpg'],
  ])('%s is the only string, as it is: %s', (type, name) => {
    const body = image(name);
    expect(decode(body, STRINGS, type).inputs.image_bytes).toEqual({ dtype: 'string', shape: [1], data: [body] });
  });

  it.each([
    ['I1: one byte', 'application/x-image', Uint8Array.of(0xff), 'InvalidImage'],
    ['I2: a JPEG named PNG', 'image/png', image('rgb.jpg'), 'UnsupportedMediaType'],
    ['I2: a PNG named JPEG', 'image/jpeg', image('rgb.png'), 'UnsupportedMediaType'],
    ['I2: a GIF', 'application/x-image', Buffer.from('GIF89a, by its first bytes'), 'UnsupportedMediaType'],
  ])('%s is refused before the model sees it', (_, type, body, code) => {
    expect(problemOf(() => decode(body, STRINGS, type)).slice(0, 2)).toEqual([code, 0]);
  });

  it('that is bad keeps its place in a batch', () => {
    const { rows, failures } = decode('GIF89a, by its first bytes', STRINGS, 'application/x-image', BATCH);
    expect([rows, failures.map(({ record, error }) => [record, error.code])]).toEqual([
      0,
      [[0, 'UnsupportedMediaType']],
    ]);
  });
});

describe('bytes', () => {
  it('application/octet-stream is the only string, whatever it holds', () => {
    const body = Uint8Array.of(0x1f, 0x8b, 0xff, 0);
    const { inputs } = decode(body, STRINGS, 'application/octet-stream');
    expect(inputs.image_bytes).toEqual({ dtype: 'string', shape: [1], data: [body] });
  });

  it('come many to a body in RecordIO', () => {
    const body = Buffer.concat([Buffer.from('a'), Buffer.from('bc')].map(writeRecordIo));
    expect(valuesOf(decode(body, STRINGS, 'application/x-recordio'), 'image_bytes').values).toEqual(['a', 'bc']);
  });

  it('are refused by a model that takes none', () => {
    expect(problemOf(() => decode('x', X, 'image/jpeg'))).toEqual([
      'InvalidTensor',
      undefined,
      'Bytes are for a model whose only input is a string, and its inputs are "x" (float32)',
    ]);
  });
});

describe('the shape of a string input', () => {
  it.each<[readonly number[] | undefined, number[]]>([
    [[-1], [1]],
    [
      [-1, 1],
      [1, 1],
    ],
    [
      [-1, -1],
      [1, 1],
    ],
    [undefined, [1]],
  ])('%j holds bytes as %j', (shape, expected) => {
    const model = modelOf({ s: shape ? { dtype: 'string', shape } : { dtype: 'string' } });
    expect(decode('x', model, 'application/octet-stream').inputs.s!.shape).toEqual(expected);
  });

  it('of several strings a record takes no bytes', () => {
    const model = modelOf({ s: { dtype: 'string', shape: [-1, 2] } });
    expect(problemOf(() => decode('x', model, 'image/png'))[2]).toContain('takes 2 strings a record');
  });
});
