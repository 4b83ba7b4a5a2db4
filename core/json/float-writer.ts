/**
 * Writes float32 values as decimals that read back as exactly the same float32, of at most nine digits: the shortest of
 * seven, eight and nine digits that does, without its trailing zeros. A whole number keeps `.0`, as in AWS's samples,
 * so that readers in typed languages see a float.
 *
 * `JSON.stringify` widens to double first and prints up to 17 digits, twice the bytes at several times the cost.
 */
import { DECIMAL, REACH, SCALE } from './float-scale.ts';

/** Longest text of one value, `-0.0000123456789`, its comma and a byte of room to work in. */
export const FLOAT_BYTES = 18;

const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const EXPONENT_MARK = 0x65;
/** The bits of infinity; those of NaN are larger. */
const INFINITE = 0x7f800000;

/** Decimal exponents outside of these are written with an `e`. */
const SMALLEST_FIXED = -5;
const LARGEST_FIXED = 8;

/** What to do with NaN and infinities: stop at them, or write TF Serving's bare tokens NaN, Infinity and -Infinity. */
export type NonFiniteRule = 'stop' | 'token';

const NAN = Buffer.from('NaN');
const INFINITY = Buffer.from('Infinity');

/**
 * Writes `values[from .. to)`, separated by commas, to `target` at `at`; {@link FLOAT_BYTES} per value must fit.
 *
 * @returns the position after the last byte; or, when it stopped at a value that is NaN or infinite, -1 - its index
 */
export function writeFloats(
  target: Uint8Array,
  at: number,
  values: Float32Array,
  from: number,
  to: number,
  nonFinite: NonFiniteRule = 'stop',
): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let next = at;
  for (let index = from; index < to; index++) {
    if (index > from) target[next++] = COMMA;
    const word = bits[index]!;
    const magnitude = word & 0x7fffffff;
    const exponentBits = magnitude >>> 23;
    if (exponentBits === 255 && nonFinite === 'stop') return -1 - index;
    if (word < 0 && magnitude <= INFINITE) target[next++] = MINUS;
    if (exponentBits === 255) next = writeToken(target, next, magnitude === INFINITE ? INFINITY : NAN);
    else if (magnitude === 0) next = writeZero(target, next);
    else if (exponentBits === 0) next = writeSubnormal(target, next, Math.abs(values[index]!));
    else next = writeNormal(target, next, Math.abs(values[index]!), magnitude, exponentBits);
  }
  return next;
}

function writeToken(target: Uint8Array, at: number, token: Uint8Array): number {
  target.set(token, at);
  return at + token.length;
}

function writeZero(target: Uint8Array, at: number): number {
  target[at] = ZERO;
  target[at + 1] = DOT;
  target[at + 2] = ZERO;
  return at + 3;
}

function writeNormal(target: Uint8Array, at: number, value: number, magnitude: number, exponentBits: number): number {
  let scaled = value * SCALE[exponentBits]!;
  let reach = REACH[exponentBits]!;
  let decimal = DECIMAL[exponentBits]! | 0;
  // Below a power of two the floats lie twice as close.
  if ((magnitude & 0x7fffff) === 0) reach *= 0.5;
  if (scaled >= 999_999_999.5) {
    scaled *= 0.1;
    reach *= 0.1;
    decimal = (decimal + 1) | 0;
  }
  let digits = (scaled + 0.5) | 0;
  let count = 9;
  const toSeven = Math.imul(((scaled + 50) * 0.01) | 0, 100);
  if (Math.abs(toSeven - scaled) < reach) {
    digits = toSeven;
    count = 7;
  } else {
    const toEight = Math.imul(((scaled + 5) * 0.1) | 0, 10);
    if (Math.abs(toEight - scaled) < reach) {
      digits = toEight;
      count = 8;
    }
  }
  // Rounding up can carry into a tenth digit.
  if (digits >= 1_000_000_000) {
    digits = 100_000_000;
    decimal = (decimal + 1) | 0;
  }
  if (decimal < 0 && decimal >= SMALLEST_FIXED) return writeFraction(target, at, digits, count, decimal);
  if (decimal >= 0 && decimal <= LARGEST_FIXED) return writeWithPoint(target, at, digits, count, decimal);
  return writeWithExponent(target, at, digits, count, decimal);
}

/** 0.0ddd: `decimal` is -1 when the first digit follows the point. */
function writeFraction(target: Uint8Array, at: number, digits: number, count: number, decimal: number): number {
  target[at] = ZERO;
  target[at + 1] = DOT;
  let first = at + 2;
  for (let zeros = -1 - decimal; zeros > 0; zeros--) target[first++] = ZERO;
  writeNineDigits(target, first, digits);
  return withoutZeros(target, first + 1, first + count);
}

/** d.ddd to ddddddddd.0 */
function writeWithPoint(target: Uint8Array, at: number, digits: number, count: number, decimal: number): number {
  // All digits one place to the right, then the whole ones moved back: the point takes the place between.
  writeNineDigits(target, at + 1, digits);
  const point = at + decimal + 1;
  for (let index = at; index < point; index++) target[index] = target[index + 1]!;
  target[point] = DOT;
  if (decimal === LARGEST_FIXED) target[point + 1] = ZERO;
  return withoutZeros(target, point + 2, Math.max(at + 1 + count, point + 2));
}

/** d.ddde-10 */
function writeWithExponent(target: Uint8Array, at: number, digits: number, count: number, decimal: number): number {
  const end = writeWithPoint(target, at, digits, count, 0);
  target[end] = EXPONENT_MARK;
  let next = end + 1;
  if (decimal < 0) target[next++] = MINUS;
  const size = Math.abs(decimal);
  if (size >= 10) target[next++] = ZERO + ((size / 10) | 0);
  target[next++] = ZERO + (size % 10);
  return next;
}

/** The end of a decimal without trailing zeros; bytes before `shortest` stay. */
function withoutZeros(target: Uint8Array, shortest: number, end: number): number {
  let last = end;
  while (last > shortest && target[last - 1] === ZERO) last--;
  return last;
}

function writeNineDigits(target: Uint8Array, at: number, digits: number): void {
  const upper = (digits / 10_000) | 0;
  const first = (upper / 10_000) | 0;
  target[at] = ZERO + first;
  writeFourDigits(target, at + 1, (upper - first * 10_000) | 0);
  writeFourDigits(target, at + 5, (digits - upper * 10_000) | 0);
}

/** Divisions by 100 and 10 as a multiplication and a shift: exact for these ranges. */
function writeFourDigits(target: Uint8Array, at: number, number: number): void {
  const upper = Math.imul(number, 5243) >>> 19;
  const lower = number - upper * 100;
  const upperTens = Math.imul(upper, 103) >>> 10;
  const lowerTens = Math.imul(lower, 103) >>> 10;
  target[at] = ZERO + upperTens;
  target[at + 1] = ZERO + upper - upperTens * 10;
  target[at + 2] = ZERO + lowerTens;
  target[at + 3] = ZERO + lower - lowerTens * 10;
}

/** Below the smallest normal float, 1.2e-38, digits are few and speed does not matter. */
function writeSubnormal(target: Uint8Array, at: number, value: number): number {
  let text = '';
  for (let digits = 1; digits <= 9 && Math.fround(Number(text)) !== value; digits++) text = value.toPrecision(digits);
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index);
  return at + text.length;
}
