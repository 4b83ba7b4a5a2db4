import { describe, expect, it } from 'vitest';
import { type AssembleOptions, assemble } from '#core/batch/assemble.ts';

const LINES: AssembleOptions = { splitType: 'Line', strategy: 'MultiRecord', assembleWith: 'Line' };
const jsonLines = (text: string) => ({ body: Buffer.from(text), mediaType: 'application/jsonlines' });
const sent = (count: number) => ({ lines: Array.from({ length: count }, (_, index) => index + 1), sources: [] });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('assembling responses', () => {
  it.each(['1\n2', '1\n2\n'])('ends %j with exactly one newline', (body) => {
    expect(text(assemble(jsonLines(body), sent(2), LINES).bytes)).toBe('1\n2\n');
  });

  it('AssembleWith None keeps the bytes as they are', () => {
    expect(text(assemble(jsonLines('1\n2'), sent(2), { ...LINES, assembleWith: 'None' }).bytes)).toBe('1\n2');
  });

  it.each(['1', '1\n2\n3', ''])('refuses %j as the answer to two records', (body) => {
    expect(() => assemble(jsonLines(body), sent(2), LINES)).toThrow(/answered \d records for the 2 that were sent/);
  });

  it('counts the predictions of a JSON document', () => {
    const document = { body: Buffer.from('{"predictions":[{"scores":[1]}]}'), mediaType: 'application/json' };

    expect(assemble(document, sent(1), LINES).records).toBe(1);
    expect(() => assemble(document, sent(2), LINES)).toThrow(/answered 1 records for the 2/);
  });

  it('takes any answer to a single record as that record', () => {
    const pretty = { body: Buffer.from('{\n  "a": 1\n}'), mediaType: 'application/json' };

    expect(assemble(pretty, sent(1), { ...LINES, strategy: 'SingleRecord' }).records).toBe(1);
  });

  it('finds placeholders and where they stand', () => {
    const part = assemble(
      jsonLines('{"scores":[1]}\n{"error":{"code":"MalformedJson"},"record":1}\n{"a":{"error":1}}'),
      sent(3),
      LINES,
    );

    expect(part.placeholders).toEqual([{ index: 1, text: '{"error":{"code":"MalformedJson"},"record":1}' }]);
  });
});
