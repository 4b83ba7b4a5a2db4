import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { encodeTensors } from '#core/tensors/codec.ts';
import type { InferenceMethod } from '#core/tensors/signature.ts';
import type { NamedTensors, Tensor } from '#core/tensors/tensor.ts';
import type { TensorResponse } from '#core/tensors/tensor-request.ts';
import { refusalOf } from '../refusal.ts';
import { decode, modelOf, valuesOf } from './decoding.ts';

const float32 = (shape: number[], values: number[]): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});
const strings = (shape: number[], values: (string | Uint8Array)[]): Tensor => ({
  dtype: 'string',
  shape,
  data: values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
});

function responseOf(outputs: NamedTensors, more: Partial<TensorResponse> = {}): TensorResponse {
  const rows = Object.values(outputs)[0]?.shape[0];
  return { method: 'predict', signature: { inputs: {}, outputs }, form: 'row', outputs, rows, failures: [], ...more };
}

const encode = (outputs: NamedTensors, more: Partial<TensorResponse> = {}, type = 'application/json') =>
  encodeTensors(responseOf(outputs, more), type).toString();

describe('predict', () => {
  it('gives the values of a single output, and objects for several in the order of the signature', () => {
    const y = float32([2, 2], [3.5, 4, 1e-7, -0]);
    expect(encode({ y })).toBe('{"predictions":[[3.5,4.0],[1.0e-7,-0.0]]}');
    const z = float32([2], [1, 2]);
    expect(encode({ z, y }, { signature: { inputs: {}, outputs: { y, z } } })).toBe(
      '{"predictions":[{"y":[3.5,4.0],"z":1.0},{"y":[1.0e-7,-0.0],"z":2.0}]}',
    );
  });

  it('gives whole outputs in column form', () => {
    expect(encode({ y: float32([], [2.5]) }, { form: 'column', rows: undefined })).toBe('{"outputs":2.5}');
    const both = { a: float32([1], [1]), b: strings([2], ['x', 'y']) };
    expect(encode(both, { form: 'column' })).toBe('{"outputs":{"a":[1.0],"b":["x","y"]}}');
  });

  it.each<[string, Tensor, string]>([
    ['NaN and infinities', float32([4], [Number.NaN, Infinity, -Infinity, 0.1]), '[NaN,Infinity,-Infinity,0.1]'],
    ['float64', { dtype: 'float64', shape: [4], data: Float64Array.of(0.1, 3, -0, Number.NaN) }, '[0.1,3.0,-0.0,NaN]'],
    ['large float64', { dtype: 'float64', shape: [2], data: Float64Array.of(1e21, 5e-324) }, '[1e+21,5e-324]'],
    ['float16', { dtype: 'float16', shape: [1], data: Float32Array.of(0.0999755859375) }, '[0.099975586]'],
    ['int32', { dtype: 'int32', shape: [4], data: Int32Array.of(0, -2147483648, 10, 99) }, '[0,-2147483648,10,99]'],
    ['uint32', { dtype: 'uint32', shape: [1], data: Uint32Array.of(4294967295) }, '[4294967295]'],
    ['int64', { dtype: 'int64', shape: [2], data: BigInt64Array.of(9007199254740993n, -1n) }, '[9007199254740993,-1]'],
    ['uint64', { dtype: 'uint64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }, '[18446744073709551615]'],
    ['bool', { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }, '[true,false]'],
    ['complex64', { dtype: 'complex64', shape: [2], data: Float32Array.of(1, 2, 3, 4) }, '[[1.0,2.0],[3.0,4.0]]'],
    ['text', strings([2], ['plain', 'q"\n\u00e9\u{1f600}']), '["plain","q\\"\\n\u00e9\u{1f600}"]'],
    ['bytes that are no text', strings([1], [Buffer.from([0xff, 0])]), '[{"b64":"/wA="}]'],
  ])('writes %s', (_, tensor, list) => {
    expect(encode({ y: tensor })).toBe(`{"predictions":${list}}`);
  });

  it('writes an output whose name ends in _bytes as base64 always', () => {
    expect(encode({ image_bytes: strings([1], ['hi']) })).toBe('{"predictions":[{"b64":"aGk="}]}');
  });

  it('keeps failures in their places', () => {
    const failures = [{ record: 1, error: new TwinvecError('InvalidTensor', 'bad') }];
    expect(encode({ y: float32([2], [1, 2]) }, { failures })).toBe(
      '{"predictions":[1.0,{"error":{"code":"InvalidTensor","message":"bad"},"record":1},2.0]}',
    );
    expect(encode({}, { failures: [{ ...failures[0]!, record: 0 }], rows: 0 }, 'application/jsonlines')).toBe(
      '{"error":{"code":"InvalidTensor","message":"bad"},"record":0}\n',
    );
  });

  it('refuses outputs that have no row for each record, naming the form that has them', () => {
    const refusal = refusalOf(() => encode({ y: float32([3], [1, 2, 3]) }, { rows: 2 }));
    expect(refusal.code).toBe('InvalidEnvelope');
    expect(refusal.message).toContain('Output "y" has shape [3]');
  });
});

describe('classify and regress', () => {
  const classify = { method: 'classify' as InferenceMethod };

  it('give results: labels with scores, or numbers', () => {
    const scores = float32([2, 2], [0.25, 0.75, 1, 0]);
    const classes = strings([2, 2], ['a', 'b', 'c', 'd']);
    expect(encode({ classes, scores }, classify)).toBe('{"results":[[["a",0.25],["b",0.75]],[["c",1.0],["d",0.0]]]}');
    expect(encode({ scores }, classify)).toBe('{"results":[[["",0.25],["",0.75]],[["",1.0],["",0.0]]]}');
    expect(encode({ outputs: float32([2, 1], [3.5, 4]) }, { method: 'regress' })).toBe('{"results":[3.5,4.0]}');
  });

  it('refuse signatures of another kind', () => {
    expect(refusalOf(() => encode({ y: float32([1], [1]) }, classify)).message).toContain('classify needs');
    expect(refusalOf(() => encode({ y: float32([1, 2], [1, 2]) }, { method: 'regress' })).message).toContain(
      'regress needs',
    );
  });
});

describe('JSON Lines', () => {
  it('have one record a line, each with its newline, and text never breaks one', () => {
    expect(encode({ y: strings([2], ['a\nb', 'c']) }, {}, 'application/jsonlines')).toBe('"a\\nb"\n"c"\n');
  });

  it('are refused for tensors that share no rows', () => {
    const act = () => encode({ y: float32([], [1]) }, { form: 'column', rows: undefined }, 'application/jsonlines');
    expect(refusalOf(act).code).toBe('NotAcceptable');
  });
});

describe('every float32 tensor', () => {
  it('reads back from its own JSON bit by bit', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noDefaultInfinity: false }), { minLength: 1, maxLength: 50 }), (values) => {
        // Act
        const text = encode({ y: float32([values.length], values) }).replace('predictions', 'instances');
        const request = decode(text, modelOf({ x: { dtype: 'float32', shape: [-1] } }));

        // Assess
        expect(valuesOf(request).values).toEqual(values);
      }),
    );
  });
});

describe('every string tensor', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 }).map((one) => new TextEncoder().encode(one));
  const lists = fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), text), { minLength: 1, maxLength: 8 });
  const hex = (values: readonly Uint8Array[]) => values.map((one) => Buffer.from(one).toString('hex'));

  it('reads back from its own JSON byte by byte', () => {
    fc.assert(
      fc.property(lists, (values) => {
        const body = encode({ y: strings([values.length], values) }).replace('predictions', 'instances');
        const request = decode(body, modelOf({ x: { dtype: 'string', shape: [-1] } }));
        expect(hex(request.inputs.x!.data as readonly Uint8Array[])).toEqual(hex(values));
      }),
    );
  });
});
