/**
 * The hot loop of dense models: float32 values separated by commas, in the spelling that JSON and CSV have in common.
 * What it does not know, the format's own reading of one value takes up, so that every rule and message is that one's.
 */
import { BYTE, type ByteCursor } from '#core/json/byte-cursor.ts';
import { isJsonNumber } from '#core/json/number-scanner.ts';
import { DecimalReader, POWERS_OF_TEN } from '#core/numbers/decimal-reader.ts';
import type { NumberColumn } from './value-column.ts';

/** Digits whose number is an int32. */
const SHORT_DIGITS = 9;
/** The bytes before the end are left to the caller: then nothing usual is read past it, and no byte is checked for it. */
const TAIL_BYTES = 32;

const decimal = new DecimalReader();

/**
 * Appends the values of a list to a column of float32, at most `most`. `closer` is the byte that ends the list.
 *
 * @returns true with the cursor where a value is due, and none that is plainly written follows, or one too many; false
 *   with the cursor at the closer, behind the last value
 */
export function scanPlainFloats(cursor: ByteCursor, column: NumberColumn, closer: number, most: number): boolean {
  const last = column.length + most;
  for (;;) {
    const room = Math.min(column.values.length, last);
    const next = fill(cursor, column.values as Float32Array, column.length, room, closer);
    column.length = next < 0 ? -1 - next : next;
    if (next < 0) return false;
    if (next < room || room === last) return true;
    column.reserve(1);
  }
}

/**
 * Sets `values[from]` and on, up to `to`. Short numbers are read here, without a call for each: that takes half the time
 * of {@link DecimalReader}, which reads the others.
 *
 * @returns the index after the last, with the cursor behind its comma; at the closer, -1 - that index
 */
function fill(cursor: ByteCursor, values: Float32Array, from: number, to: number, closer: number): number {
  const { bytes, end } = cursor;
  // Locals, because V8 folds them and not the constants of another module. One comparison tells a digit: no other byte
  // becomes 0 to 9 by xor, nor does one past the end, which is undefined.
  const { space, minus, zero, dot, comma } = BYTE;
  let next = from;
  let at = cursor.at;
  while (next < to && at < end - TAIL_BYTES) {
    if (bytes[at] === space) at++;
    cursor.at = at;
    const negative = bytes[at] === minus;
    if (negative) at++;
    const first = at;
    let mantissa = 0;
    let digit = bytes[at]! ^ zero;
    while (digit <= 9) {
      mantissa = (Math.imul(mantissa, 10) + digit) | 0;
      digit = bytes[++at]! ^ zero;
    }
    let digits = at - first;
    if (digits === 0 || (digits > 1 && bytes[first] === zero)) break;
    let value = mantissa;
    if (bytes[at] === dot) {
      const point = at++;
      digit = bytes[at]! ^ zero;
      while (digit <= 9) {
        mantissa = (Math.imul(mantissa, 10) + digit) | 0;
        digit = bytes[++at]! ^ zero;
      }
      const fractionDigits = at - point - 1;
      if (fractionDigits === 0) break;
      digits += fractionDigits;
      value = mantissa / POWERS_OF_TEN[fractionDigits]!;
    }
    let after = bytes[at]!;
    if (digits > SHORT_DIGITS || (after !== comma && after !== closer)) {
      decimal.read(bytes, first, end, 'float32');
      value = Math.fround(decimal.value);
      at = decimal.to;
      after = at < end ? bytes[at]! : -1;
      const isPlain = isJsonNumber(decimal, bytes[first]) && Number.isFinite(value);
      if (!isPlain || (after !== comma && after !== closer)) break;
    }
    values[next++] = negative ? -value : value;
    cursor.at = at;
    if (after === closer) return -1 - next;
    cursor.at = ++at;
  }
  return next;
}
