/** Lines of word vectors, as GloVe, fastText and others write them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteCursor } from '#core/json/byte-cursor.ts';
import { nextLine } from '#core/json/lines.ts';
import { readVectorHeader, readVectorNumbers, readVectorWord, refuseWiderVectors } from '#core/text/vector-line.ts';

function lineAt(text: string): ByteCursor {
  const cursor = new ByteCursor(Buffer.from(text));
  nextLine(cursor);
  return cursor;
}

function read(text: string, width: number): [string, number[]] {
  const cursor = lineAt(text);
  const word = readVectorWord(cursor, width);
  const numbers = new Float32Array(width);
  readVectorNumbers(cursor, word, numbers);
  return [word, [...numbers]];
}

describe('a line of vectors', () => {
  it.each<[string, string, number[]]>([
    ['the 0.5 -1.25', 'the', [0.5, -1.25]],
    ['. . . 0.5 -1', '. . .', [0.5, -1]],
    ['2 3 4', '2', [3, 4]],
    ['at name@domain.com 1 2', 'at name@domain.com', [1, 2]],
    ['fast 1 2 ', 'fast', [1, 2]],
    ['tab\t1\t2\r', 'tab', [1, 2]],
    ['no\u00a0break\u0085 1 2', 'no\u00a0break\u0085', [1, 2]],
    [' 1 2', '', [1, 2]],
    ['c .5 -5.', 'c', [0.5, -5]],
    ['c +5 007', 'c', [5, 7]],
    ['c 1e-05 2.5E+1', 'c', [Math.fround(1e-5), 25]],
  ])('%j is a word and its numbers', (line, word, numbers) => {
    expect(read(line, 2)).toEqual([word, numbers]);
  });

  it('gives back whatever word and float32 numbers were written', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/^\s|\s$|[\n\t\r]/.test(text));
    const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(word, numbers, (written, values) => {
        const [found, back] = read(`${written} ${values.join(' ')}\n`, values.length);
        expect(found).toBe(written);
        expect(back.map((value) => value + 0)).toEqual(values.map((value) => value + 0));
      }),
    );
  });

  it.each([
    ['the 1 nan', 'line 1: number 2 of "the" is "nan", not a finite float32'],
    ['the inf 1', 'number 1 of "the" is "inf"'],
    ['the 1 1e39', 'number 2 of "the" is "1e39"'],
    ['the 1 0x10', 'is "0x10"'],
    ['the 1 1.2.3', 'is "1.2.3"'],
    ['the 1 1a', 'is "1a"'],
    ['the 1 -', 'is "-"'],
    ['the 1', 'line 1: a word with 1 number, where token vectors have 2'],
    ['1 2', 'a word with 1 number'],
    ['the', 'a word with 0 numbers'],
  ])('%j is refused', (line, message) => {
    expect(() => read(line, 2)).toThrow(message);
  });
});

describe('the first line', () => {
  it('is a header when it holds two whole numbers', () => {
    expect(readVectorHeader(lineAt('2000000 300\n'))).toEqual({ width: 300 });
    expect(readVectorHeader(lineAt('7 0.5 1\n'))).toBeUndefined();
    expect(readVectorHeader(lineAt('the 3\n'))).toBeUndefined();
  });

  it('with more numbers than are wanted is refused, but not a word with blanks', () => {
    expect(() => refuseWiderVectors(lineAt('the 1 2 3 4\n'), 2)).toThrow('a word with 4 numbers');
    expect(() => refuseWiderVectors(lineAt('1 1 2 3\n'), 2)).toThrow('a word with 3 numbers');
    refuseWiderVectors(lineAt('the end 3 4\n'), 2);
    refuseWiderVectors(lineAt('the 3 4\n'), 2);
  });
});
