/**
 * Decimal numbers in text that is not JSON, such as CSV: an optional sign, digits with or without a point on either
 * side (`.5`, `1.`), an optional exponent, spaces and tabs around. No hexadecimal, no underscores, no `NaN` or `inf`:
 * what a program wrote by accident must not become a number (spec faults E6).
 */
import { BYTE, type ByteCursor } from '#core/json/byte-cursor.ts';
import { DecimalReader } from '#core/numbers/decimal-reader.ts';

/** The number that {@link DecimalScanner.scan} found last. */
export class DecimalScanner {
  value = 0;
  /** Written with digits alone. */
  whole = false;
  /** First byte of the number, spaces before it aside, and one past its last. */
  from = 0;
  to = 0;
  readonly #decimal = new DecimalReader();

  /** Reads a number and the spaces around it; false, with the cursor where it was, when there is none. */
  scan(cursor: ByteCursor): boolean {
    const { bytes, end, at: start } = cursor;
    const from = skipBlanks(bytes, start, end);
    const sign = from < end ? bytes[from]! : 0;
    const decimal = this.#decimal;
    decimal.read(bytes, sign === BYTE.minus || sign === BYTE.plus ? from + 1 : from, end, 'float64');
    const hasDigits = decimal.wholeDigits > 0 || decimal.fractionDigits > 0;
    if (!hasDigits || decimal.exponentDigits === 0) return false;
    this.from = from;
    this.to = decimal.to;
    this.whole = decimal.fractionDigits < 0 && decimal.exponentDigits < 0;
    this.value = sign === BYTE.minus ? -decimal.value : decimal.value;
    cursor.at = skipBlanks(bytes, decimal.to, end);
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

function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === BYTE.space || bytes[at] === BYTE.tab)) at++;
  return at;
}
