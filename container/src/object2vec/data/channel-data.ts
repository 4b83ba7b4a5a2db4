/**
 * One channel's rows in flat form: appended block by block, in memory while they fit and in a file when they do not,
 * then gathered by row number. Both forms answer alike, bit for bit.
 */
import { join } from 'node:path';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import { formatBytes } from '#core/terminal/format.ts';
import { ColumnFile } from './column-file.ts';
import type { DataMemory } from './data-memory.ts';
import type { LoadedChannel, TokenPairs } from './dataset.ts';
import { IdStorage, type Stretch } from './id-storage.ts';
import { RowIndex, type Side } from './row-index.ts';

const FIRST_LABELS = 1024;

/** Rows to append; row r of each is one record. */
export interface RecordColumns extends TokenPairs {
  readonly labels: Float32Array;
}

export class ChannelData implements LoadedChannel {
  cutSequences = 0;
  readonly #channel: string;
  readonly #memory: DataMemory;
  readonly #index = new RowIndex();
  readonly #ids = new IdStorage();
  #labels = new Float32Array(FIRST_LABELS);
  #partRead = 1;

  /** @param memory what all channels share */
  constructor(channel: string, memory: DataMemory) {
    this.#channel = channel;
    this.#memory = memory;
  }

  get rows(): number {
    return this.#index.rows;
  }

  get labels(): Float32Array {
    return this.#labels.subarray(0, this.rows);
  }

  get inFile(): boolean {
    return this.#ids.inFile;
  }

  /** Bytes of memory that the channel holds. */
  get byteLength(): number {
    return this.#index.byteLength + this.#ids.byteLength + this.#labels.byteLength;
  }

  /**
   * @param partRead how much of the channel has been read with these rows, over 0 and up to 1
   * @throws TwinvecError DiskFull
   */
  append({ in0, in1, labels }: RecordColumns, partRead: number): void {
    this.#partRead = partRead;
    const first = this.rows;
    this.#reserveLabels(first + labels.length);
    this.#labels.set(labels, first);
    for (let row = 0; row < labels.length; row++) {
      const [from0, to0] = [in0.offsets[row]!, in0.offsets[row + 1]!];
      const [from1, to1] = [in1.offsets[row]!, in1.offsets[row + 1]!];
      this.#index.add(to0 - from0, to1 - from1);
      this.#ids.append(in0.ids, from0, to0);
      this.#ids.append(in1.ids, from1, to1);
    }
    if (!this.inFile && !this.#memory.fits(this.byteLength)) this.#moveToFile();
  }

  /** Ends appending. */
  finish(cutSequences: number): void {
    this.cutSequences = cutSequences;
    this.#ids.finish();
    this.#index.trim();
    this.#labels = this.#labels.slice(0, this.rows);
    this.#memory.hold(this.byteLength);
  }

  lengthOf(side: Side, row: number): number {
    return this.#index.lengthOf(side, row);
  }

  gather(rows0: Int32Array, rows1: Int32Array): TokenPairs {
    const [in0, in1] = [this.#emptyRows(0, rows0), this.#emptyRows(1, rows1)];
    const stretches: Stretch[] = [];
    const add = (side: Side, rows: Int32Array, k: number): void => {
      const { ids, offsets } = side === 0 ? in0 : in1;
      const [at, end] = [offsets[k]!, offsets[k + 1]!];
      stretches.push({ place: this.#index.placeOf(side, rows[k]!), count: end - at, target: ids, at });
    };
    for (let k = 0; k < rows0.length; k++) {
      add(0, rows0, k);
      add(1, rows1, k);
    }
    if (this.#ids.inFile) stretches.sort((one, other) => one.place - other.place);
    this.#ids.read(stretches);
    return { in0, in1 };
  }

  close(): void {
    this.#ids.close();
  }

  #emptyRows(side: Side, rows: Int32Array): TokenRows {
    const offsets = new Int32Array(rows.length + 1);
    for (let k = 0; k < rows.length; k++) offsets[k + 1] = offsets[k]! + this.#index.lengthOf(side, rows[k]!);
    return { ids: new Int32Array(offsets[rows.length]!), offsets };
  }

  #moveToFile(): void {
    const { dir, limitBytes } = this.#memory;
    const path = join(dir, `${this.#channel}-${process.pid}.ids`);
    this.#ids.moveTo(
      new ColumnFile(path, (written) => {
        const whole = (this.#index.ids * Int32Array.BYTES_PER_ELEMENT) / this.#partRead;
        return (
          `Channel "${this.#channel}" does not fit into the ${formatBytes(limitBytes)} of memory for data ` +
          `(TWINVEC_DATA_MEMORY_MB), and there is no space for it in ${dir}: it needs about ${formatBytes(whole)} there, ` +
          `of which ${formatBytes(written)} were written. Give the folder more space, or the data more memory`
        );
      }),
    );
  }

  #reserveLabels(rows: number): void {
    if (rows <= this.#labels.length) return;
    const larger = new Float32Array(Math.max(rows, this.#labels.length * 2));
    larger.set(this.#labels);
    this.#labels = larger;
  }
}
