import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { encodeTensors } from '#core/tensors/codec.ts';
import type { DType, Tensor, TensorSpec } from '#core/tensors/tensor.ts';
import type { TensorResponse } from '#core/tensors/tensor-request.ts';
import { refusalOf } from '../refusal.ts';
import { decode, modelOf, OPTIONS, valuesOf } from './decoding.ts';

const NPY = 'application/x-npy';

/** Byte for byte what numpy.save (2.x) writes for these dictionaries: version 1.0, padded to 128 bytes. */
function saved(descr: string, shape: string, values: string, order = 'False'): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`.padEnd(117);
  return Buffer.concat([
    Buffer.from('934e554d505901007600', 'hex'),
    Buffer.from(`${text}\n`),
    Buffer.from(values, 'hex'),
  ]);
}

const model = (dtype: DType, shape?: readonly number[]) =>
  modelOf({ x: (shape ? { dtype, shape } : { dtype }) satisfies TensorSpec });
const read = (body: Uint8Array, dtype: DType, shape?: readonly number[]) =>
  valuesOf(decode(body, model(dtype, shape), NPY));
const problemOf = (body: Uint8Array, dtype: DType = 'float32') => {
  const { code, message } = refusalOf(() => read(body, dtype));
  return `${code}: ${message}`;
};

describe('an array that NumPy saved', () => {
  it('is the only input, and its first dimension the records', () => {
    const body = saved('<f4', '(1, 3)', '0000803f000000400000a040');
    const request = decode(body, model('float32', [-1, 3]), NPY);
    expect(request).toMatchObject({ form: 'row', rows: 1 });
    expect(valuesOf(request)).toEqual({ shape: [1, 3], values: [1, 2, 5] });
  });

  it.each<[string, Buffer, DType, readonly number[], unknown[]]>([
    ['big-endian float64', saved('>f8', '(1, 2)', '3ff80000000000004000000000000000'), 'float32', [1, 2], [1.5, 2]],
    [
      'Fortran order',
      saved('<i4', '(2, 3)', '010000000400000002000000050000000300000006000000', 'True'),
      'int32',
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    ['float16', saved('<f2', '(2,)', '003c00bc'), 'float16', [2], [1, -1]],
    ['unicode', saved('<U2', '(2,)', '68000000e90000007800000000000000'), 'string', [2], ['h\u00e9', 'x']],
    ['bytes', saved('|S2', '(2,)', '61626300'), 'string', [2], ['ab', 'c']],
    ['booleans', saved('|b1', '(2,)', '0100'), 'bool', [2], [1, 0]],
    ['int64', saved('<i8', '(1,)', '0100000000002000'), 'int64', [1], [9007199254740993n]],
    ['int64 for a float input', saved('<i8', '(1,)', '0500000000000000'), 'float32', [1], [5]],
    ['int64 for a small integer input', saved('<i8', '(1,)', '0500000000000000'), 'uint8', [1], [5]],
    ['complex64', saved('<c8', '(1,)', '0000803f00000040'), 'complex64', [1], [1, 2]],
  ])('of %s', (_, body, dtype, shape, values) => {
    expect(read(body, dtype)).toEqual({ shape, values });
  });

  it('without dimensions is a whole tensor in column form', () => {
    const request = decode(saved('<f8', '()', '0000000000001c40'), model('float64', []), NPY);
    expect([request.form, request.rows, valuesOf(request)]).toEqual(['column', undefined, { shape: [], values: [7] }]);
  });

  it('may have a header of version 2 or 3', () => {
    const text = Buffer.from("{'shape': (1,), 'fortran_order': False, 'descr': '|u1'}");
    for (const version of [2, 3]) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      const start = Buffer.from(`934e554d50590${version}00`, 'hex');
      expect(read(Buffer.concat([start, length, text, Buffer.from([7])]), 'uint8').values).toEqual([7]);
    }
  });
});

describe('refusals', () => {
  it.each<[string, Uint8Array, string]>([
    ['an empty body', new Uint8Array(0), 'EmptyBody'],
    ['no npy at all', Buffer.from('{"instances":[1]}'), 'MalformedBody: The npy body is broken: it does not start'],
    ['pickled objects', saved('|O', '(1,)', '00'), 'UnsupportedMediaType'],
    [
      'structured arrays',
      Buffer.from(saved('<f4', '(1,)', '00000000').toString('latin1').replace("'<f4'", "[('a','<f4')]"), 'latin1'),
      'UnsupportedMediaType',
    ],
    ['strings of no width', saved('|S0', '(99999999,)', ''), 'UnsupportedMediaType'],
    ['complex128', saved('<c16', '(1,)', '00'.repeat(16)), 'UnsupportedMediaType'],
    [
      'too few values',
      saved('<f4', '(2,)', '00000000'),
      'MalformedBody: The npy body is broken: 8 bytes of values are due and 4 are there',
    ],
    ['too many values', saved('<f4', '(1,)', '0000000000'), 'MalformedBody'],
    ['a shape that overflows', saved('<f4', '(4294967296, 4294967296)', ''), 'MalformedBody'],
    [
      'a negative size',
      saved('<f4', '(2, -1,)', ''),
      'MalformedBody: The npy body is broken: dimension 1 of the shape (2, -1,) is negative',
    ],
    [
      'no shape',
      Buffer.from(saved('<f4', '(1,)', '').toString('latin1').replace("'shape'", "'shapo'"), 'latin1'),
      'MalformedBody',
    ],
    [
      'code for a value',
      Buffer.from(saved('<f4', '(1,)', '').toString('latin1').replace('False', 'eval('), 'latin1'),
      'UnsupportedMediaType',
    ],
    ['no records', saved('<f4', '(0, 1125899906842624)', ''), 'EmptyBody'],
    ['floats for integers', saved('<f4', '(1,)', '00000000'), 'InvalidTensor'],
    ['a string that is no text', saved('<U1', '(1,)', '00d80000'), 'MalformedBody'],
  ])('%s', (name, body, message) => {
    const dtype = name.startsWith('floats') ? 'int32' : name.startsWith('a string') ? 'string' : 'float32';
    expect(problemOf(body, dtype)).toContain(message);
  });

  it('a number out of range names its record', () => {
    const refusal = refusalOf(() => read(saved('<i4', '(2, 1)', '010000002c010000'), 'int8'));
    expect([refusal.code, refusal.record]).toEqual(['InvalidTensor', 1]);
    expect(refusal.message).toBe('input "x": record 1: 300 is out of the range of int8');
  });

  it('another shape, several inputs, too many records', () => {
    const body = saved('<f4', '(1, 3)', '0000803f000000400000a040');
    expect(refusalOf(() => read(body, 'float32', [-1, 2])).message).toContain('Expecting shape [any,2] but got: [1,3]');
    const two = modelOf({ a: { dtype: 'float32' }, b: { dtype: 'float32' } });
    expect(refusalOf(() => decode(body, two, NPY)).message).toContain('several inputs');
    expect(refusalOf(() => decode(body, model('float32'), NPY, { ...OPTIONS, maxRecords: 0 })).code).toBe(
      'PayloadTooLarge',
    );
  });

  it('cut short or damaged anywhere, it is refused or well formed', () => {
    const body = saved('<f4', '(2, 3)', '00'.repeat(24));
    for (let length = 0; length < body.length; length++) {
      expect(refusalOf(() => read(body.subarray(0, length), 'float32')).status).toBeLessThan(500);
    }
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (hits) => {
        const damaged = Buffer.from(body);
        for (const [place, byte] of hits) damaged[place % damaged.length] = byte;
        try {
          const { shape, values } = read(damaged, 'float32');
          expect(values.length).toBe(shape.reduce((product, size) => product * size, 1));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TwinvecError);
          expect((thrown as TwinvecError).status).toBeLessThan(500);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('answers', () => {
  const encode = (tensor: Tensor, more: Partial<TensorResponse> = {}) =>
    encodeTensors(
      {
        method: 'predict',
        signature: { inputs: {}, outputs: { y: tensor } },
        form: 'row',
        outputs: { y: tensor },
        rows: tensor.shape[0],
        failures: [],
        ...more,
      },
      NPY,
    );

  it('are byte for byte what numpy.save writes', () => {
    const y: Tensor = { dtype: 'float32', shape: [1, 3], data: Float32Array.of(1, 2, 5) };
    expect(encode(y).toString('hex')).toBe(saved('<f4', '(1, 3)', '0000803f000000400000a040').toString('hex'));
    const s: Tensor = { dtype: 'string', shape: [2], data: [Buffer.from('ab'), Buffer.from('c')] };
    expect(encode(s).toString('hex')).toBe(saved('|S2', '(2,)', '61626300').toString('hex'));
  });

  it.each<Tensor>([
    { dtype: 'float16', shape: [6], data: Float32Array.of(1, -0.0999755859375, 65504, 2 ** -24, Infinity, -0) },
    { dtype: 'float64', shape: [2], data: Float64Array.of(0.1, Number.NaN) },
    { dtype: 'int8', shape: [2], data: Int32Array.of(-128, 127) },
    { dtype: 'uint8', shape: [1], data: Int32Array.of(255) },
    { dtype: 'int16', shape: [1], data: Int32Array.of(-32768) },
    { dtype: 'uint16', shape: [1], data: Int32Array.of(65535) },
    { dtype: 'int32', shape: [1], data: Int32Array.of(-5) },
    { dtype: 'uint32', shape: [1], data: Uint32Array.of(4294967295) },
    { dtype: 'int64', shape: [1], data: BigInt64Array.of(-5n) },
    { dtype: 'uint64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    { dtype: 'complex64', shape: [1], data: Float32Array.of(1, -2) },
  ])('of $dtype read back as they were', (tensor) => {
    const request = decode(encode(tensor), modelOf({ x: { dtype: tensor.dtype } }), NPY);
    expect(request.inputs.x).toEqual(tensor);
  });

  it('are refused where an array cannot hold them', () => {
    const one: Tensor = { dtype: 'float32', shape: [1], data: Float32Array.of(1) };
    const two = { signature: { inputs: {}, outputs: { y: one, z: one } }, outputs: { y: one, z: one } };
    const failures = [{ record: 0, error: new TwinvecError('InvalidTensor', 'bad') }];
    const zero: Tensor = { dtype: 'string', shape: [1], data: [Uint8Array.of(1, 0)] };
    for (const act of [() => encode(one, two), () => encode(one, { failures }), () => encode(zero)]) {
      expect(refusalOf(act).code).toBe('NotAcceptable');
    }
  });
});
