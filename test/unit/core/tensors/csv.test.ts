/** CSV requests and answers; E1 to E10 are the faults of CSV, each by its number. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { encodeTensors } from '#core/tensors/codec.ts';
import type { NamedTensors, Tensor, TensorSpec } from '#core/tensors/tensor.ts';
import type { TensorResponse } from '#core/tensors/tensor-request.ts';
import { refusalOf } from '../refusal.ts';
import { BATCH, decode, FLOATS, modelOf, SCALARS, valuesOf } from './decoding.ts';

const CSV = 'text/csv';
const WITH_HEADER = 'text/csv; header=present';
const TEXT = modelOf({ x: { dtype: 'string', shape: [-1, -1] } });
const vectors = (dtype: TensorSpec['dtype']) => modelOf({ x: { dtype, shape: [-1, -1] } });
const textOf = (body: string) => valuesOf(decode(body, TEXT, CSV));
const problemOf = (body: string, model = FLOATS, type = CSV) => {
  const { code, record, message } = refusalOf(() => decode(body, model, type));
  return [code, record, message];
};

describe('rows of numbers', () => {
  it('are instances, with any line end and blank lines between', () => {
    expect(valuesOf(decode('\ufeff1,2,5\r\n\r\n3,4,5\n\n"6",7,8', FLOATS, CSV))).toEqual({
      shape: [3, 3],
      values: [1, 2, 5, 3, 4, 5, 6, 7, 8],
    });
  });

  it('are scalars for an input of scalars, and vectors or scalars where the signature says nothing', () => {
    expect(valuesOf(decode('0.0\n1\n', SCALARS, CSV)).shape).toEqual([2]);
    const open = modelOf({ x: { dtype: 'float32' } });
    expect(valuesOf(decode('1\n2', open, CSV)).shape).toEqual([2]);
    expect(valuesOf(decode('1,2', open, CSV)).shape).toEqual([1, 2]);
    expect(valuesOf(decode('7', vectors('float32'), CSV)).shape).toEqual([1, 1]);
  });

  it('fill fixed inner dimensions', () => {
    const model = modelOf({ x: { dtype: 'float32', shape: [-1, 2, 2] } });
    expect(valuesOf(decode('1,2,3,4', model, CSV))).toEqual({ shape: [1, 2, 2], values: [1, 2, 3, 4] });
    const open = modelOf({ x: { dtype: 'float32', shape: [-1, -1, 2] } });
    expect(refusalOf(() => decode('1,2', open, CSV)).message).toContain('which rows of CSV cannot hold');
  });

  it('are exact for integers of 64 bits', () => {
    const values = valuesOf(decode('9007199254740993,+5,-9223372036854775808', vectors('int64'), CSV)).values;
    expect(values).toEqual([9007199254740993n, 5n, -(2n ** 63n)]);
  });

  it('read true and false in any case', () => {
    expect(valuesOf(decode('true,False,TRUE', vectors('bool'), CSV)).values).toEqual([1, 0, 1]);
    expect(problemOf('1', vectors('bool'))[0]).toBe('InvalidTensor');
  });
});

describe('several inputs', () => {
  const pair = modelOf({ a: { dtype: 'float32', shape: [-1, 2] }, b: { dtype: 'string', shape: [-1] } });

  it('need a header with their names, in any order', () => {
    const request = decode('b,a,a\n"x, y",1,2\nz,3,4\n', pair, WITH_HEADER);
    expect(valuesOf(request, 'a')).toEqual({ shape: [2, 2], values: [1, 2, 3, 4] });
    expect(valuesOf(request, 'b')).toEqual({ shape: [2], values: ['x, y', 'z'] });
    expect(problemOf('x,1,2\n', pair)).toEqual(['InvalidTensor', undefined, expect.stringContaining('header=present')]);
  });

  it.each([
    ['a,b\n1,x', 'the input "a" has 1 columns of its name and takes 2'],
    ['a,a\n1,2', 'the input "b" has 0 columns'],
    ['a,a,c\n1,2,3', 'the header names "c"'],
  ])('refuse the header of %j', (body, message) => {
    expect(problemOf(body, pair, WITH_HEADER)[2]).toContain(message);
  });

  it('count a header out of the records', () => {
    expect(valuesOf(decode('p,q,r\n1,2,5', FLOATS, WITH_HEADER)).shape).toEqual([1, 3]);
    expect(problemOf('a,a,b\n1,x,y', pair, WITH_HEADER)).toEqual([
      'InvalidTensor',
      0,
      'Line 2 (record 0), column 1: "x" is not float32',
    ]);
    expect(problemOf('1', FLOATS, 'text/csv; header=maybe')[0]).toBe('UnsupportedMediaType');
  });
});

describe('the faults of CSV', () => {
  it('E1: three and more text columns stay apart', () => {
    expect(textOf('a,b,c,d')).toEqual({ shape: [1, 4], values: ['a', 'b', 'c', 'd'] });
    expect(problemOf('a,b,c')).toEqual(['InvalidTensor', 0, 'Line 1 (record 0), column 0: "a" is not float32']);
  });

  it('E2: quoted commas and doubled quotes are data; a quote elsewhere is an error', () => {
    expect(textOf('"a,b","c ""d""",e')).toEqual({ shape: [1, 3], values: ['a,b', 'c "d"', 'e'] });
    expect(problemOf('x"y"z', TEXT)[0]).toBe('MalformedBody');
    expect(problemOf('"x"y', TEXT)).toEqual([
      'MalformedBody',
      0,
      'Line 1 (record 0), column 0: text follows the quote that ends a field',
    ]);
  });

  it('E3: a line break in quotes is data, but in a batch, which is split by line, an error', () => {
    expect(textOf('"a\nb",c')).toEqual({ shape: [1, 2], values: ['a\nb', 'c'] });
    const request = decode('x,y\n"a\nb",c\nd,e\n', TEXT, CSV, BATCH);
    expect(valuesOf(request).values).toEqual(['x', 'y', 'd', 'e']);
    expect(request.failures.map(({ record, error }) => [record, error.code])).toEqual([
      [1, 'MalformedBody'],
      [2, 'MalformedBody'],
    ]);
    expect(request.failures[0]!.error.message).toContain('CSV cannot hold a line break within quotes');
  });

  it('E4: a header that was not announced is no record of numbers', () => {
    expect(problemOf('height,width,depth\n1,2,3')).toEqual([
      'InvalidTensor',
      0,
      'Line 1 (record 0), column 0: "height" is not float32',
    ]);
  });

  it('E5: a ragged row, a trailing comma and an empty cell name record and column', () => {
    expect(problemOf('1,2,3\n1,2')).toEqual(['InvalidTensor', 1, 'Line 2 (record 1) has 2 columns, where 3 are due']);
    expect(problemOf('1,2,3,\n')).toEqual(['InvalidTensor', 0, 'Line 1 (record 0) has 4 columns, where 3 are due']);
    expect(problemOf('1,,3')).toEqual([
      'InvalidTensor',
      0,
      'Line 1 (record 0), column 1: the field is empty where float32 is due',
    ]);
    expect(problemOf('a,b\nc', TEXT)).toEqual(['InvalidTensor', 1, 'Line 2 (record 1) has 1 columns, where 2 are due']);
  });

  it.each([
    ['1e5', 1e5],
    [' 1 ', 1],
    ['\t1\t', 1],
    ['+1', 1],
    ['.5', 0.5],
    ['1.', 1],
    ['-1.5E-2', Math.fround(-0.015)],
    ['007', 7],
    ['" 2 "', 2],
    ['123456789012345678', Math.fround(123456789012345680)],
  ])('E6: %j is a number', (text, value) => {
    expect(valuesOf(decode(text, SCALARS, CSV)).values).toEqual([value]);
  });

  it.each(['0x10', '1_000', 'NaN', 'inf', 'Infinity', '-', '.', '1e', '1 2', '1e400', '""', "'1'", '1f', '--1'])(
    'E6: %j is none',
    (text) => {
      expect(problemOf(text, SCALARS).slice(0, 2)).toEqual(['InvalidTensor', 0]);
    },
  );

  it.each(['1.0', '1e3', '2147483648'])('E6: %j is no int32', (text) => {
    expect(problemOf(text, vectors('int32')).slice(0, 2)).toEqual(['InvalidTensor', 0]);
  });

  it.each(['1;2;3', '1\t2\t3', '1,5;2,5;3,5'])('E7: another delimiter is not guessed: %j', (text) => {
    expect(problemOf(text).slice(0, 2)).toEqual(['InvalidTensor', 0]);
  });

  it('E8: a quote that nobody closes ends the body, not the server', () => {
    const [code, record, message] = problemOf(
      `a\n"${'x'.repeat(1_000_000)}`,
      modelOf({ x: { dtype: 'string', shape: [-1] } }),
    );
    expect([code, record]).toEqual(['MalformedBody', 1]);
    expect(message).toContain('a quote is opened and never closed');
  });

  it('E9: columns are those of the model, and no row is an error', () => {
    expect(problemOf(Array(100_000).fill('1').join(','))).toEqual([
      'InvalidTensor',
      0,
      'Line 1 (record 0) has 100000 columns, where 3 are due',
    ]);
    expect(problemOf('')[0]).toBe('EmptyBody');
    expect(problemOf('\n\r\n\n')[0]).toBe('EmptyBody');
  });

  it('E10: formulas are data, in and out', () => {
    expect(textOf('=cmd(),@x')).toEqual({ shape: [1, 2], values: ['=cmd()', '@x'] });
    expect(encode({ y: strings([2], ['=cmd()', '+1']) })).toBe('"=cmd()"\n"+1"\n');
  });

  it('JSON under the name of CSV is refused with its record (B5)', () => {
    expect(problemOf('{"instances":[[1,2,5]]}').slice(0, 2)).toEqual(['MalformedBody', 0]);
    expect(problemOf('{"instances":[["a"]]}', TEXT).slice(0, 2)).toEqual(['MalformedBody', 0]);
  });
});

describe('a batch', () => {
  it('keeps bad rows in their places', () => {
    const request = decode('1,2,5\nx,y,z\n\n1,2\n3,4,5', FLOATS, CSV, BATCH);
    expect(valuesOf(request)).toEqual({ shape: [2, 3], values: [1, 2, 5, 3, 4, 5] });
    expect(request.failures.map(({ record, error }) => [record, error.message])).toEqual([
      [1, 'Line 2 (record 1), column 0: "x" is not float32'],
      [2, 'Line 4 (record 2) has 2 columns, where 3 are due'],
    ]);
    expect(decode('', FLOATS, CSV, BATCH).rows).toBe(0);
  });
});

describe('every table', () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.array(fc.constantFrom('"', ',', '\n', '\r', 'a'), { maxLength: 6 }).map((parts) => parts.join('')),
  );
  const tables = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));
  const write = (rows: readonly string[][], end: string) =>
    rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')).join(end);

  it('of quoted text comes back as it was', () => {
    fc.assert(
      fc.property(tables, fc.constantFrom('\n', '\r\n'), (rows, end) => {
        expect(textOf(write(rows, end))).toEqual({ shape: [rows.length, rows[0]!.length], values: rows.flat() });
      }),
    );
  });

  it('of numbers that were encoded comes back bit by bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 30 }),
        (values) => {
          const text = encode({ y: { dtype: 'float32', shape: [1, values.length], data: Float32Array.from(values) } });
          expect(valuesOf(decode(text, vectors('float32'), CSV)).values).toEqual(values);
        },
      ),
    );
  });

  it('cut short or damaged anywhere is refused or well formed', () => {
    fc.assert(
      fc.property(
        tables,
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.boolean(),
        (rows, at, hits, batch) => {
          const body = Buffer.from(write(rows, '\n'));
          for (const [place, byte] of hits) body[place % body.length] = byte;
          const cut = body.subarray(0, at % (body.length + 1));
          try {
            const { shape, values } = valuesOf(decode(cut, TEXT, CSV, batch ? BATCH : {}));
            expect(values.length).toBe(shape[0]! * shape[1]!);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(TwinvecError);
            expect((thrown as TwinvecError).status).toBeLessThan(500);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

const strings = (shape: number[], values: string[]): Tensor => ({
  dtype: 'string',
  shape,
  data: values.map((value) => Buffer.from(value)),
});

function encode(outputs: NamedTensors, more: Partial<TensorResponse> = {}): string {
  const response: TensorResponse = {
    method: 'predict',
    signature: { inputs: {}, outputs },
    form: 'row',
    outputs,
    rows: Object.values(outputs)[0]?.shape[0] ?? 0,
    failures: [],
    ...more,
  };
  return encodeTensors(response, CSV).toString();
}

describe('answers', () => {
  const y: Tensor = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(3.5, 4, Number.NaN, -1e-9) };
  const n: Tensor = { dtype: 'int64', shape: [2], data: BigInt64Array.of(9007199254740993n, -1n) };

  it('have one line a record and the outputs as columns in the order of the signature', () => {
    expect(encode({ y, n, t: strings([2], ['a "b", c', '']) })).toBe(
      '3.5,4.0,9007199254740993,"a ""b"", c"\nNaN,-1.0e-9,-1,""\n',
    );
  });

  it('keep failures in their places as one quoted field', () => {
    const failures = [{ record: 0, error: new TwinvecError('InvalidTensor', 'bad, very') }];
    expect(encode({ n }, { failures })).toBe(
      '"{""error"":{""code"":""InvalidTensor"",""message"":""bad, very""},""record"":0}"\n9007199254740993\n-1\n',
    );
    expect(encode({}, { failures, rows: 0 })).toMatch(/^"\{.*\}"\n$/);
  });

  it.each<[string, NamedTensors]>([
    ['nested values', { y: { dtype: 'float32', shape: [1, 1, 1], data: Float32Array.of(1) } }],
    ['complex numbers', { y: { dtype: 'complex64', shape: [1], data: Float32Array.of(1, 2) } }],
    ['text with line breaks', { y: strings([1], ['a\nb']) }],
    ['bytes that are no text', { y: { dtype: 'string', shape: [1], data: [Uint8Array.of(0xff)] } }],
  ])('B9: %s are refused, not mangled', (_, outputs) => {
    expect(refusalOf(() => encode(outputs)).code).toBe('NotAcceptable');
  });

  it('hold the bytes of outputs that say so as base64', () => {
    expect(encode({ y_bytes: { dtype: 'string', shape: [1], data: [Uint8Array.of(0xff)] } })).toBe('"/w=="\n');
  });
});
