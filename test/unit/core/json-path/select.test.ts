import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonPath } from '#core/json-path/parse-json-path.ts';
import { columnPathProblem, selectColumns } from '#core/json-path/select-columns.ts';
import { selectJson } from '#core/json-path/select-json.ts';

const select = (document: string, path: string) =>
  Buffer.from(selectJson(Buffer.from(document), parseJsonPath(path))).toString();
const columns = (row: string, path: string) =>
  selectColumns(
    row.split(',').map((field) => Buffer.from(field)),
    parseJsonPath(path),
  ).map((field) => Buffer.from(field).toString());

describe('a path over a JSON document', () => {
  const record = '{"id":9007199254740993,"features":[1.0, 2e3,-0.0],"meta":{"a":"é\\u00e9","b":[[1],[2]]}}';

  it.each([
    ['$', record],
    ['$.id', '9007199254740993'],
    ['$.features', '[1.0, 2e3,-0.0]'],
    ['$.features[0]', '1.0'],
    ['$.features[-1]', '-0.0'],
    ['$.features[0,2]', '[1.0,-0.0]'],
    ['$.features[1:]', '[2e3,-0.0]'],
    ['$.features[:-1]', '[1.0,2e3]'],
    ['$.features[7:]', '[]'],
    ["$['id','features']", '{"id":9007199254740993,"features":[1.0, 2e3,-0.0]}'],
    ["$.meta.['a']", '"é\\u00e9"'],
    ['$.meta.b[*][0]', '[1,2]'],
    ['$.meta.*', '["é\\u00e9",[[1],[2]]]'],
    ["$['id','meta'].a", ''],
  ])('%s selects the text as it was written', (path, expected) => {
    if (expected === '') expect(() => select(record, path)).toThrow(/'a' stands where the record has no object/);
    else expect(select(record, path)).toBe(expected);
  });

  it.each([
    ['{"a":1}', '$.b', "the filter $.b: the record has no 'b'"],
    ['[1]', '$.a', "'a' stands where the record has no object"],
    ['{"a":1}', '$[0]', 'an index stands where the record has no array'],
    ['[1,2]', '$[2]', 'index 2 is outside an array of 2'],
    ['[1,2]', '$[-3]', 'index -1 is outside an array of 2'],
    ['7', '$.*', 'neither an object nor an array'],
    ['{"a":1} x', '$.a', 'expected the end'],
    ['{"a":01}', '$.a', 'leading zero'],
  ])('of %s, %s is refused: %s', (document, path, problem) => {
    expect(() => select(document, path)).toThrow(problem);
  });

  it('takes the last of a name that comes twice', () => {
    expect(select('{"a":1,"a":2}', '$.a')).toBe('2');
  });

  it('finds what JSON.parse finds, for any document', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.string(), value: fc.jsonValue() }), { minLength: 1 }),
        fc.nat(),
        fc.option(fc.constant(2), { nil: undefined }),
        (entries, pick, indent) => {
          // Prepare
          const object = Object.fromEntries(entries.map(({ name, value }) => [name, value]));
          const document = JSON.stringify(object, undefined, indent);
          const name = Object.keys(object)[pick % Object.keys(object).length]!;
          const path = { text: '$', steps: [{ kind: 'names', names: [name] }] } as const;

          // Act
          const selected = selectJson(Buffer.from(document), path);

          // Assess
          expect(JSON.parse(Buffer.from(selected).toString())).toEqual(JSON.parse(document)[name]);
        },
      ),
    );
  });
});

describe('a path over the columns of a row', () => {
  it.each([
    ['$', ['a', 'b', '"c"']],
    ['$[*]', ['a', 'b', '"c"']],
    ['$[1:]', ['b', '"c"']],
    ['$[0,-1]', ['a', '"c"']],
    ['$[-1,0,0]', ['"c"', 'a', 'a']],
  ])('%s', (path, expected) => {
    expect(columns('a,b,"c"', path)).toEqual(expected);
  });

  it('names a column that is not there', () => {
    expect(() => columns('a,b', '$[0,2]')).toThrow('the filter $[0,2]: column 2 is outside a row of 2');
  });

  it.each(['$.a', "$['a']", '$[0][1]'])('%s is for documents, not rows', (path) => {
    expect(columnPathProblem(parseJsonPath(path))).toMatch(/a CSV row is an array of columns/);
  });

  it('slices like Array.slice, for any bounds', () => {
    const bound = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'grapheme-ascii' }).filter((s) => !s.includes(',')),
          { minLength: 1, maxLength: 6 },
        ),
        bound,
        bound,
        (row, start, end) => {
          const path = parseJsonPath(`$[${start ?? ''}:${end ?? ''}]`);
          const fields = row.map((field) => Buffer.from(field));

          expect(selectColumns(fields, path)).toEqual(fields.slice(start, end));
        },
      ),
    );
  });
});
