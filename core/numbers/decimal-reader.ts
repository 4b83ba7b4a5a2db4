/**
 * The one reading of decimal numbers, `digits[.digits][e[+-]digits]`, straight from bytes to the nearest double or
 * float32. What of it a format allows (JSON, CSV, text files) is for the caller to decide from the parts that it found.
 *
 * Up to fifteen digits and powers of ten up to 10^22 are exact in a double, so that one operation rounds once. Longer
 * numbers that only have to become a float32 are computed with an error of less than {@link SAFE_ULPS} units in the last
 * place: that decides the float32 unless the result is as close as that to the middle between two of them. Everything
 * else is read as text by the language.
 */
const EXACT_DIGITS = 15;
/** Each digit beyond the exact ones adds two roundings, half a unit each. */
const MOST_DIGITS = 25;
const SAFE_ULPS = 64;
const LARGEST_POWER = 22;
export const POWERS_OF_TEN = Float64Array.from({ length: LARGEST_POWER + 1 }, (_, power) => Number(`1e${power}`));
/** Larger exponents are infinity or zero whatever the digits, and are left to the language. */
const MOST_EXPONENT = 100_000;

const ZERO = 0x30;
const DOT = 0x2e;
const SMALL_E = 0x65;
const PLUS = 0x2b;
const MINUS = 0x2d;

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);
/** The half of a double that holds all the bits that a float32 drops. */
const LOW_WORD = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const DROPPED_BITS = 0x1fff_ffff;
const MIDDLE = 0x1000_0000;

export type Precision = 'float64' | 'float32';

export class DecimalReader {
  /** Without sign; infinity where it is too large for a double. With `float32`, only its `Math.fround` means anything. */
  value = 0;
  /** One past the last byte that was read. */
  to = 0;
  wholeDigits = 0;
  /** -1 where there is no point. */
  fractionDigits = -1;
  /** -1 where there is no `e`. */
  exponentDigits = -1;

  /** Reads as far as the bytes look like a number; without any digit the value is 0. */
  read(bytes: Uint8Array, from: number, end: number, precision: Precision): void {
    let at = from;
    let mantissa = 0;
    let digit = at < end ? bytes[at]! - ZERO : -1;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      at++;
      digit = at < end ? bytes[at]! - ZERO : -1;
    }
    const wholeDigits = at - from;
    let digits = wholeDigits;
    this.fractionDigits = -1;
    if (digit === DOT - ZERO) {
      const first = ++at;
      digit = at < end ? bytes[at]! - ZERO : -1;
      while (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        at++;
        digit = at < end ? bytes[at]! - ZERO : -1;
      }
      this.fractionDigits = at - first;
      digits += this.fractionDigits;
    }
    this.to = at;
    this.wholeDigits = wholeDigits;
    const power = this.#readExponent(bytes, end) - (digits - wholeDigits);
    const value = Math.abs(power) > LARGEST_POWER ? Number.NaN : scaled(mantissa, power);
    const isExact =
      digits <= EXACT_DIGITS || (precision === 'float32' && digits <= MOST_DIGITS && decidesFloat32(value));
    this.value = isExact && !Number.isNaN(value) ? value : numberOf(bytes, from, this.to);
  }

  #readExponent(bytes: Uint8Array, end: number): number {
    this.exponentDigits = -1;
    if (this.to >= end || (bytes[this.to]! | 0x20) !== SMALL_E) return 0;
    const sign = this.to + 1 < end ? bytes[this.to + 1] : 0;
    const first = this.to + (sign === PLUS || sign === MINUS ? 2 : 1);
    let at = first;
    let exponent = 0;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9) {
      exponent = Math.min(exponent * 10 + (bytes[at++]! - ZERO), MOST_EXPONENT);
    }
    this.to = at;
    this.exponentDigits = at - first;
    return sign === MINUS ? -exponent : exponent;
  }
}

function scaled(mantissa: number, power: number): number {
  return power < 0 ? mantissa / POWERS_OF_TEN[-power]! : mantissa * POWERS_OF_TEN[power]!;
}

/** Whether every number within the error of this one rounds to the same float32. */
function decidesFloat32(value: number): boolean {
  DOUBLE[0] = value;
  return Math.abs((WORDS[LOW_WORD]! & DROPPED_BITS) - MIDDLE) > SAFE_ULPS;
}

function numberOf(bytes: Uint8Array, from: number, to: number): number {
  return Number(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1'));
}
