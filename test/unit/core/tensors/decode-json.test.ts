import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorSignatures } from '#core/tensors/signature.ts';
import type { DType, TensorSpec } from '#core/tensors/tensor.ts';
import { refusalOf } from '../refusal.ts';
import { decode, FLOATS, modelOf, SCALARS, valuesOf } from './decoding.ts';

const anyShape = (dtype: DType): TensorSignatures => modelOf({ x: { dtype } });
const PAIR = modelOf({ a: { dtype: 'float32', shape: [-1, 2] }, b: { dtype: 'int32', shape: [-1] } });
const TEXT = modelOf({ image_bytes: { dtype: 'string', shape: [-1] } });

describe('row form', () => {
  it.each([
    ['plain rows', '{"instances":[[1,2,5],[3.5,-4e0,0.25]]}'],
    ['named rows', '{"instances":[{"x":[1,2,5]},{"x":[3.5,-4e0,0.25]}]}'],
    ['names with escapes and any whitespace', ' {\n"instances" : [ {"\\u0078" : [ 1 ,2, 5 ]} , [3.5,\t-4,0.25 ] ] } '],
    ['a byte order mark', '\ufeff{"instances":[[1,2,5],[3.5,-4,0.25]]}'],
  ])('reads %s', (_, body) => {
    // Act
    const request = decode(body, FLOATS);

    // Assess
    expect(request).toMatchObject({ form: 'row', rows: 2, signatureName: 'serving_default', failures: [] });
    expect(valuesOf(request)).toEqual({ shape: [2, 3], values: [1, 2, 5, 3.5, -4, 0.25] });
  });

  it('reads scalars', () => {
    expect(valuesOf(decode('{"instances": [1.0, 2.0, 5.0]}', SCALARS))).toEqual({ shape: [3], values: [1, 2, 5] });
  });

  it('reads several inputs in any order', () => {
    // Act
    const request = decode('{"instances":[{"a":[1,2],"b":7},{"b":8,"a":[3,4]}]}', PAIR);

    // Assess
    expect(valuesOf(request, 'a')).toEqual({ shape: [2, 2], values: [1, 2, 3, 4] });
    expect(valuesOf(request, 'b')).toEqual({ shape: [2], values: [7, 8] });
  });

  it('finds the shape that the signature leaves open from the first record', () => {
    const model = modelOf({ x: { dtype: 'int32', shape: [-1, -1, 2] } });
    expect(valuesOf(decode('{"instances":[[[1,2],[3,4],[5,6]]]}', model)).shape).toEqual([1, 3, 2]);
    expect(valuesOf(decode('{"instances":[[[1,2],[3,4]]]}', anyShape('int32'))).shape).toEqual([1, 2, 2]);
    expect(valuesOf(decode('{"instances":[[],[]]}', anyShape('int32'))).shape).toEqual([2, 0]);
    expect(valuesOf(decode('{"instances":[[[]],[[]]]}', anyShape('int32'))).shape).toEqual([2, 1, 0]);
  });
});

describe('column form', () => {
  it('reads the value of the only input, with and without its name', () => {
    for (const body of ['{"inputs":[[1,2,5]]}', '{"inputs":{"x":[[1,2,5]]}}']) {
      const request = decode(body, FLOATS);
      expect(request).toMatchObject({ form: 'column', rows: 1 });
      expect(valuesOf(request)).toEqual({ shape: [1, 3], values: [1, 2, 5] });
    }
  });

  it('reads inputs whose first dimensions differ, and says that they share no rows', () => {
    const model = modelOf({ x: { dtype: 'float32', shape: [-1] }, k: { dtype: 'int32', shape: [] } });
    const request = decode('{"inputs":{"x":[1,2],"k":3}}', model);
    expect(request.rows).toBeUndefined();
    expect(valuesOf(request, 'k')).toEqual({ shape: [], values: [3] });
  });
});

describe('every type', () => {
  it.each<[DType, string, unknown[]]>([
    ['float32', '[0.1,NaN,Infinity,-Infinity,-0]', [Math.fround(0.1), Number.NaN, Infinity, -Infinity, -0]],
    ['float64', '[0.1,1e308,NaN]', [0.1, 1e308, Number.NaN]],
    ['float16', '[0.1,65504,65519,5.960464477539063e-8,1e-9]', [0.0999755859375, 65504, 65504, 2 ** -24, 0]],
    ['bfloat16', '[0.1,3.3e38,1.00390625]', [0.10009765625, 248 * 2 ** 120, 1]],
    ['int8', '[-128,127]', [-128, 127]],
    ['uint8', '[0,255]', [0, 255]],
    ['int16', '[-32768,32767]', [-32768, 32767]],
    ['uint16', '[65535,0]', [65535, 0]],
    ['int32', '[-2147483648,2147483647,-0]', [-2147483648, 2147483647, 0]],
    ['uint32', '[4294967295]', [4294967295]],
    ['int64', '[9007199254740993,-9223372036854775808,-1,5]', [9007199254740993n, -(2n ** 63n), -1n, 5n]],
    ['uint64', '[18446744073709551615,4294967296]', [2n ** 64n - 1n, 2n ** 32n]],
    ['bool', '[true,false]', [1, 0]],
    ['string', '["","\u00e9\\n",{"b64":"aGk="},{ "b64" : "" }]', ['', '\u00e9\n', 'hi', '']],
  ])('%s', (dtype, list, values) => {
    const request = decode(`{"instances":${list}}`, modelOf({ x: { dtype, shape: [-1] } }));
    expect(valuesOf(request).values).toEqual(values);
  });

  it('complex64 as pairs', () => {
    for (const shape of [[-1, 2], undefined]) {
      const model = modelOf({ x: shape ? { dtype: 'complex64', shape } : { dtype: 'complex64' } });
      const request = decode('{"instances":[[[1,2],[3,-4]]]}', model);
      expect(valuesOf(request)).toEqual({ shape: [1, 2], values: [1, 2, 3, -4] });
    }
    expect(refusalOf(() => decode('{"instances":[[1,2,3]]}', anyShape('complex64'))).code).toBe('InvalidTensor');
  });

  it.each<[DType, string]>([
    ['float32', '3.5e38'],
    ['float32', '1e400'],
    ['float16', '65520'],
    ['bfloat16', '3.4e38'],
    ['float64', '1e400'],
    ['int8', '128'],
    ['uint8', '-1'],
    ['int16', '32768'],
    ['uint16', '65536'],
    ['int32', '2147483648'],
    ['int32', '1.0'],
    ['int32', '1e3'],
    ['uint32', '4294967296'],
    ['int64', '9223372036854775808'],
    ['int64', '1.0'],
    ['uint64', '-1'],
    ['uint64', '18446744073709551616'],
    ['int64', '9'.repeat(5000)],
    ['float32', '"1.0"'],
    ['float32', 'true'],
    ['float32', 'null'],
    ['int32', 'NaN'],
    ['int32', '"5"'],
    ['bool', '1'],
    ['string', '5'],
    ['string', '{"b64":"aGk"}'],
    ['string', '{"b64":"aG k="}'],
    ['string', '{"b64":"aG-_"}'],
    ['string', '{"b64":5}'],
    ['string', '{"b64":"aGk=","more":1}'],
  ])('%s does not take %s', (dtype, text) => {
    // Act
    const refusal = refusalOf(() => decode(`{"instances":[{"x":${text}}]}`, modelOf({ x: { dtype, shape: [-1] } })));

    // Assess
    expect([refusal.code, refusal.record]).toEqual(['InvalidTensor', 0]);
    expect(refusal.message).toMatch(/^Record 0, input "x"/);
    expect(refusal.message.length).toBeLessThan(300);
  });

  it('base64 with escaped slashes, as some writers have it', () => {
    const request = decode('{"instances":[{"b64":"\\/\\/8="}]}', TEXT);
    expect(request.inputs.image_bytes!.data[0]).toEqual(Uint8Array.of(0xff, 0xff));
  });
});

describe('the signature of a request', () => {
  const both: TensorSignatures = new Map([
    ['serving_default', { inputs: { x: { dtype: 'float32', shape: [-1] } satisfies TensorSpec }, outputs: {} }],
    ['other', { inputs: { words: { dtype: 'string', shape: [-1] } satisfies TensorSpec }, outputs: {} }],
  ]);

  it.each([
    '{"signature_name":"other","instances":["a"]}',
    '{"instances":["a"],"signature_name":"other"}',
    '{"instances":[{"words":"a"}],"signature\\u005fname":"other"}',
    '{"inputs":["a"],"signature_name":"other"}',
  ])('may be named before and after the data: %s', (body) => {
    const model = body.includes('\\u005f') ? new Map([...both, ['serving_default', both.get('other')!]]) : both;
    const request = decode(body, model);
    expect(request.signatureName).toBe('other');
    expect(valuesOf(request, 'words').values).toEqual(['a']);
  });

  it('is the default when the text "signature_name" is only data', () => {
    const model = modelOf({ s: { dtype: 'string', shape: [-1] } });
    expect(valuesOf(decode('{"instances":["\\"signature_name\\"", "\\"instances\\":"]}', model), 's').values).toEqual([
      '"signature_name"',
      '"instances":',
    ]);
  });

  it('must exist and be text', () => {
    const unknown = refusalOf(() => decode('{"signature_name":"no","instances":[1]}', SCALARS));
    expect(unknown.code).toBe('UnknownSignature');
    expect(unknown.message).toBe(
      'Serving signature name: "no" not found in signature def; the model has "serving_default"',
    );
    expect(refusalOf(() => decode('{"signature_name":5,"instances":[1]}', SCALARS)).message).toContain(
      "'signature_name' key must be a string value",
    );
  });
});

describe('bare forms', () => {
  it.each([
    ['[1,2,5]', [1, 3], [1, 2, 5]],
    ['[[1,2,5],[3,4,5]]', [2, 3], [1, 2, 5, 3, 4, 5]],
    ['{"x":[1,2,5]}', [1, 3], [1, 2, 5]],
    ['[{"x":[1,2,5]},{"x":[3,4,5]}]', [2, 3], [1, 2, 5, 3, 4, 5]],
    ['[1,2,5]\n[3,4,5]\n', [2, 3], [1, 2, 5, 3, 4, 5]],
    ['{"x":[1,2,5]}\r\n\r\n{"x":[3,4,5]}', [2, 3], [1, 2, 5, 3, 4, 5]],
  ])('%j', (body, shape, values) => {
    expect(valuesOf(decode(body, FLOATS))).toEqual({ shape, values });
  });

  it.each(['[1,2,5][3,4,5]', '{"x":[1,2,5]} {"x":[1,2,5]}', '{"instances":[[1,2,5]]}\n{"instances":[[1,2,5]]}'])(
    'are not put together when they are not on lines of their own: %s',
    (body) => {
      expect(refusalOf(() => decode(body, FLOATS)).code).toBe('MalformedJson');
    },
  );
});

describe('refusals name what is wrong and where', () => {
  it.each([
    ['', 'EmptyBody', 'JSON Parse error: The document is empty'],
    ['  \n', 'EmptyBody', 'JSON Parse error: The document is empty'],
    ['5', 'InvalidEnvelope', 'JSON Value: "5" Is not object'],
    ['null', 'InvalidEnvelope', 'JSON Value: "null" Is not object'],
    ['[]', 'InvalidEnvelope', 'JSON Value: "[]" Is not object'],
    ['{}', 'InvalidEnvelope', "Missing 'inputs' or 'instances' key"],
    ['{"foo":1}', 'InvalidEnvelope', "Missing 'inputs' or 'instances' key"],
    ['{"signature_name":"serving_default"}', 'InvalidEnvelope', "Missing 'inputs' or 'instances' key"],
    ['{"instances":[[1,2,3]],"inputs":1}', 'InvalidEnvelope', "only one of 'inputs' or 'instances'"],
    ['{"instances":[[1,2,3]],"instances":[[1,2,3]]}', 'DuplicateKey', 'twice'],
    ['{"instances":[[1,2,3]],"foo":1}', 'UnknownField', '"foo"'],
    ['{"instances":{"x":1}}', 'InvalidEnvelope', "Expecting 'instances' to be an list/array"],
    ['{"instances":null}', 'InvalidEnvelope', "Expecting 'instances' to be an list/array"],
    ['{"instances":[]}', 'InvalidEnvelope', "No values in 'instances' array"],
    ['{"examples":[{}]}', 'InvalidEnvelope', "Missing 'inputs' or 'instances' key"],
    [
      '{"instances":[[1,2,3],[1,2]]}',
      'InvalidTensor',
      'Record 1, input "x": Encountered list at unexpected size: 2 at level: 0 expected size: 3',
    ],
    [
      '{"instances":[[1,2,3],["][",2,3]]}',
      'InvalidTensor',
      'Record 1, input "x"[0]: JSON Value: "\\"][\\"" is not of expected type: float32',
    ],
    [
      '{"instances":[[1,2,3],[1,2,[3]]]}',
      'InvalidTensor',
      'Record 1, input "x"[2]: JSON Value: "[3]" is not of expected type: float32',
    ],
    ['{"instances":[1]}', 'InvalidTensor', 'Record 0, input "x": expected a list of 3, found "1"'],
    ['{"instances":[{"junk":[1,2,3]}]}', 'UnknownField', 'does not have named input: "junk"'],
    ['{"instances":[{"x":[1,2,3],"x":[1,2,3]}]}', 'DuplicateKey', 'Record 0'],
    ['{"instances":[{}]}', 'InvalidTensor', 'Missing named input: "x"; keys must be equal to: "x"'],
    [
      '{"inputs":{"x":[[1,2,3],[1,2]]}}',
      'InvalidTensor',
      'The body, input "x"[1]: Encountered list at unexpected size: 2',
    ],
    ['{"instances":[[1,2,3]]} x', 'MalformedJson', 'byte 24'],
    ['{"instances":[[1,2,3],]}', 'MalformedJson', 'byte 22'],
    ["{'instances':[[1,2,3]]}", 'MalformedJson', 'byte 1'],
    ['{"instances":[[01,2,3]]}', 'MalformedJson', 'Record 0, byte 16'],
    ['{"instances":[[1,2,3]]', 'MalformedJson', 'the end of the body'],
    ['{"__proto__":{"x":1}}', 'InvalidEnvelope', '"__proto__"'],
    ['{"instances":[{"__proto__":[1,2,3]}]}', 'UnknownField', '"__proto__"'],
    [`{"instances":${'['.repeat(3_000_000)}`, 'NestingTooDeep', ''],
  ])('%.60s', (body, code, message) => {
    const refusal = refusalOf(() => decode(body, FLOATS));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
    expect(refusal.message.length).toBeLessThan(512);
  });

  it('at any depth, before the stack ends', () => {
    for (const depth of [101, 10_000, 1_000_000]) {
      const refusal = refusalOf(() => decode(`{"instances":${'['.repeat(depth)}`, anyShape('float32')));
      expect(refusal.code).toBe('NestingTooDeep');
    }
  });

  it('a plain list for several inputs, and a missing one', () => {
    expect(refusalOf(() => decode('{"instances":[[1,2]]}', PAIR)).message).toContain('object with the inputs "a", "b"');
    expect(refusalOf(() => decode('{"instances":[{"a":[1,2]}]}', PAIR)).message).toContain(
      'Missing named input: "b"; keys must be equal to: "a", "b"',
    );
  });

  it('one record too many', () => {
    const act = () => decode('{"instances":[1,2,3]}', SCALARS, 'application/json', { maxRecords: 2 });
    expect(refusalOf(act).code).toBe('PayloadTooLarge');
  });

  it('mixed depths where the signature says nothing', () => {
    for (const rows of ['[1,[2]]', '[[1],2]', '[[],[1]]', '[[],1]', '[[[1]],[2]]']) {
      expect(refusalOf(() => decode(`{"instances":[${rows}]}`, anyShape('float32'))).code).toBe('InvalidTensor');
    }
  });

  it('a first dimension that the signature fixes', () => {
    const model = modelOf({ x: { dtype: 'float32', shape: [2, 1] } });
    expect(decode('{"instances":[[1],[2]]}', model).rows).toBe(2);
    expect(refusalOf(() => decode('{"instances":[[1]]}', model)).message).toContain(
      'Expecting shape [2,1] but got: [1,1]',
    );
  });

  it('a scalar input in row form', () => {
    const model = modelOf({ x: { dtype: 'float32', shape: [] } });
    expect(refusalOf(() => decode('{"instances":[1]}', model)).message).toContain('column form');
  });
});

describe('what holds for every tensor', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  const numbers = fc.oneof(fc.float({ noDefaultInfinity: true, noNaN: true }), fc.integer({ min: -1000, max: 1000 }));
  const nest = (values: readonly unknown[], shape: readonly number[]): unknown => {
    if (shape.length === 0) return values[0];
    const stride = values.length / shape[0]!;
    return Array.from({ length: shape[0]! }, (_, i) =>
      nest(values.slice(i * stride, (i + 1) * stride), shape.slice(1)),
    );
  };
  const tensors = shapes.chain((shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return fc.record({ shape: fc.constant(shape), values: fc.array(numbers, { minLength: count, maxLength: count }) });
  });

  it('it comes back as it was sent, in both forms, whether or not the signature knows its shape', () => {
    fc.assert(
      fc.property(tensors, fc.boolean(), fc.boolean(), ({ shape, values }, known, column) => {
        const spec: TensorSpec = known ? { dtype: 'float64', shape: shape.map(() => -1) } : { dtype: 'float64' };
        const body = JSON.stringify({ [column ? 'inputs' : 'instances']: nest(values, shape) });
        const request = decode(body, modelOf({ x: spec }));
        expect(valuesOf(request)).toEqual({ shape, values: values.map((value) => (Object.is(value, -0) ? 0 : value)) });
        expect(request.rows).toBe(shape[0]);
      }),
    );
  });

  it('any prefix of the body is refused, and any damage is refused or well formed', () => {
    fc.assert(
      fc.property(
        tensors,
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        ({ shape, values }, at, hits) => {
          const body = Buffer.from(JSON.stringify({ instances: nest(values, shape) }));
          const model = anyShape('float32');
          const refusal = refusalOf(() => decode(body.subarray(0, at % body.length), model));
          expect(refusal.status).toBeLessThan(500);
          for (const [place, byte] of hits) body[place % body.length] = byte;
          try {
            const request = decode(body, model);
            const { shape: found, values: read } = valuesOf(request);
            expect(read.length).toBe(found.reduce((a, b) => a * b, 1));
          } catch (thrown) {
            expect(
              refusalOf(() => {
                throw thrown;
              }).status,
            ).toBeLessThan(500);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('classify and regress', () => {
  const EXAMPLES = modelOf({ inputs: { dtype: 'string', shape: [-1] } });
  const bytes = (body: string) =>
    (
      decode(body, EXAMPLES, 'application/json', { method: 'classify' }).inputs.inputs!.data as readonly Uint8Array[]
    ).map((one) => Buffer.from(one).toString('hex'));

  it('write examples byte for byte as protocol buffers have them', () => {
    // Worked by hand from example.proto: Example{1: Features{1: {1: name, 2: Feature}}}.
    expect(bytes('{"examples":[{"x":1.0},{"x":2},{"x":"a"},{"x":[]},{"x":true}]}')).toEqual([
      '0a0f0a0d0a017812081206 0a040000803f'.replaceAll(' ', ''),
      '0a0c0a0a0a01781205 1a030a0102'.replaceAll(' ', ''),
      '0a0c0a0a0a01781205 0a030a0161'.replaceAll(' ', ''),
      '0a070a050a01781200',
      '0a0c0a0a0a01781205 1a030a0101'.replaceAll(' ', ''),
    ]);
  });

  it('put the context before each example, wherever it stands', () => {
    const [one] = bytes('{"examples":[{"x":2}],"context":{"c":2}}');
    expect(one).toBe(`${bytes('{"examples":[{"c":2}]}')[0]}${bytes('{"examples":[{"x":2}]}')[0]}`);
    expect(bytes('{"context":{"c":2},"examples":[{"x":2}]}')).toEqual([one]);
  });

  it.each([
    ['{"instances":[1]}', 'InvalidEnvelope', "When method is classify, key 'examples' is expected and was not found"],
    ['{"examples":[[1]]}', 'InvalidTensor', 'Record 0: Example must be JSON object but got'],
    ['{"examples":[{"x":[1,1.0]}]}', 'InvalidTensor', 'Record 0, feature "x" mixes int64 and float'],
    ['{"examples":[{"x":[[1]]}]}', 'InvalidTensor', 'Record 0, feature "x" holds "[1]"'],
    ['{"examples":[{"x":9223372036854775808}]}', 'InvalidTensor', 'which no feature can hold'],
    ['{"examples":[{"x":1,"x":2}]}', 'DuplicateKey', 'feature "x" stands twice'],
  ])('%s', (body, code, message) => {
    const refusal = refusalOf(() => decode(body, EXAMPLES, 'application/json', { method: 'classify' }));
    expect([refusal.code, refusal.message]).toEqual([code, expect.stringContaining(message)]);
  });
});

describe('JSON Lines', () => {
  const LINES = ['application/jsonlines', 'application/x-jsonlines', 'application/x-ndjson', 'application/jsons'];

  it.each(LINES)('%s: one record a line', (type) => {
    expect(valuesOf(decode('[1,2,5]\n\n{"x":[3,4,5]}', FLOATS, type))).toEqual({
      shape: [2, 3],
      values: [1, 2, 5, 3, 4, 5],
    });
  });

  it('refuses a body with one bad line, naming it', () => {
    const refusal = refusalOf(() => decode('[1,2,5]\n\n[1,2]\n', FLOATS, LINES[0]));
    expect([refusal.code, refusal.record]).toEqual(['InvalidTensor', 1]);
    expect(refusal.message).toMatch(/^Line 3 \(record 1\), input "x"/);
  });

  it('keeps bad lines in their places where they are tolerated', () => {
    // Prepare
    const body = 'junk\n[1,2,5]\n{"x":[1,"a",3]}\n[1,2,5] 7\n{"y":1}\n[3,4,5]\n';

    // Act
    const request = decode(body, FLOATS, LINES[0], { tolerateBadRecords: true });

    // Assess
    expect(valuesOf(request)).toEqual({ shape: [2, 3], values: [1, 2, 5, 3, 4, 5] });
    expect(request.failures.map(({ record, error }) => [record, error.code])).toEqual([
      [0, 'MalformedJson'],
      [2, 'InvalidTensor'],
      [3, 'MalformedJson'],
      [4, 'UnknownField'],
    ]);
  });

  it('does not let a bad first record decide the shape of the others', () => {
    const model = modelOf({ x: { dtype: 'int32', shape: [-1, -1] } });
    const request = decode('[1,2,"a"]\n[7]\n[8]\n', model, LINES[0], { tolerateBadRecords: true });
    expect(valuesOf(request)).toEqual({ shape: [2, 1], values: [7, 8] });
  });

  it('of nothing is refused, and in a batch is nothing', () => {
    expect(refusalOf(() => decode('\n \n', FLOATS, LINES[0])).code).toBe('EmptyBody');
    expect(decode('\n', FLOATS, LINES[0], { tolerateBadRecords: true }).rows).toBe(0);
  });
});
