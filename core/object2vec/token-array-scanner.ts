/**
 * One array of token ids, from bytes straight into a column: the hot loop of decoding. Ids of up to nine digits, with at
 * most one space before them, take the fast way; everything else, valid or not, goes through `scanToken`.
 */
import { TwinvecError } from '#core/errors.ts';
import { BYTE, type ByteCursor, expectByte, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { isDigit } from '#core/json/number-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { scanText, scanWords } from './text-scanner.ts';
import type { TokenColumn } from './token-column.ts';
import { scanToken } from './token-scanner.ts';

/** Arrays and objects around a sequence: envelope, instances, record. */
const SEQUENCE_DEPTH = 3;

/** What the fast way reads before it can know that there is more: a space and a digit. */
const FAST_WINDOW = 2;
/** Every number of nine digits is an int32. */
const FAST_DIGITS = 9;

/**
 * Scans the array (or the text) after the cursor as the next row of the column. Ids after the first `maxSeqLen` are checked like the
 * others but not kept. Nothing is appended when it fails.
 *
 * @throws InvalidTokenId, TokenOutOfVocabulary, EmptySequence, NoVocabulary, InvalidRecord (not an array or text),
 *   MalformedJson
 */
export function scanTokenArray(cursor: ByteCursor, column: TokenColumn): void {
  if (!openTokenArray(cursor, column)) return;
  column.reserve(column.maxSeqLen);
  const { bytes } = cursor;
  const { ids, vocabularySize } = column;
  // Locals, because V8 folds them and not the constants of another module. One comparison tells a digit: no other byte
  // becomes 0 to 9 by xor, nor does one past the end, which is undefined.
  const { space, zero, comma, closeBracket } = BYTE;
  // A run of digits cannot pass the end of the bytes when the last of them is none, so the loop need not look for it.
  const fastEnd = isDigit(bytes[bytes.length - 1]!) ? -1 : bytes.length - FAST_WINDOW;
  const full = column.length + column.maxSeqLen;
  let length = column.length;
  let at = cursor.at;
  let separator: number = comma;
  for (let position = 0; separator === comma; position++) {
    let id = -1;
    separator = -1;
    if (at <= fastEnd) {
      const from = bytes[at] === space ? at + 1 : at;
      let next = from;
      let digit = bytes[next]! ^ zero;
      id = 0;
      while (digit <= 9) {
        id = (Math.imul(id, 10) + digit) | 0;
        digit = bytes[++next]! ^ zero;
      }
      const byte = bytes[next]!;
      const digits = next - from;
      const isPlain = digits === 1 || (digits > 1 && digits <= FAST_DIGITS && bytes[from] !== zero);
      if (isPlain && id < vocabularySize && (byte === comma || byte === closeBracket)) {
        separator = byte;
        at = next + 1;
      }
    }
    if (separator === -1) {
      cursor.at = at;
      id = scanToken(cursor, column, position) | 0;
      separator = scanSeparator(cursor) | 0;
      at = cursor.at | 0;
    }
    if (length < full) ids[length++] = id;
  }
  cursor.at = at;
  column.endRow(length);
}

/** Steps to the first id; false when it was text instead, which is then the column's next row. */
function openTokenArray(cursor: ByteCursor, column: TokenColumn): boolean {
  skipWhitespace(cursor);
  if (cursor.peek() === BYTE.quote) {
    scanText(cursor, column);
    return false;
  }
  if (cursor.peek() !== BYTE.openBracket) throw notAnArray(cursor, column);
  cursor.at++;
  if (takeByte(cursor, BYTE.closeBracket)) {
    throw new TwinvecError(
      'EmptySequence',
      `${cursor.place()}: ${column.field} is empty; send at least one token id`,
      cursor.errorPlace(),
    );
  }
  // Without a vocabulary a quoted id is what it looks like: no id.
  if (cursor.peek() !== BYTE.quote || !column.text) return true;
  scanWords(cursor, column);
  return false;
}

function scanSeparator(cursor: ByteCursor): number {
  if (takeByte(cursor, BYTE.comma)) return BYTE.comma;
  expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
  return BYTE.closeBracket;
}

function notAnArray(cursor: ByteCursor, column: TokenColumn): TwinvecError {
  const from = cursor.at;
  skipValue(cursor, SEQUENCE_DEPTH);
  return new TwinvecError(
    'InvalidRecord',
    `${cursor.place()}: ${column.field} is ${cursor.quote(from, cursor.at)}, not an array of token ids or text`,
    cursor.errorPlace(),
  );
}
