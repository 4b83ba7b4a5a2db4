/** Numbers from bytes are the ones that the language reads from the same text, to the last bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecimalReader, type Precision } from '#core/numbers/decimal-reader.ts';
import { decimals, middlesOfFloats } from './decimals.ts';

const RUNS = 20_000;

function read(text: string, precision: Precision): DecimalReader {
  const reader = new DecimalReader();
  // Digits around it show that neither end is read past.
  const bytes = Buffer.from(`9${text}9`);
  reader.read(bytes, 1, bytes.length - 1, precision);
  return reader;
}

describe('a decimal number', () => {
  it('is the nearest double', () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const reader = read(text, 'float64');
        expect(reader.value).toBe(Number(text));
        expect(reader.to).toBe(text.length + 1);
      }),
      { numRuns: RUNS },
    );
  });

  it('is the float32 next to the nearest double, where that is all that is wanted', () => {
    fc.assert(
      fc.property(decimals, (text) => {
        expect(Math.fround(read(text, 'float32').value)).toBe(Math.fround(Number(text)));
      }),
      { numRuns: RUNS },
    );
  });

  it('is rounded as the language does in the middle between two float32 and around it', () => {
    fc.assert(
      fc.property(middlesOfFloats, (text) => {
        expect(Math.fround(read(text, 'float32').value)).toBe(Math.fround(Number(text)));
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['0', 1, -1, -1],
    ['007', 3, -1, -1],
    ['.5', 0, 1, -1],
    ['1.', 1, 0, -1],
    ['12.75e+3', 2, 2, 1],
    ['1e', 1, -1, 0],
    ['1.e-', 1, 0, 0],
    ['1E400', 1, -1, 3],
    ['', 0, -1, -1],
  ])('%j says which parts it has', (text, wholeDigits, fractionDigits, exponentDigits) => {
    const { wholeDigits: whole, fractionDigits: fraction, exponentDigits: exponent } = read(text, 'float64');
    expect([whole, fraction, exponent]).toEqual([wholeDigits, fractionDigits, exponentDigits]);
  });

  it('stops at what is no part of it', () => {
    for (const text of ['1x', '1,', '1 ', '1-', '1..2', '1e5e']) {
      const reader = new DecimalReader();
      reader.read(Buffer.from(text), 0, text.length, 'float64');
      expect(reader.to).toBe(Number.parseFloat(text) === 1 ? (text === '1..2' ? 2 : 1) : 3);
    }
  });
});
