/**
 * A vocabulary file in AWS's form, one JSON object of words and ids, read strictly and in one pass: what JSON.parse would
 * let through, such as a word that stands twice, is refused with its line.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { BYTE, ByteCursor, expectByte, expectEnd, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { skipByteOrderMark } from '#core/json/lines.ts';
import { isDigit, scanNumber } from '#core/json/number-scanner.ts';
import { readString } from '#core/json/string-scanner.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { LIMITS } from '#core/limits.ts';
import { Vocabulary } from './vocabulary.ts';

/**
 * @param bytes the file, unzipped
 * @param name the file's name, for messages
 * @throws TwinvecError InvalidTrainingData naming the file, the line and the word
 */
export function parseVocabulary(bytes: Uint8Array, name: string): Vocabulary {
  const cursor = new ByteCursor(bytes);
  const ids = new Map<string, number>();
  try {
    skipByteOrderMark(cursor);
    skipWhitespace(cursor);
    if (cursor.peek() !== BYTE.openBrace) throw problem(`it must hold one JSON object, word to id: {"the": 0, ...}`);
    cursor.at++;
    if (!takeByte(cursor, BYTE.closeBrace)) scanMembers(cursor, ids);
    expectEnd(cursor);
  } catch (error) {
    if (!(error instanceof TwinvecError)) throw error;
    const what = error.message.replace(/^The body, byte \d+: /, 'not JSON: ');
    throw problem(`${name}, line ${lineOf(cursor)}: ${what}.`, error);
  }
  if (ids.size === 0) throw problem(`${name} holds no words.`);
  return new Vocabulary(ids);
}

function scanMembers(cursor: ByteCursor, ids: Map<string, number>): void {
  do {
    skipWhitespace(cursor);
    const word = readString(cursor);
    expectByte(cursor, BYTE.colon, 'a colon');
    const id = scanId(cursor);
    if (id === undefined) {
      throw problem(`the id of ${quoteForMessage(word)} is not a whole number below ${LIMITS.vocabularySize.value}`);
    }
    if (ids.has(word)) throw problem(`the word ${quoteForMessage(word)} stands twice`);
    ids.set(word, id);
  } while (takeByte(cursor, BYTE.comma));
  expectByte(cursor, BYTE.closeBrace, 'a comma or }');
}

/** Steps over the value; undefined when it is no id. */
function scanId(cursor: ByteCursor): number | undefined {
  skipWhitespace(cursor);
  if (!isDigit(cursor.peek())) {
    skipValue(cursor, 1);
    return undefined;
  }
  const id = scanNumber(cursor);
  return Number.isInteger(id) && id < LIMITS.vocabularySize.value ? id : undefined;
}

function lineOf({ bytes, at }: ByteCursor): number {
  let line = 1;
  for (let i = 0; i < at; i++) if (bytes[i] === BYTE.newline) line++;
  return line;
}

function problem(message: string, cause?: unknown): TwinvecError {
  return new TwinvecError('InvalidTrainingData', message, { cause });
}
