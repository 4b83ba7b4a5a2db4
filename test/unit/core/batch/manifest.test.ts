import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatManifest, parseManifest, parseS3Manifest } from '#core/batch/manifest.ts';

const parse = (text: string) => parseManifest(Buffer.from(text), 's3://b/m');

describe('a manifest of objects in S3', () => {
  const parseS3 = (text: string) => parseS3Manifest(Buffer.from(text), 's3://b/m');

  it.each([
    ['a folder', 's3://data/day/', 'a b.csv', { bucket: 'data', key: 'day/a b.csv' }],
    ['the start of a name', 's3://data/day/part-', '1.csv', { bucket: 'data', key: 'day/part-1.csv' }],
    ['a bucket', 's3://data', '/day/a.csv', { bucket: 'data', key: 'day/a.csv' }],
    ['the start of a bucket', 's3://data', '-other/a.csv', { bucket: 'data-other', key: 'a.csv' }],
  ])(
    'puts a prefix that is %s and a name together before it looks where the bucket ends',
    (_, prefix, name, object) => {
      expect(parseS3(formatManifest({ prefix, names: [name] })).objects).toEqual([object]);
    },
  );

  it.each([
    ['[{"prefix":"data/day/"},"a"]', /element 0: "data\/day\/" is not an s3:\/\/ address/],
    ['[{"prefix":"s3://data"},"/a","_b/c"]', /element 2: "s3:\/\/data_b\/c" is not an s3:\/\/ address/],
  ])('%s is refused with its place', (text, problem) => {
    expect(() => parseS3(text)).toThrow(expect.objectContaining({ code: 'InvalidManifest' }));
    expect(() => parseS3(text)).toThrow(problem);
  });
});

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
