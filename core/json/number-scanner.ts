/**
 * JSON numbers by RFC 8259's grammar: no leading zero, no bare dot, no plus sign, no NaN or Infinity.
 */
import { DecimalReader } from '#core/numbers/decimal-reader.ts';
import { BYTE, type ByteCursor, malformed } from './byte-cursor.ts';

const decimal = new DecimalReader();

/** The value of the number at the cursor, which is stepped over; ±Infinity where it is too large for a double. */
export function scanNumber(cursor: ByteCursor): number {
  const { bytes, end } = cursor;
  const negative = cursor.peek() === BYTE.minus;
  const from = negative ? cursor.at + 1 : cursor.at;
  decimal.read(bytes, from, end, 'float64');
  if (!isJsonNumber(decimal, bytes[from]!)) throw malformedNumber(cursor, from);
  cursor.at = decimal.to;
  return negative ? -decimal.value : decimal.value;
}

/** Whether JSON has numbers of these parts, of which `first` is the first byte after the sign. */
export function isJsonNumber(
  { wholeDigits, fractionDigits, exponentDigits }: DecimalReader,
  first: number | undefined,
): boolean {
  if (wholeDigits === 0 || fractionDigits === 0 || exponentDigits === 0) return false;
  return wholeDigits === 1 || first !== BYTE.zero;
}

/** Points at the first wrong byte of the number that was read last. */
function malformedNumber(cursor: ByteCursor, from: number): Error {
  const { wholeDigits, fractionDigits, to } = decimal;
  if (wholeDigits > 1 && cursor.bytes[from] === BYTE.zero) {
    cursor.at = from + 1;
    return malformed(cursor, 'no digit after a leading zero');
  }
  if (wholeDigits === 0) cursor.at = from;
  else cursor.at = fractionDigits === 0 ? from + wholeDigits + 1 : to;
  return malformed(cursor, 'a digit');
}

export function isDigit(byte: number): boolean {
  return byte >= BYTE.zero && byte <= BYTE.nine;
}
