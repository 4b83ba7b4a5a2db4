import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonPath } from '#core/json-path/parse-json-path.ts';

const steps = (text: string, sliceEnd?: 'inclusive') => parseJsonPath(text, sliceEnd ? { sliceEnd } : {}).steps;
const index = (at: number) => ({ kind: 'index', index: at });
const slice = (start?: number, end?: number) => ({ kind: 'slice', start, end });
const names = (...all: string[]) => ({ kind: 'names', names: all });
const positions = (...all: unknown[]) => ({ kind: 'positions', positions: all });

describe('the JSONPath subset of batch transform', () => {
  it.each([
    ['$', []],
    ['$.features', [names('features')]],
    ['$.a.b-c_1', [names('a'), names('b-c_1')]],
    ['$.*', [{ kind: 'wildcard' }]],
    ['$[*].x', [{ kind: 'wildcard' }, names('x')]],
    ["$['id','SageMakerOutput']", [names('id', 'SageMakerOutput')]],
    ['$["a.b"]', [names('a.b')]],
    ["$['it\\'s']", [names("it's")]],
    ["$.features.['a','b']", [names('features'), names('a', 'b')]],
    ['$[0]', [positions(index(0))]],
    ['$[1,3,5]', [positions(index(1), index(3), index(5))]],
    ['$[0, -1]', [positions(index(0), index(-1))]],
    ['$[2:5]', [positions(slice(2, 5))]],
    ['$[:5]', [positions(slice(undefined, 5))]],
    ['$[2:]', [positions(slice(2, undefined))]],
    ['$[0,5:]', [positions(index(0), slice(5, undefined))]],
    ['$[ -3 : -1 ]', [positions(slice(-3, -1))]],
  ])('reads %s', (text, expected) => {
    expect(steps(text)).toEqual(expected);
  });

  it.each([
    ['$[1:4]', slice(1, 5)],
    ['$[:-1]', slice(undefined, undefined)],
    ['$[:-2]', slice(undefined, -1)],
    ['$[2:]', slice(2, undefined)],
  ])('takes the end of %s into the slice when told to', (text, expected) => {
    expect(steps(text, 'inclusive')).toEqual([positions(expected)]);
  });

  it.each([
    ['', 1, 'expected the root, $, found the end'],
    ['features', 1, 'expected the root, $'],
    ['$features', 2, 'expected . or [, found "f"'],
    ['$.', 3, 'expected a name, * or [, found the end'],
    ['$..a', 3, 'expected a name, * or [, found "."'],
    ['$[', 3, 'expected an index, a slice, a name in quotes or *, found the end'],
    ['$[a]', 3, 'expected an index'],
    ['$[0', 4, 'expected , or ], found the end'],
    ['$[0,]', 5, 'expected an index'],
    ["$['a]", 6, "expected the closing '"],
    ["$['a',0]", 7, 'expected a name in quotes'],
    ["$['a','b.c']", 7, 'may not be nested'],
    ['$[::2]', 4, 'slices with a step'],
    ['$[?(@.a)]', 3, 'expected an index'],
  ])('refuses %j at column %i', (text, column, problem) => {
    expect(() => steps(text)).toThrow(`column ${column}: `);
    expect(() => steps(text)).toThrow(problem);
  });

  it('either reads a text or names a column within it, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`$.[]'",:-*01ab `) }), (text) => {
        try {
          expect(parseJsonPath(text).text).toBe(text);
        } catch (error) {
          const column = Number(/column (\d+): /.exec((error as Error).message)?.[1]);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual(text.length + 1);
        }
      }),
    );
  });
});
