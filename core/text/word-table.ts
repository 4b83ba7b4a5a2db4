/**
 * A vocabulary for many threads: a hash table in shared memory, so that every thread that decodes text looks words up in
 * one copy. 3,000,000 words of eight letters take 106 MB in all; a Map of them takes over 200 MB in each thread.
 */
import type { Vocabulary, WordIds } from './vocabulary.ts';

/** What one thread sends another: posting it copies nothing. */
export interface WordTableParts {
  /** Number of a word and one, by its hash; 0 is a free slot. A power of two long, at most half full. */
  readonly slots: Int32Array;
  /** Word n is `units[starts[n] .. starts[n + 1])`, in UTF-16. */
  readonly starts: Int32Array;
  readonly units: Uint16Array;
  readonly ids: Int32Array;
  readonly unknownId: number | undefined;
}

export class WordTable implements WordIds {
  readonly parts: WordTableParts;

  constructor(parts: WordTableParts) {
    this.parts = parts;
  }

  static of({ ids, unknownId }: Vocabulary): WordTable {
    let unitCount = 0;
    for (const word of ids.keys()) unitCount += word.length;
    const slotCount = 2 ** Math.ceil(Math.log2(2 * ids.size + 1));
    const table = new WordTable({
      slots: new Int32Array(shared(4 * slotCount)),
      starts: new Int32Array(shared(4 * (ids.size + 1))),
      units: new Uint16Array(shared(2 * unitCount)),
      ids: new Int32Array(shared(4 * ids.size)),
      unknownId,
    });
    let n = 0;
    for (const [word, id] of ids) table.#put(word, id, n++);
    return table;
  }

  get unknownId(): number | undefined {
    return this.parts.unknownId;
  }

  idOf(word: string): number | undefined {
    const { slots, ids } = this.parts;
    const number = slots[this.#slotOf(word)]!;
    return number === 0 ? undefined : ids[number - 1]!;
  }

  #put(word: string, id: number, n: number): void {
    const { slots, starts, units, ids } = this.parts;
    const start = starts[n]!;
    for (let i = 0; i < word.length; i++) units[start + i] = word.charCodeAt(i);
    starts[n + 1] = start + word.length;
    ids[n] = id;
    slots[this.#slotOf(word)] = n + 1;
  }

  /** The word's slot, or the free one where it would be. */
  #slotOf(word: string): number {
    const { slots } = this.parts;
    const mask = slots.length - 1;
    let slot = hash(word) & mask;
    while (slots[slot] !== 0 && !this.#isWord(slots[slot]! - 1, word)) slot = (slot + 1) & mask;
    return slot;
  }

  #isWord(n: number, word: string): boolean {
    const { starts, units } = this.parts;
    const start = starts[n]!;
    if (starts[n + 1]! - start !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (units[start + i] !== word.charCodeAt(i)) return false;
    return true;
  }
}

function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

/** FNV-1a over code units, then MurmurHash3's finish, so that neighbouring words fall into distant slots. */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) value = Math.imul(value ^ word.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
