/** `application/json` requests. Case numbers are those of the fault catalogue. */
import { describe, expect, it } from 'vitest';
import { decode, OPTIONS, refusal, rowsOf, withTokens } from './decoding.ts';

describe('a JSON request', () => {
  it('H1: with in0 and in1 asks for scores and becomes flat ids with offsets', () => {
    // Act
    const request = decode('{"instances":[{"in0":[1,22,333],"in1":[7]},{"in1":[0,4999],"in0":[19999]}]}');

    // Assess
    expect(request).toEqual({
      mode: 'scores',
      in0: { ids: Int32Array.of(1, 22, 333, 19_999), offsets: Int32Array.of(0, 3, 4) },
      in1: { ids: Int32Array.of(7, 0, 4999), offsets: Int32Array.of(0, 1, 3) },
      rows: 2,
      failures: [],
    });
  });

  it.each([
    ['in0', 'embed_in0'],
    ['in1', 'embed_in1'],
  ] as const)('H2, H3: with only %s asks for its embedding, with or without infer_max_seqlens', (field, mode) => {
    for (const contentType of ['application/json', 'application/json; infer_max_seqlens=2,2']) {
      const request = decode(`{"instances":[{"${field}":[1,2]}]}`, contentType);
      expect(request.mode).toBe(mode);
      expect(rowsOf(request[field])).toEqual([[1, 2]]);
      expect(request[field === 'in0' ? 'in1' : 'in0']).toBeUndefined();
    }
  });

  it('H4: names the first record that asks for something else', () => {
    const error = refusal('{"instances":[{"in0":[1],"in1":[1]},{"in0":[1],"in1":[1]},{"in0":[1]},{"in1":[1]}]}');
    expect(error).toMatchObject({ code: 'MixedInputs', record: 2, status: 400 });
    expect(error.message).toContain('Record 2');
  });

  it.each(['[]', '[ ]', '[\n]'])('H5: refuses the empty sequence %j', (sequence) => {
    const error = refusal(`{"instances":[{"in1":[3]},{"in1":${sequence}}]}`);
    expect(error).toMatchObject({ code: 'EmptySequence', record: 1, status: 422 });
    expect(error.message).toContain('in1');
  });

  it.each([
    '1.5',
    '1.0',
    '1e3',
    '1E2',
    '-1',
    '-0',
    '2147483648',
    '9007199254740993',
    '1e400',
    '-1e400',
    '1e-400',
    '"7"',
    '"1.0"',
    'true',
    'false',
    'null',
    '[1]',
    '[]',
    '{}',
    '{"b64":"AA=="}',
  ])('H6, C-9, C-15: refuses the token %s, naming record, field and position', (token) => {
    for (const filler of ['', ',1'.repeat(20)]) {
      const error = refusal(withTokens(`5,6, ${token} ${filler}`));
      expect(error).toMatchObject({ code: 'InvalidTokenId', record: 1, status: 422 });
      expect(error.message).toMatch(/^Record 1, in0\[2\]: /);
      expect(error.message).toContain(JSON.stringify(token));
    }
  });

  it.each(['20000', '2147483647', '99999999', '999999999'])('H7: refuses the id %s outside the vocabulary', (id) => {
    for (const filler of ['', ',1'.repeat(20)]) {
      const error = refusal(withTokens(`0, 19999, ${id}${filler}`));
      expect(error).toMatchObject({ code: 'TokenOutOfVocabulary', record: 1, status: 422 });
      expect(error.message).toMatch(/^Record 1, in0\[2\]: /);
      expect(error.message).toContain(`id ${id} `);
      expect(error.message).toContain('vocabulary size 20000');
    }
  });

  it('H7: holds in0 and in1 to their own vocabularies', () => {
    decode('{"instances":[{"in0":[19999],"in1":[4999]}]}');
    expect(refusal('{"instances":[{"in0":[19999],"in1":[5000]}]}').message).toContain('in1[0]');
  });

  it('H8, H10: cuts long sequences, equal to cutting them by hand', () => {
    // Prepare
    const ids = Array.from({ length: 5001 }, (_, index) => index);

    // Act
    const cut = decode(`{"instances":[{"in0":[${ids}]}]}`, 'application/json; infer_max_seqlens=10,1');
    const byHand = decode(`{"instances":[{"in0":[${ids.slice(0, 10)}]}]}`);

    // Assess
    expect(cut).toEqual(byHand);
  });

  it('H10: still checks the ids that it cuts off', () => {
    const error = refusal('{"instances":[{"in0":[1,2,3,99999]}]}', 'application/json; infer_max_seqlens=1,1');
    expect(error.code).toBe('TokenOutOfVocabulary');
    expect(error.message).toContain('in0[3]');
  });

  it.each(['IN0', 'in2', 'text', '__proto__', 'constructor', 'prototype', 'inO', ''])(
    'H12, C-7: refuses the extra field %j',
    (name) => {
      const error = refusal(`{"instances":[{"in0":[1],"${name}":[2]}]}`);
      expect(error).toMatchObject({ code: 'UnknownField', record: 0, status: 400 });
      expect(({} as Record<string, unknown>).x).toBeUndefined();
    },
  );

  it.each(['0', '1.5', '"a"', 'null', '[1,{"a":[]}]', '{"__proto__":{"x":1}}'])(
    'H12: steps over a training label, here %s',
    (label) => {
      expect(rowsOf(decode(`{"instances":[{"label":${label},"in0":[1]},{"in0":[2],"label" : ${label}}]}`).in0)).toEqual(
        [[1], [2]],
      );
      expect(({} as Record<string, unknown>).x).toBeUndefined();
    },
  );

  it('reads field names however they are escaped, and refuses the same one twice', () => {
    expect(decode('{"\\u0069nstances":[{"in\\u0030":[1]}]}').mode).toBe('embed_in0');
    expect(refusal('{"instances":[{"in0":[1],"\\u0069n0":[1]}]}')).toMatchObject({ code: 'DuplicateKey', record: 0 });
    expect(refusal('{"instances":[{"in0":[1],"label":1,"label":2}]}').code).toBe('DuplicateKey');
  });

  it.each([
    '{"instances":[{"in0":[1]}]',
    '{"instances":[{"in0":[1]},]}',
    '{"instances":[{"in0":[1,]}]}',
    '{"instances":[{"in0":[,1]}]}',
    '{"instances":[{"in0":[1 2]}]}',
    '{"instances":[{"in0":[01]}]}',
    '{"instances":[{"in0":[00]}]}',
    '{"instances":[{"in0":[+1]}]}',
    '{"instances":[{"in0":[NaN]}]}',
    '{"instances":[{"in0":[Infinity]}]}',
    "{'instances':[{'in0':[1]}]}",
    '{"instances":[{"in0":[1]}/* one */]}',
    '{"instances" [{"in0":[1]}]}',
    '{"instances":[{"in0":[1]}{"in0":[1]}]}',
    '{"instances":[{"in0":[1]}]}}',
    '{"instances":[{"in0":["\\ud800"]}]}',
    '{"instances":[{"in0":[0x10]}]}',
    '{"instances":[{"in0":[1.]}]}',
    '{"instances":[{"in0":[1_000]}]}',
    '{instances:[]}',
    '{"instances":[{"in0":[1]}],}',
    'nonsense',
    '{"instances":[{"in0":[1234',
  ])('C-1, C-3, C-19: refuses %s as malformed, with an offset', (body) => {
    const error = refusal(body);
    expect(error).toMatchObject({ code: 'MalformedJson', status: 400 });
    expect(error.message).toMatch(/byte \d+: expected .+, found .+/);
  });

  it('C-2: passes over a byte order mark at the start, and only there', () => {
    expect(decode('\ufeff{"instances":[{"in0":[1]}]}').rows).toBe(1);
    expect(refusal('{"instances":\ufeff[{"in0":[1]}]}').code).toBe('MalformedJson');
  });

  it('C-3: refuses bytes that are not UTF-8', () => {
    const body = Buffer.concat([
      Buffer.from('{"instances":[{"in0":[1],"label":"'),
      Buffer.of(0xff),
      Buffer.from('"}]}'),
    ]);
    expect(refusal(body).message).toContain('valid UTF-8');
  });

  it.each([101, 10_000, 3_000_000])('C-4: refuses nesting of depth %i', (depth) => {
    expect(refusal('['.repeat(depth)).code).toBe('NestingTooDeep');
    expect(refusal(`{"instances":[{"in0":[1],"label":${'['.repeat(depth)}`).code).toBe('NestingTooDeep');
    expect(refusal(`{"instances":[{"in0":[${'['.repeat(depth)}`).code).toBe('NestingTooDeep');
  });

  it('C-6: stops at the first of 400,000 distinct keys', () => {
    const keys = Array.from({ length: 400_000 }, (_, index) => `"k${index}":1`).join();
    expect(refusal(`{${keys}}`)).toMatchObject({ code: 'UnknownField' });
  });

  it('C-8: refuses "instances" twice', () => {
    expect(refusal('{"instances":[{"in0":[1]}],"instances":[{"in0":[2]}]}').code).toBe('DuplicateKey');
  });

  it.each(['{}', '{"instances":null}', '{"instances":{}}', '{"instances":"a"}', '{"instances":7}', '{"instances":[]}'])(
    'C-10: refuses %s and shows the right shape',
    (body) => {
      const error = refusal(body);
      expect(error).toMatchObject({ code: 'InvalidEnvelope', status: 400, record: undefined });
      expect(error.message).toContain('{"instances":[{"in0":[1,2],"in1":[3]}]}');
    },
  );

  it.each(['inputs', 'signature_name', 'in0', '__proto__'])('C-11, C-12: refuses the top-level field %j', (name) => {
    for (const body of [`{"${name}":[1]}`, `{"instances":[{"in0":[1]}],"${name}":[1]}`]) {
      expect(refusal(body)).toMatchObject({ code: 'UnknownField', status: 400 });
      expect(refusal(body).message).toContain('{"instances":[');
    }
  });

  it('C-13: takes as many records as the limit and refuses one more, naming the limit', () => {
    // Prepare
    const body = (records: number) => `{"instances":[${Array(records).fill('{"in0":[1]}').join()}]}`;

    // Act
    const error = refusal(body(OPTIONS.maxRecords + 1));

    // Assess
    expect(decode(body(OPTIONS.maxRecords)).rows).toBe(OPTIONS.maxRecords);
    expect(error).toMatchObject({ code: 'PayloadTooLarge', status: 413 });
    expect(error.message).toContain('1000');
  });

  it.each(['null', '7', '"a"', '[]', '[1]', '[[1]]', 'true', '-1.5'])('C-14: refuses the record %s', (record) => {
    expect(refusal(`{"instances":[{"in0":[1]},${record}]}`)).toMatchObject({
      code: 'InvalidRecord',
      record: 1,
      status: 422,
    });
  });

  it.each(['{}', '{"label":1}'])('C-14: refuses the record %s without inputs', (record) => {
    expect(refusal(`{"instances":[${record}]}`)).toMatchObject({ code: 'InvalidRecord', record: 0, status: 422 });
  });

  it.each(['null', '7', '{"a":1}'])('C-14: refuses in0 that is %s', (value) => {
    const error = refusal(`{"instances":[{"in0":${value}}]}`);
    expect(error).toMatchObject({ code: 'InvalidRecord', record: 0 });
    expect(error.message).toContain('in0');
  });

  it('C-14: refuses in0 that is text', () => {
    expect(refusal('{"instances":[{"in0":"1,2"}]}')).toMatchObject({ code: 'NoVocabulary', record: 0 });
  });

  it.each(['7', 'null', '"str"', '[]', '[{"in0":[1]}]', 'true'])('C-16: refuses the body %s', (body) => {
    expect(refusal(body)).toMatchObject({ code: 'InvalidEnvelope', status: 400 });
  });

  it('C-17: takes brackets and names inside strings as data', () => {
    expect(decode('{"instances":[{"label":"]}[\\"instances\\":","in0":[1]}]}').rows).toBe(1);
  });

  it.each(['', ' ', '\r\n\t ', '\ufeff'])('C-19: refuses the blank body %j', (body) => {
    expect(refusal(body)).toMatchObject({ code: 'EmptyBody', status: 400 });
  });

  it('C-19: refuses two documents', () => {
    expect(refusal('{"instances":[{"in0":[1]}]} {"instances":[{"in0":[1]}]}').code).toBe('MalformedJson');
  });

  it('B5: says so when JSON Lines come as JSON', () => {
    expect(refusal('{"in0":[1]}\n{"in0":[2]}').message).toContain('application/jsonlines');
  });

  it.each(['text/csv', 'multipart/form-data; boundary=x', 'application/x-image', 'application/xml'])(
    'B4, B10: refuses %s and names what it takes',
    (contentType) => {
      const error = refusal('{"instances":[{"in0":[1]}]}', contentType);
      expect(error).toMatchObject({ code: 'UnsupportedMediaType', status: 415 });
      expect(error.message).toContain('application/jsonlines');
    },
  );

  it('shows foreign text cut and escaped', () => {
    const error = refusal(withTokens(`"${'<script>\\n'.repeat(1000)}"`));
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).not.toMatch(/\n/);
  });

  it('leaves nothing of one request in the next', () => {
    // Prepare
    const first = decode('{"instances":[{"in0":[1,2,3],"in1":[4]},{"in0":[5],"in1":[6,7]}]}');
    const before = structuredClone(first);

    // Act
    expect(refusal('{"instances":[{"in0":[9,9,9,9],"in1":[9]},{"in0":[8],"in1":[-1]}]}').record).toBe(1);
    const second = decode('{"instances":[{"in1":[10]}]}');

    // Assess
    expect(first).toEqual(before);
    expect(second).toEqual({
      mode: 'embed_in1',
      in1: { ids: Int32Array.of(10), offsets: Int32Array.of(0, 1) },
      rows: 1,
      failures: [],
    });
  });
});
