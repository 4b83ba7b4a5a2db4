/** The reader of streams (csv.ts) and that of request bodies (csv-cursor.ts) read the same rows of the same bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { CSV, DelimitedReader } from '#core/text/csv.ts';
import { CsvCursor } from '#core/text/csv-cursor.ts';

interface Row {
  readonly line: number;
  readonly fields: readonly string[];
}
/** The rows, or what was said instead of them, without its place. */
type Reading = readonly Row[] | string;

function ofStream(text: string, cuts: readonly number[]): Reading {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  const pieces = [0, ...at].map((from, index) => text.slice(from, at[index]));
  return reading(() => {
    const reader = new DelimitedReader(CSV);
    return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
  });
}

function ofBody(text: string): Reading {
  return reading(() => {
    const cursor = new CsvCursor(Buffer.from(text), { lineBreaksInQuotes: true });
    const rows: Row[] = [];
    while (cursor.nextRow()) {
      const fields: string[] = [];
      const { line } = cursor;
      do fields.push(Buffer.from(cursor.readField()).toString());
      while (cursor.takeComma());
      cursor.endRow();
      rows.push({ line, fields });
    }
    return rows;
  });
}

function reading(read: () => readonly Row[]): Reading {
  try {
    return read().map(({ line, fields }) => ({ line, fields }));
  } catch (error) {
    if (!(error instanceof TwinvecError)) throw error;
    return error.message.slice(error.message.indexOf(': ') + 2);
  }
}

describe('the two readers of CSV', () => {
  it('agree on every text, wherever the stream is cut', () => {
    const text = fc
      .array(fc.constantFrom('a', '1', ',', '"', '""', '\n', '\r\n', '\r', ' ', 'é', '\ufeff'), { maxLength: 24 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(24), { maxLength: 4 }), (one, cuts) => {
        expect(ofStream(one, cuts)).toEqual(ofBody(one));
      }),
      { seed: 20_261_121, numRuns: 20_000 },
    );
  });
});
