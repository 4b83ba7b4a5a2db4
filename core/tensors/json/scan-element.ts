/**
 * Single values of a tensor from JSON: numbers exactly as their type holds them, true and false, text, and bytes as
 * `{"b64": "..."}`. Nothing is coerced: a number in quotes is text (spec faults C-15).
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { decodeBase64 } from '#core/json/base64.ts';
import { BYTE, type ByteCursor, expectByte, skipWhitespace, takeByte, takeBytes } from '#core/json/byte-cursor.ts';
import { scanInteger } from '#core/json/integer-scanner.ts';
import { isDigit, scanNumber } from '#core/json/number-scanner.ts';
import { readString, skipString } from '#core/json/string-scanner.ts';
import { skipValue, takeNonFinite } from '#core/json/value-scanner.ts';
import { isFloat } from '../number-fit.ts';
import { scanPlainFloats } from '../plain-floats.ts';
import type { DType } from '../tensor.ts';
import type { NumberColumn, StringColumn, ValueColumn, WideColumn } from '../value-column.ts';

/** Names what is being scanned, for messages: `Record 3, input "x"[0][2]`. */
export interface ElementPlace {
  describe(cursor: ByteCursor): string;
}

export type ScanElement = (cursor: ByteCursor, column: ValueColumn, place: ElementPlace) => void;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const B64_KEY = Buffer.from('"b64"');

/** The scanner of one value of the type: appends it to the column, or throws InvalidTensor or MalformedJson. */
export function elementScanner(dtype: DType): ScanElement {
  if (dtype === 'string') return (cursor, column, place) => (column as StringColumn).append(scanBytes(cursor, place));
  if (dtype === 'bool') return scanBool;
  return isFloat(dtype) ? scanFloat : scanWhole;
}

/** Values of a float32 tensor up to the end of their list. The cursor is then at the byte that is no comma. */
export function scanFloat32Run(cursor: ByteCursor, column: NumberColumn, place: ElementPlace): void {
  do {
    skipWhitespace(cursor);
    const isDue = scanPlainFloats(cursor, column, BYTE.closeBracket, Number.POSITIVE_INFINITY);
    if (isDue) scanFloat(cursor, column, place);
  } while (takeByte(cursor, BYTE.comma));
}

/** True when an object at the cursor starts as `{"b64"` does. The cursor stays. */
export function startsBase64(cursor: ByteCursor): boolean {
  const from = cursor.at;
  const opens = takeByte(cursor, BYTE.openBrace);
  skipWhitespace(cursor);
  const starts = opens && takeBytes(cursor, B64_KEY);
  cursor.at = from;
  return starts;
}

/** Text as its UTF-8 bytes (a view of the body where it has no escapes), or the bytes of `{"b64": "..."}`. */
export function scanBytes(cursor: ByteCursor, place: ElementPlace): Uint8Array {
  skipWhitespace(cursor);
  if (cursor.peek() === BYTE.quote) return scanText(cursor);
  if (cursor.peek() === BYTE.openBrace && startsBase64(cursor)) return scanBase64(cursor, place);
  throw wrongValue(cursor, 'string', place);
}

/** Steps over a value that the type does not take, so that what is not JSON at all is reported as such. */
export function wrongValue(cursor: ByteCursor, dtype: string, place: ElementPlace): TwinvecError {
  const where = place.describe(cursor);
  const from = cursor.at;
  skipValue(cursor, 0, 'non-finite');
  return invalid(cursor, where, `JSON Value: ${cursor.quote(from, cursor.at)} is not of expected type: ${dtype}`);
}

function scanFloat(cursor: ByteCursor, column: ValueColumn, place: ElementPlace): void {
  skipWhitespace(cursor);
  const from = cursor.at;
  const special = takeNonFinite(cursor);
  const isNumber = special !== undefined || cursor.peek() === BYTE.minus || isDigit(cursor.peek());
  if (!isNumber) throw wrongValue(cursor, column.dtype, place);
  const value = special ?? scanNumber(cursor);
  const overflows = special === undefined && !Number.isFinite(value);
  if (overflows || !(column as NumberColumn).append(value)) throw outOfRange(cursor, from, column.dtype, place);
}

function scanWhole(cursor: ByteCursor, column: ValueColumn, place: ElementPlace): void {
  skipWhitespace(cursor);
  const from = cursor.at;
  const byte = cursor.peek();
  if (byte !== BYTE.minus && !isDigit(byte)) throw wrongValue(cursor, column.dtype, place);
  const value = scanInteger(cursor);
  if (value === undefined || !(column as NumberColumn | WideColumn).append(value)) {
    throw outOfRange(cursor, from, column.dtype, place);
  }
}

function scanBool(cursor: ByteCursor, column: ValueColumn, place: ElementPlace): void {
  skipWhitespace(cursor);
  const value = takeBytes(cursor, TRUE) ? 1 : takeBytes(cursor, FALSE) ? 0 : undefined;
  if (value === undefined) throw wrongValue(cursor, 'bool', place);
  (column as NumberColumn).append(value);
}

function scanText(cursor: ByteCursor): Uint8Array {
  const from = cursor.at;
  skipString(cursor);
  const content = cursor.bytes.subarray(from + 1, cursor.at - 1);
  if (!content.includes(BYTE.backslash)) return content;
  cursor.at = from;
  return Buffer.from(readString(cursor));
}

function scanBase64(cursor: ByteCursor, place: ElementPlace): Uint8Array {
  expectByte(cursor, BYTE.openBrace, '{');
  skipWhitespace(cursor);
  takeBytes(cursor, B64_KEY);
  expectByte(cursor, BYTE.colon, 'a colon');
  skipWhitespace(cursor);
  if (cursor.peek() !== BYTE.quote) throw wrongValue(cursor, 'base64 text', place);
  const from = cursor.at;
  skipString(cursor);
  const bytes = decodeBase64(cursor.bytes, from + 1, cursor.at - 1) ?? withoutEscapes(cursor, from);
  if (!bytes) {
    const problem = `Unable to base64 decode ${cursor.quote(from + 1, cursor.at - 1)}; send the standard alphabet, padded`;
    throw invalid(cursor, place.describe(cursor), problem);
  }
  if (!takeByte(cursor, BYTE.closeBrace)) {
    throw invalid(cursor, place.describe(cursor), 'not formatted correctly for base64 data; send {"b64": "..."} alone');
  }
  return bytes;
}

/** Some writers escape the slash, which base64 may hold. */
function withoutEscapes(cursor: ByteCursor, from: number): Uint8Array | undefined {
  if (!cursor.bytes.subarray(from, cursor.at).includes(BYTE.backslash)) return undefined;
  cursor.at = from;
  const text = Buffer.from(readString(cursor));
  return decodeBase64(text, 0, text.length);
}

function outOfRange(cursor: ByteCursor, from: number, dtype: DType, place: ElementPlace): TwinvecError {
  const rule = isFloat(dtype) ? 'is too large for' : 'is not a whole number in the range of';
  return invalid(cursor, place.describe(cursor), `${cursor.quote(from, cursor.at)} ${rule} ${dtype}`);
}

function invalid(cursor: ByteCursor, where: string, problem: string): TwinvecError {
  return new TwinvecError('InvalidTensor', `${where}: ${problem}`, cursor.errorPlace());
}

/** `input "x"`: how messages name an input. */
export function inputLabel(name: string): string {
  return `input ${quoteForMessage(name)}`;
}
