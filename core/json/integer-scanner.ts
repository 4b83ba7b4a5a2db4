/**
 * Whole JSON numbers without loss: up to fifteen digits as a number, longer ones as a BigInt.
 */
import { BYTE, type ByteCursor, malformed } from './byte-cursor.ts';
import { isDigit, scanNumber } from './number-scanner.ts';

const EXACT_DIGITS = 15;
/** Longer numbers fit no integer type, and making a BigInt of them costs more than linear time. */
const MOST_DIGITS = 40;

/**
 * The integer at the cursor, which is stepped over. Undefined, after stepping over the number, when it is written with
 * a point or an exponent, or is absurdly long.
 *
 * @throws MalformedJson when there is no number
 */
export function scanInteger(cursor: ByteCursor): number | bigint | undefined {
  const { bytes, end, at: from } = cursor;
  const negative = cursor.peek() === BYTE.minus;
  const first = negative ? from + 1 : from;
  let at = first;
  let value = 0;
  while (at < end && isDigit(bytes[at]!)) {
    value = value * 10 + (bytes[at]! - BYTE.zero);
    at++;
  }
  const digits = at - first;
  const next = at < end ? bytes[at]! : -1;
  if (digits === 0 || next === BYTE.dot || (next | 0x20) === 0x65) {
    scanNumber(cursor);
    return undefined;
  }
  if (digits > 1 && bytes[first] === BYTE.zero) {
    cursor.at = first + 1;
    throw malformed(cursor, 'no digit after a leading zero');
  }
  cursor.at = at;
  if (digits <= EXACT_DIGITS) return negative ? 0 - value : value;
  if (digits > MOST_DIGITS) return undefined;
  return BigInt(Buffer.from(bytes.subarray(from, at)).toString('latin1'));
}
