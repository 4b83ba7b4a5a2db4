/**
 * The ids of a channel, one after the other without end marks: in memory, page by page, until they are written to a file
 * that is read by position. Readers do not know which.
 */
import type { ColumnFile } from './column-file.ts';

/** Ids of one page: 1 MiB. */
const PAGE_IDS = 2 ** 18;

/** Reading the ids between two wanted stretches of a file is cheaper than another read when they are this few. */
const GAP_IDS = 1024;
/** Ids of one read at most: 4 MiB. */
const READ_IDS = 2 ** 20;

/** `count` ids from `place` on belong to `target[at..]`. */
export interface Stretch {
  readonly place: number;
  readonly count: number;
  readonly target: Int32Array;
  readonly at: number;
}

export class IdStorage {
  #pages: Int32Array[] = [];
  /** Ids in the last page. */
  #filled = PAGE_IDS;
  #file: ColumnFile | undefined;
  #scratch = new Int32Array(0);

  /** Memory of the ids. */
  get byteLength(): number {
    return this.#pages.length * PAGE_IDS * Int32Array.BYTES_PER_ELEMENT;
  }

  /** Whether stretches are best asked for in the order of their places. */
  get inFile(): boolean {
    return this.#file !== undefined;
  }

  /** Appends `ids[from..to)`. */
  append(ids: Int32Array, from: number, to: number): void {
    for (let at = from; at < to; ) {
      if (this.#filled === PAGE_IDS) this.#nextPage();
      const page = this.#pages.at(-1)!;
      const end = Math.min(to, at + PAGE_IDS - this.#filled);
      while (at < end) page[this.#filled++] = ids[at++]!;
    }
  }

  /** Moves what there is to the file, and all that follows. */
  moveTo(file: ColumnFile): void {
    this.#file = file;
    for (const page of this.#pages.slice(0, -1)) file.append(page);
    this.#pages = this.#pages.slice(-1);
  }

  /** Ends appending. */
  finish(): void {
    if (!this.#file) return;
    if (this.#pages.length > 0) this.#file.append(this.#pages[0]!.subarray(0, this.#filled));
    this.#pages = [];
  }

  /** Fills the stretches' targets; with a file, they come in the order of their places. */
  read(stretches: readonly Stretch[]): void {
    if (!this.#file) {
      for (const stretch of stretches) this.#copyFromPages(stretch);
      return;
    }
    for (let from = 0; from < stretches.length; ) {
      const start = stretches[from]!.place;
      let end = start + stretches[from]!.count;
      let to = from + 1;
      for (; to < stretches.length; to++) {
        const { place, count } = stretches[to]!;
        if (place > end + GAP_IDS || place + count > start + READ_IDS) break;
        end = Math.max(end, place + count);
      }
      this.#readFromFile(this.#file, start, end, stretches.slice(from, to));
      from = to;
    }
  }

  close(): void {
    this.#file?.close();
    this.#pages = [];
  }

  #nextPage(): void {
    this.#filled = 0;
    if (this.#file && this.#pages.length > 0) this.#file.append(this.#pages[0]!);
    else this.#pages.push(new Int32Array(PAGE_IDS));
  }

  #copyFromPages({ place, count, target, at }: Stretch): void {
    for (let done = 0; done < count; ) {
      const page = this.#pages[Math.floor((place + done) / PAGE_IDS)]!;
      const from = (place + done) % PAGE_IDS;
      const part = Math.min(count - done, PAGE_IDS - from);
      for (let k = 0; k < part; k++) target[at + done + k] = page[from + k]!;
      done += part;
    }
  }

  #readFromFile(file: ColumnFile, start: number, end: number, stretches: readonly Stretch[]): void {
    if (this.#scratch.length < end - start) this.#scratch = new Int32Array(end - start);
    const ids = this.#scratch.subarray(0, end - start);
    file.read(start, ids);
    for (const { place, count, target, at } of stretches) {
      for (let k = 0; k < count; k++) target[at + k] = ids[place - start + k]!;
    }
  }
}
