/**
 * Decimal numbers in text that is not JSON, such as CSV: an optional sign, digits with or without a point on either
 * side (`.5`, `1.`), an optional exponent, spaces and tabs around. No hexadecimal, no underscores, no `NaN` or `inf`:
 * what a program wrote by accident must not become a number (spec faults E6).
 */
import { BYTE, type ByteCursor } from '#core/json/byte-cursor.ts';
import { isDigit } from '#core/json/number-scanner.ts';

/** Whole numbers up to here, and powers of ten up to 10^22, are exact in a double, so one operation rounds once. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** The number that {@link DecimalScanner.scan} found last. */
export class DecimalScanner {
  value = 0;
  /** Written with digits alone. */
  whole = false;
  /** First byte of the number, spaces before it aside, and one past its last. */
  from = 0;
  to = 0;

  /** Reads a number and the spaces around it; false, with the cursor where it was, when there is none. */
  scan(cursor: ByteCursor): boolean {
    const { bytes, end, at: start } = cursor;
    let at = skipBlanks(bytes, start, end);
    this.from = at;
    const sign = at < end ? bytes[at]! : 0;
    if (sign === BYTE.minus || sign === BYTE.plus) at++;
    let mantissa = 0;
    let digits = 0;
    while (at < end && isDigit(bytes[at]!)) {
      mantissa = mantissa * 10 + (bytes[at++]! - BYTE.zero);
      digits++;
    }
    const wholeDigits = digits;
    let point = false;
    if (at < end && bytes[at] === BYTE.dot) {
      point = true;
      at++;
      while (at < end && isDigit(bytes[at]!)) {
        mantissa = mantissa * 10 + (bytes[at++]! - BYTE.zero);
        digits++;
      }
    }
    if (digits === 0) return false;
    const exponentFrom = at;
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      at = skipExponent(bytes, at, end);
      if (at < 0) return false;
    }
    this.to = at;
    this.whole = !point && at === exponentFrom;
    if (digits <= EXACT_DIGITS && at === exponentFrom) {
      const value = mantissa / POWERS[digits - wholeDigits]!;
      this.value = sign === BYTE.minus ? -value : value;
    } else this.value = Number(this.text(bytes));
    cursor.at = skipBlanks(bytes, at, end);
    return true;
  }

  /** The number as it is written, without the spaces around it. */
  text(bytes: Uint8Array): string {
    return Buffer.from(bytes.buffer, bytes.byteOffset + this.from, this.to - this.from).toString('latin1');
  }

  get digits(): number {
    return this.to - this.from;
  }
}

/** One past the exponent whose `e` is at `at`, or -1 when no digit follows. */
function skipExponent(bytes: Uint8Array, at: number, end: number): number {
  let next = at + 1;
  if (next < end && (bytes[next] === BYTE.plus || bytes[next] === BYTE.minus)) next++;
  const first = next;
  while (next < end && isDigit(bytes[next]!)) next++;
  return next > first ? next : -1;
}

function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === BYTE.space || bytes[at] === BYTE.tab)) at++;
  return at;
}
