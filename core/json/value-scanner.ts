/**
 * Steps over any JSON value, checking it strictly and keeping nothing. It loops instead of recursing, so that nesting
 * costs no stack, and stops at the depth limit (spec faults C-4).
 */
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { BYTE, type ByteCursor, expectByte, malformed, skipWhitespace, takeByte, takeBytes } from './byte-cursor.ts';
import { isDigit, scanNumber } from './number-scanner.ts';
import { skipString } from './string-scanner.ts';

const LITERALS = new Map(['true', 'false', 'null'].map((text) => [text.charCodeAt(0), Buffer.from(text)]));
const NON_FINITE_LITERALS = new Map(['NaN', 'Infinity'].map((text) => [text.charCodeAt(0), Buffer.from(text)]));

/** Whether numbers may be the bare tokens NaN, Infinity and -Infinity, which TF Serving writes and reads. */
export type NumberSyntax = 'json' | 'non-finite';

/** `depth` is the number of arrays and objects that the value already lies in. */
export function skipValue(cursor: ByteCursor, depth: number, numbers: NumberSyntax = 'json'): void {
  const closers: number[] = [];
  do {
    while (enterContainer(cursor, closers, depth, numbers));
  } while (moveToNextValue(cursor, closers));
}

/** The bare token NaN, Infinity or -Infinity at the cursor, which is stepped over; undefined when none is there. */
export function takeNonFinite(cursor: ByteCursor): number | undefined {
  const from = cursor.at;
  const negative = cursor.peek() === BYTE.minus;
  if (negative) cursor.at++;
  for (const [first, literal] of NON_FINITE_LITERALS) {
    if (cursor.peek() !== first || !takeBytes(cursor, literal)) continue;
    if (literal.length === 3 && negative) break;
    if (literal.length === 3) return Number.NaN;
    return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  cursor.at = from;
  return undefined;
}

/**
 * True when the value at the cursor is a container with something inside: the cursor is then at its first value.
 * Any other value is stepped over.
 */
function enterContainer(cursor: ByteCursor, closers: number[], depth: number, numbers: NumberSyntax): boolean {
  skipWhitespace(cursor);
  const closer = closerOf(cursor.peek());
  if (closer < 0) {
    if (numbers === 'json' || takeNonFinite(cursor) === undefined) skipScalar(cursor);
    return false;
  }
  if (depth + closers.length >= LIMITS.jsonDepth.value) throw tooDeep(cursor);
  cursor.at++;
  if (takeByte(cursor, closer)) return false;
  closers.push(closer);
  if (closer === BYTE.closeBrace) skipKey(cursor);
  return true;
}

/** After a value: closes the containers that end here; true when another value follows. */
function moveToNextValue(cursor: ByteCursor, closers: number[]): boolean {
  for (let closer = closers.at(-1); closer !== undefined; closer = closers.at(-1)) {
    if (takeByte(cursor, BYTE.comma)) {
      if (closer === BYTE.closeBrace) skipKey(cursor);
      return true;
    }
    expectByte(cursor, closer, closer === BYTE.closeBrace ? 'a comma or }' : 'a comma or ]');
    closers.pop();
  }
  return false;
}

function closerOf(byte: number): number {
  if (byte === BYTE.openBrace) return BYTE.closeBrace;
  return byte === BYTE.openBracket ? BYTE.closeBracket : -1;
}

function skipKey(cursor: ByteCursor): void {
  skipWhitespace(cursor);
  skipString(cursor);
  expectByte(cursor, BYTE.colon, 'a colon');
}

function skipScalar(cursor: ByteCursor): void {
  const byte = cursor.peek();
  if (byte === BYTE.quote) skipString(cursor);
  else if (byte === BYTE.minus || isDigit(byte)) scanNumber(cursor);
  else skipLiteral(cursor, byte);
}

function skipLiteral(cursor: ByteCursor, first: number): void {
  const literal = LITERALS.get(first);
  if (!literal) throw malformed(cursor, 'a JSON value');
  for (const byte of literal) {
    if (cursor.peek() !== byte) throw malformed(cursor, `the rest of ${literal.toString()}`);
    cursor.at++;
  }
}

function tooDeep(cursor: ByteCursor): TwinvecError {
  const limit = LIMITS.jsonDepth.value;
  return new TwinvecError(
    'NestingTooDeep',
    `${cursor.place()}, byte ${cursor.at - cursor.start}: nested deeper than ${limit} levels`,
    cursor.errorPlace(),
  );
}
