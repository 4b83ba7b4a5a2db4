/**
 * A file of pretrained word vectors, read line by line: of files of gigabytes only the vectors of the vocabulary's words
 * are kept.
 */
import { stat } from 'node:fs/promises';
import { TwinvecError } from '#core/errors.ts';
import { ByteCursor } from '#core/json/byte-cursor.ts';
import { nextLine, skipByteOrderMark } from '#core/json/lines.ts';
import {
  readVectorHeader,
  readVectorNumbers,
  readVectorWord,
  refuseWiderVectors,
  wrongWidth,
} from '#core/text/vector-line.ts';
import type { Vocabulary } from '#core/text/vocabulary.ts';
import type { GivenRows } from '../training/initial-weights.ts';
import type { ChannelFile } from './channels.ts';
import { lineBlocks } from './line-blocks.ts';

/** Rows that are allocated at a time: what was not found takes no memory. */
const BLOCK_ROWS = 1024;

/** The rows of a table that a file of vectors gives. */
export class WordVectors implements GivenRows {
  readonly width: number;
  /** Ids of the vocabulary, and how many of them have a vector. */
  readonly wanted: number;
  found = 0;
  /** Lines whose word had a vector already; the first one counts. */
  repeated = 0;
  readonly #blocks: Float32Array[] = [];
  /** By id: the number of its vector and one; 0 where there is none. */
  readonly #numbers: Int32Array;

  constructor(vocabulary: Vocabulary, width: number) {
    this.width = width;
    this.#numbers = new Int32Array(vocabulary.size);
    this.wanted = new Set(vocabulary.ids.values()).size;
  }

  has(id: number): boolean {
    return this.#numbers[id]! > 0;
  }

  row(id: number): Float32Array | undefined {
    const number = this.#numbers[id] ?? 0;
    return number === 0 ? undefined : this.#at(number - 1);
  }

  /** Room for one more vector, which the caller fills. */
  add(id: number): Float32Array {
    if (this.found % BLOCK_ROWS === 0) this.#blocks.push(new Float32Array(BLOCK_ROWS * this.width));
    this.#numbers[id] = this.found + 1;
    return this.#at(this.found++);
  }

  #at(n: number): Float32Array {
    const start = (n % BLOCK_ROWS) * this.width;
    return this.#blocks[Math.floor(n / BLOCK_ROWS)]!.subarray(start, start + this.width);
  }
}

export interface VectorRequest {
  readonly file: ChannelFile;
  readonly vocabulary: Vocabulary;
  readonly width: number;
}

/**
 * @param onRead hears how many bytes of the file were read so far, of how many
 * @throws TwinvecError InvalidTrainingData naming file and line; when no word is found, too
 */
export async function readWordVectors(
  { file, vocabulary, width }: VectorRequest,
  onRead: (bytes: number, total: number) => void = () => {},
): Promise<WordVectors> {
  const vectors = new WordVectors(vocabulary, width);
  const { size } = await stat(file.path);
  let line = 0;
  for await (const block of lineBlocks(file, (bytes) => onRead(bytes, size))) {
    const cursor = new ByteCursor(block);
    cursor.line = line;
    if (line === 0) skipByteOrderMark(cursor);
    try {
      while (nextLine(cursor)) readLine(cursor, vocabulary, vectors);
    } catch (error) {
      if (!(error instanceof TwinvecError)) throw error;
      throw new TwinvecError(error.code, `${file.name}: ${error.message}.`, { cause: error });
    }
    line = cursor.line;
  }
  if (vectors.found > 0) return vectors;
  const [first] = vocabulary.ids.keys();
  throw new TwinvecError(
    'InvalidTrainingData',
    `${file.name} has a vector for none of the ${vectors.wanted} words of the vocabulary, such as ${JSON.stringify(first)}. ` +
      'Are both in the same language, and lower-cased or not alike?',
  );
}

function readLine(cursor: ByteCursor, vocabulary: Vocabulary, vectors: WordVectors): void {
  const { width } = vectors;
  if (cursor.line === 1) {
    const header = readVectorHeader(cursor);
    if (header?.width === width) return;
    if (header) throw wrongWidth(cursor, width, header.width);
    refuseWiderVectors(cursor, width);
  }
  const word = readVectorWord(cursor, width);
  const id = vocabulary.idOf(word);
  if (id === undefined) return;
  if (vectors.has(id)) vectors.repeated += 1;
  else readVectorNumbers(cursor, word, vectors.add(id));
}
