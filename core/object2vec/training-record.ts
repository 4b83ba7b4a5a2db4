/**
 * Training data, one `{"label":0,"in0":[..],"in1":[..]}` a line (AWS developer guide, object2vec-training-formats),
 * read into flat columns. The records are those of requests, with a label and both inputs.
 */
import { TwinvecError } from '#core/errors.ts';
import { type ByteCursor, expectEnd } from '#core/json/byte-cursor.ts';
import type { InputRules } from './inference-request.ts';
import { FIELD, invalidRecord, PAIR, RecordSink, scanRecord } from './record-scanner.ts';
import type { OutputSettings } from './settings.ts';
import { TokenColumn } from './token-column.ts';
import type { TokenRows } from './token-rows.ts';

export interface TrainingRecordRules {
  readonly in0: InputRules;
  readonly in1: InputRules;
  readonly output: OutputSettings;
}

const FIRST_LABELS = 256;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

export class TrainingRecords {
  readonly #sink: RecordSink;
  readonly #rules: TrainingRecordRules;
  #labels = new Float32Array(FIRST_LABELS);
  #cutSequences = 0;

  constructor(rules: TrainingRecordRules) {
    this.#rules = rules;
    // One token more than is kept, so that a sequence which is cut can be told from one that just fits.
    const column = (field: 'in0' | 'in1') =>
      new TokenColumn(field, { ...rules[field], maxSeqLen: rules[field].maxSeqLen + 1 });
    this.#sink = new RecordSink(column('in0'), column('in1'), 'read');
  }

  get rows(): number {
    return this.#sink.in0.rows;
  }

  /** Sequences that were longer than their encoder's maximum. */
  get cutSequences(): number {
    return this.#cutSequences;
  }

  /**
   * Adds the record of the cursor's line.
   * @throws TwinvecError InvalidLabel, InvalidRecord and what `scanRecord` throws; reading then cannot go on.
   */
  addLine(cursor: ByteCursor): void {
    const row = this.rows;
    const fields = scanRecord(cursor, this.#sink);
    expectEnd(cursor);
    if ((fields & PAIR) !== PAIR)
      throw invalidRecord(cursor, this.#sink, `has no ${(fields & FIELD.in0) === 0 ? 'in0' : 'in1'}`);
    this.#cut(this.#sink.in0, this.#rules.in0.maxSeqLen);
    this.#cut(this.#sink.in1, this.#rules.in1.maxSeqLen);
    if (row === this.#labels.length) this.#growLabels();
    this.#labels[row] = checkLabel(cursor, this.#sink.label, (fields & FIELD.label) !== 0, this.#rules.output);
  }

  /** The records since {@link clear}. */
  toColumns(): { readonly in0: TokenRows; readonly in1: TokenRows; readonly labels: Float32Array } {
    const { in0, in1 } = this.#sink;
    return { in0: in0.toRows(), in1: in1.toRows(), labels: this.#labels.slice(0, this.rows) };
  }

  /** Forgets the records so far; `cutSequences` goes on counting. */
  clear(): void {
    this.#sink.in0.truncate(0);
    this.#sink.in1.truncate(0);
  }

  #cut(column: TokenColumn, maxSeqLen: number): void {
    const end = column.offsets[column.rows - 1]! + maxSeqLen;
    if (column.length <= end) return;
    column.length = end;
    column.offsets[column.rows] = end;
    this.#cutSequences += 1;
  }

  #growLabels(): void {
    const larger = new Float32Array(this.#labels.length * 2);
    larger.set(this.#labels);
    this.#labels = larger;
  }
}

function checkLabel(cursor: ByteCursor, label: number, given: boolean, output: OutputSettings): number {
  if (!given) throw invalidLabel(cursor, 'has no label');
  if (output.kind === 'mean_squared_error') {
    if (Math.abs(label) <= LARGEST_FLOAT32) return label;
    throw invalidLabel(cursor, `has label ${label}, which is not a finite float32`);
  }
  if (Number.isInteger(label) && label >= 0 && label < output.classes) return label;
  throw invalidLabel(
    cursor,
    `has label ${label}; with num_classes=${output.classes} a label is a whole number from 0 to ${output.classes - 1}`,
  );
}

function invalidLabel(cursor: ByteCursor, problem: string): TwinvecError {
  return new TwinvecError('InvalidLabel', `${cursor.place()} ${problem}`, cursor.errorPlace());
}
