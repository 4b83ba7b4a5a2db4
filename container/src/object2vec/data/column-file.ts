/**
 * Ids that do not fit into the memory for data, in a file: appended once, then read by position; the system's page
 * cache keeps what fits. The file loses its name as soon as it is open, so that it is gone however the job ends.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { TwinvecError } from '#core/errors.ts';

const ID_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** No space left, over a quota, over the largest allowed file. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export class ColumnFile {
  readonly #file: number;
  readonly #needed: () => string;
  #bytes = 0;

  /**
   * @param path must not exist
   * @param needed how much space the whole needs, in words, for when there is not enough
   */
  constructor(path: string, needed: (written: number) => string) {
    this.#file = openSync(path, 'wx+');
    unlinkSync(path);
    this.#needed = () => needed(this.#bytes);
  }

  /** @throws TwinvecError DiskFull */
  append(ids: Int32Array): void {
    const bytes = bytesOf(ids);
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(this.#file, bytes, at, bytes.length - at, this.#bytes);
        at += written;
        this.#bytes += written;
      }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!FULL.has(code)) throw error;
      throw new TwinvecError('DiskFull', `${this.#needed()} (${code}).`, { cause: error });
    }
  }

  /** Fills `target` with the ids from number `place` on. */
  read(place: number, target: Int32Array): void {
    const bytes = bytesOf(target);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.#file, bytes, at, bytes.length - at, place * ID_BYTES + at);
      if (read === 0) throw new Error(`the column file ends before id ${place + target.length}`);
      at += read;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function bytesOf(ids: Int32Array): Uint8Array {
  return new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
}
