/**
 * One CSV field as a value of its input's type: numbers by the grammar of `DecimalScanner`, `true` and `false` in any
 * case, anything as text. A field that does not fit is an error with its row and column, never a guess.
 */
import { isUtf8 } from 'node:buffer';
import { TwinvecError } from '#core/errors.ts';
import { ByteCursor } from '#core/json/byte-cursor.ts';
import type { CsvCursor } from '#core/text/csv-cursor.ts';
import { DecimalScanner } from '#core/text/decimal.ts';
import { isFloat } from '../number-fit.ts';
import { type NumberColumn, StringColumn, type ValueColumn, type WideColumn } from '../value-column.ts';

/** Longer integers fit no type, and making a BigInt of them costs more than linear time. */
const MOST_DIGITS = 40;
const SAFE_DIGITS = 15;

const decimal = new DecimalScanner();

/** Appends the field at the cursor to the column. @throws InvalidTensor, MalformedBody */
export function scanField(cursor: CsvCursor, column: ValueColumn): void {
  if (column instanceof StringColumn) {
    const text = cursor.readField();
    if (!isUtf8(text)) throw cursor.malformed('the text is not UTF-8');
    column.append(text);
    return;
  }
  const from = cursor.at;
  if (column.dtype !== 'bool' && decimal.scan(cursor) && cursor.atFieldEnd()) {
    appendNumber(cursor, cursor.bytes, column);
    return;
  }
  cursor.at = from;
  const field = cursor.readField();
  if (column.dtype === 'bool') appendBool(cursor, field, column);
  else {
    const inner = new ByteCursor(field);
    if (!decimal.scan(inner) || inner.at < inner.end) throw notA(cursor, field, column.dtype);
    appendNumber(cursor, field, column);
  }
}

/** Appends the number that was scanned last. */
function appendNumber(cursor: CsvCursor, bytes: Uint8Array, column: NumberColumn | WideColumn): void {
  if (isFloat(column.dtype)) {
    if (Number.isFinite(decimal.value) && column.append(decimal.value)) return;
  } else if (decimal.whole && decimal.digits <= SAFE_DIGITS) {
    if (column.append(decimal.value + 0)) return;
  } else if (decimal.whole && decimal.digits <= MOST_DIGITS) {
    if (column.append(BigInt(decimal.text(bytes).replace('+', '')))) return;
  }
  throw notA(cursor, bytes.subarray(decimal.from, decimal.to), column.dtype);
}

function appendBool(cursor: CsvCursor, field: Uint8Array, column: ValueColumn): void {
  const text = Buffer.from(field).toString('latin1').trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw notA(cursor, field, 'true or false');
  (column as NumberColumn).append(text === 'true' ? 1 : 0);
}

function notA(cursor: CsvCursor, field: Uint8Array, wanted: string): TwinvecError {
  const found = field.length === 0 ? 'the field is empty' : `${new ByteCursor(field).quote(0, field.length)} is not`;
  const problem = field.length === 0 ? `${found} where ${wanted} is due` : `${found} ${wanted}`;
  return new TwinvecError('InvalidTensor', `${cursor.fieldPlace()}: ${problem}`, cursor.errorPlace());
}
