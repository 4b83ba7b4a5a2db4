/**
 * What an input consisted of, as one short text: equal for two listings exactly when no object was added, removed or
 * overwritten in between. It travels through a state machine where a list of objects would not fit.
 */
import { createHash } from 'node:crypto';

interface Listed {
  readonly key: string;
  /** Of the content; changes with it. */
  readonly etag: string;
  readonly bytes: number;
}

export class InputFingerprint {
  readonly #hash = createHash('sha256');

  /** @param manifest That names the objects, where one does */
  constructor(manifest?: Listed) {
    if (manifest) this.add(manifest);
  }

  /** Objects in the order of a listing. */
  add({ key, etag, bytes }: Listed): void {
    this.#hash.update(`${JSON.stringify([key, etag, bytes])}\n`);
  }

  /** 64 hexadecimal digits. To be asked for once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
