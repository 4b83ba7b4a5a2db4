/**
 * The memory that all channels of a job may hold together before their ids go to a file, and the folder of that file.
 */
import { mebibytes } from '#core/limits.ts';
import { memoryOfProcess } from '../../process-memory.ts';

export class DataMemory {
  readonly limitBytes: number;
  /** An existing folder. */
  readonly dir: string;
  #held = 0;

  constructor(limitBytes: number, dir: string) {
    this.limitBytes = limitBytes;
    this.dir = dir;
  }

  fits(bytes: number): boolean {
    return this.#held + bytes <= this.limitBytes;
  }

  hold(bytes: number): void {
    this.#held += bytes;
  }
}

/** @param mebibyteCount the setting; a quarter of the memory without one: the rest is for weights and the page cache. */
export function dataMemoryBytes(mebibyteCount: number | undefined): number {
  return mebibyteCount === undefined ? memoryOfProcess() / 4 : mebibytes(mebibyteCount);
}
