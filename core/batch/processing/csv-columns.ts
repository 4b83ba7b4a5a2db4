/** One CSV row as the bytes of its columns, by RFC 4180 as Go's encoding/csv reads it, which the service's agent uses. */
import { TwinvecError } from '#core/errors.ts';
import { CsvCursor } from '#core/text/csv-cursor.ts';

const COMMA = Buffer.from(',');
const ONE_LINE = { lineBreaksInQuotes: false } as const;

/**
 * The columns as they were written, with their quotes.
 *
 * @throws TwinvecError MalformedBody with the column, when quotes stand where none may or there is not exactly one row
 */
export function columnsOf(row: Uint8Array): Uint8Array[] {
  const cursor = new CsvCursor(row, ONE_LINE);
  const columns: Uint8Array[] = [];
  if (!cursor.nextRow()) throw new TwinvecError('MalformedBody', 'there is no CSV row');
  do {
    const from = cursor.at;
    cursor.readField();
    columns.push(row.subarray(from, cursor.at));
  } while (cursor.takeComma());
  cursor.endRow();
  if (cursor.nextRow())
    throw new TwinvecError('MalformedBody', 'there is more than one CSV row where one record was sent');
  return columns;
}

export function rowOf(columns: readonly Uint8Array[]): Uint8Array {
  if (columns.length === 1) return columns[0]!;
  return Buffer.concat(columns.flatMap((column, index) => (index === 0 ? [column] : [COMMA, column])));
}
