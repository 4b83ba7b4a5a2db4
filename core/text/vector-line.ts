/**
 * One line of a file of word vectors, as GloVe and fastText write them: a word, then its numbers, blanks between. The
 * numbers are counted from the end, because words may hold blanks themselves (glove.840B has `. . .`).
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { BYTE, type ByteCursor } from '#core/json/byte-cursor.ts';
import { isDigit, scanNumber } from '#core/json/number-scanner.ts';

const LARGEST_FLOAT32 = 3.4028234663852886e38;
/** Also what C, C++ and NumPy print that JSON has not: `.5`, `5.`, `+5`. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The word of the cursor's line, and moves the cursor to the first of the last `width` numbers. The word is empty where
 * the line begins with a blank, as when a tokeniser took a strange space for a word.
 *
 * @throws TwinvecError InvalidTrainingData when the line has fewer numbers
 */
export function readVectorWord(cursor: ByteCursor, width: number): string {
  const { bytes, start } = cursor;
  let at = endOfText(cursor);
  for (let field = 0; field < width; field++) {
    const fieldEnd = at;
    while (at > start && !isBlank(bytes[at - 1]!)) at--;
    if (at === fieldEnd) throw wrongWidth(cursor, width, countFields(cursor) - 1);
    cursor.at = at;
    while (at > start && isBlank(bytes[at - 1]!)) at--;
  }
  if (at === start && !isBlank(bytes[start]!)) throw wrongWidth(cursor, width, countFields(cursor) - 1);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, at - start).toString('utf8');
}

/**
 * The numbers from the cursor to the end of its line.
 * @throws TwinvecError InvalidTrainingData for what is no finite float32, naming its place
 */
export function readVectorNumbers(cursor: ByteCursor, word: string, into: Float32Array): void {
  const { bytes, end } = cursor;
  for (let i = 0; i < into.length; i++) {
    while (cursor.at < end && isBlank(bytes[cursor.at]!)) cursor.at++;
    const from = cursor.at;
    let to = from;
    while (to < end && !isBlank(bytes[to]!)) to++;
    const value = isPlain(bytes[from]!, bytes[from + 1]!) ? plainNumber(cursor, to) : otherNumber(cursor, from, to);
    if (!(Math.abs(value) <= LARGEST_FLOAT32)) {
      throw new TwinvecError(
        'InvalidTrainingData',
        `line ${cursor.line}: number ${i + 1} of ${quoteForMessage(word)} is ${cursor.quote(from, to)}, not a finite float32`,
      );
    }
    cursor.at = to;
    into[i] = value;
  }
}

/** The two numbers of fastText's first line, words and width; undefined when the line is a vector. */
export function readVectorHeader(cursor: ByteCursor): { readonly width: number } | undefined {
  const header = /^(\d+)[ \t]+(\d+)$/.exec(lineText(cursor, 64));
  return header ? { width: Number(header[2]) } : undefined;
}

/**
 * A first line with more numbers than are wanted: the others would be taken for a part of its word, and no word of the
 * file would ever be found.
 * @throws TwinvecError InvalidTrainingData
 */
export function refuseWiderVectors(cursor: ByteCursor, width: number): void {
  const [, ...numbers] = lineText(cursor, cursor.end - cursor.start).split(/[ \t]+/);
  const surplus = numbers.slice(0, Math.max(0, numbers.length - width));
  if (surplus.length > 0 && surplus.every((field) => DECIMAL.test(field))) {
    throw wrongWidth(cursor, width, numbers.length);
  }
}

export function wrongWidth({ line }: ByteCursor, expected: number, found: number): TwinvecError {
  const counted = `${Math.max(0, found)} number${found === 1 ? '' : 's'}`;
  return new TwinvecError(
    'InvalidTrainingData',
    `line ${line}: a word with ${counted}, where token vectors have ${expected}`,
  );
}

/** What begins like `1` or `-1`, but not `01` or `0x`. */
function isPlain(first: number, second: number): boolean {
  return isDigit(first) || (first === BYTE.minus && isDigit(second));
}

/** NaN unless JSON's grammar takes all of it. */
function plainNumber(cursor: ByteCursor, to: number): number {
  const from = cursor.at;
  const { end } = cursor;
  cursor.end = to;
  try {
    const value = scanNumber(cursor);
    return cursor.at === to ? value : Number.NaN;
  } catch {
    return otherNumber(cursor, from, to);
  } finally {
    cursor.end = end;
  }
}

function otherNumber({ bytes }: ByteCursor, from: number, to: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

const isBlank = (byte: number): boolean =>
  byte === BYTE.space || byte === BYTE.tab || byte === BYTE.carriageReturn || byte === BYTE.newline;

/** fastText ends its lines with a blank. */
function endOfText({ bytes, start, end }: ByteCursor): number {
  let at = end;
  while (at > start && isBlank(bytes[at - 1]!)) at--;
  return at;
}

function lineText(cursor: ByteCursor, most: number): string {
  const { bytes, start } = cursor;
  const end = Math.min(endOfText(cursor), start + most);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

function countFields(cursor: ByteCursor): number {
  return lineText(cursor, cursor.end - cursor.start)
    .split(/[ \t]+/)
    .filter(Boolean).length;
}
