/**
 * The growing form of {@link TokenRows}: one input's token ids, row after row, in one flat array. Scanning appends to
 * it; a record that turns out bad is taken back by truncating.
 */
import type { TextReader } from '#core/text/text-reader.ts';
import type { InputRules } from './inference-request.ts';
import type { TokenRows } from './token-rows.ts';

export type InputField = 'in0' | 'in1';

const FIRST_IDS = 1024;
const FIRST_ROWS = 16;

export class TokenColumn {
  readonly field: InputField;
  vocabularySize: number;
  maxSeqLen: number;
  /** Makes ids of text; absent where only ids are taken. */
  text: TextReader | undefined;
  /** Ids of all rows; valid up to `length`. */
  ids: Int32Array = new Int32Array(FIRST_IDS);
  length = 0;
  /** Row r is `ids[offsets[r] .. offsets[r + 1])`; valid up to and including index `rows`. */
  offsets: Int32Array = new Int32Array(FIRST_ROWS);
  rows = 0;

  constructor(field: InputField, rules: InputRules) {
    this.field = field;
    this.vocabularySize = rules.vocabularySize;
    this.maxSeqLen = rules.maxSeqLen;
    this.text = rules.text;
  }

  /** Empties the column for other rows under other rules; its arrays stay. */
  reset(rules: InputRules): void {
    this.vocabularySize = rules.vocabularySize;
    this.maxSeqLen = rules.maxSeqLen;
    this.text = rules.text;
    this.truncate(0);
  }

  /** Makes sure that `count` more ids fit. */
  reserve(count: number): void {
    if (this.length + count > this.ids.length) this.ids = grown(this.ids, this.length + count);
  }

  /** Ends a row after the ids written up to `length`. */
  endRow(length: number): void {
    this.length = length;
    this.rows++;
    if (this.rows >= this.offsets.length) this.offsets = grown(this.offsets, this.rows + 1);
    this.offsets[this.rows] = length;
  }

  /** Drops all rows after the first `rows`. */
  truncate(rows: number): void {
    this.rows = rows;
    this.length = this.offsets[rows]!;
  }

  /** The rows so far, in arrays of exactly their size. */
  toRows(): TokenRows {
    return { ids: copyOf(this.ids, this.length), offsets: copyOf(this.offsets, this.rows + 1) };
  }
}

function grown(array: Int32Array, needed: number): Int32Array {
  const larger = new Int32Array(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}

/** Below half of Node's buffer pool, `Buffer.allocUnsafe` takes a piece of it. */
const POOLED_IDS = 1000;

/**
 * Small copies lie in Node's pool of buffers: giving each memory of its own costs more than decoding a small body.
 */
function copyOf(array: Int32Array, length: number): Int32Array {
  if (length > POOLED_IDS) return array.slice(0, length);
  const { buffer, byteOffset } = Buffer.allocUnsafe(length * Int32Array.BYTES_PER_ELEMENT);
  const copy = new Int32Array(buffer, byteOffset, length);
  for (let index = 0; index < length; index++) copy[index] = array[index]!;
  return copy;
}
