/**
 * Text in the place of token ids: a string, or an array of words. The column's reader makes ids of it.
 */
import { TwinvecError } from '#core/errors.ts';
import { BYTE, type ByteCursor, expectByte, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { readString, skipString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import type { TextReader } from '#core/text/text-reader.ts';
import type { TokenColumn } from './token-column.ts';

/** Arrays and objects around a word: envelope, instances, record, sequence. */
const WORD_DEPTH = 4;

/**
 * Scans the string at the cursor as the next row of the column.
 * @throws NoVocabulary, EmptySequence, MalformedJson
 */
export function scanText(cursor: ByteCursor, column: TokenColumn): void {
  const reader = readerOf(cursor, column);
  appendRow(cursor, column, reader.idsOfText(readString(cursor), column.maxSeqLen));
}

/**
 * Scans the words from the cursor, which is after the bracket, as the next row of the column.
 * @throws NoVocabulary, InvalidTokenId (something else between words), EmptySequence, MalformedJson
 */
export function scanWords(cursor: ByteCursor, column: TokenColumn): void {
  const reader = readerOf(cursor, column);
  appendRow(cursor, column, reader.idsOfWords(wordsAt(cursor, column), column.maxSeqLen));
}

function* wordsAt(cursor: ByteCursor, column: TokenColumn): Generator<string> {
  let position = 0;
  do {
    skipWhitespace(cursor);
    if (cursor.peek() !== BYTE.quote) throw notAWord(cursor, column, position);
    yield readString(cursor);
    position++;
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
}

function readerOf(cursor: ByteCursor, { text, field }: TokenColumn): TextReader {
  if (text) return text;
  const from = cursor.at;
  skipString(cursor);
  throw new TwinvecError(
    'NoVocabulary',
    `${cursor.place()}: ${field} is text, ${cursor.quote(from, cursor.at)}, and the model has no vocabulary for ` +
      `${field}; send token ids, or train it with enc${field.slice(2)}_vocab_file`,
    cursor.errorPlace(),
  );
}

function appendRow(cursor: ByteCursor, column: TokenColumn, ids: readonly number[]): void {
  if (ids.length === 0) {
    throw new TwinvecError(
      'EmptySequence',
      `${cursor.place()}: ${column.field} has no word that the model can read; send at least one word`,
      cursor.errorPlace(),
    );
  }
  column.reserve(ids.length);
  column.ids.set(ids, column.length);
  column.endRow(column.length + ids.length);
}

function notAWord(cursor: ByteCursor, column: TokenColumn, position: number): TwinvecError {
  const from = cursor.at;
  skipValue(cursor, WORD_DEPTH);
  return new TwinvecError(
    'InvalidTokenId',
    `${cursor.place()}, ${column.field}[${position}]: ${cursor.quote(from, cursor.at)} stands among words; ` +
      'an array holds either token ids or words',
    cursor.errorPlace(),
  );
}
