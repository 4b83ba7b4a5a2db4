import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatManifest, parseManifest } from '#core/batch/manifest.ts';

const parse = (text: string) => parseManifest(Buffer.from(text), 's3://b/m');

describe('a manifest', () => {
  it('is a prefix and the rest of every address', () => {
    expect(parse('[{"prefix":"s3://b/in/"},"a.csv","sub/b c+%2F漢.csv"]')).toEqual({
      prefix: 's3://b/in/',
      names: ['a.csv', 'sub/b c+%2F漢.csv'],
    });
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }), (prefix, names) => {
        expect(parse(formatManifest({ prefix, names }))).toEqual({ prefix, names });
      }),
    );
  });

  it.each([
    ['{"prefix":"s3://b/"}', /^s3:\/\/b\/m: a manifest is a JSON array/],
    ['[]', /element 0: expected \{"prefix": "\.\.\."\}/],
    ['["a"]', /element 0/],
    ['[{"prefix":"s3://b/","more":1},"a"]', /element 0/],
    ['[{"prefix":"s3://b/"}]', /names no object/],
    ['[{"prefix":"s3://b/"},"a",7]', /element 2: expected a string, found "7"/],
    ['[{"prefix":"s3://b/"},"a",""]', /element 2: the name is empty/],
    ['[{"prefix":"s3://b/"},"a","b","a"]', /element 3: "a" is element 1 already/],
    ['[{"prefix":"s3://b/"},\n "a" "b"]', /not JSON: .*\(line 2 column 6\)/],
    ['[{"prefix":"s3://b/"},', /not JSON: .*\(line 1 column 23\)/],
  ])('%s is refused with its place', (text, problem) => {
    expect(() => parse(text)).toThrow(problem);
  });
});
