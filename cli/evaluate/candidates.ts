/**
 * The candidates of a ranking and what is known of them: every distinct in1, numbered as it first appears, and which of
 * them belong to which in0. Contents are kept as digests, so that long texts cost no more than short ones.
 */
import { hash } from 'node:crypto';

export class CandidateSet {
  readonly #numbers = new Map<string, number>();
  readonly #positives = new Map<string, number[]>();
  /** Positive records added. */
  positives = 0;

  get size(): number {
    return this.#numbers.size;
  }

  /** The number of an in1, which becomes a candidate when it is none yet. */
  add(in1: string): number {
    const key = digest(in1);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  numberOf(in1: string): number | undefined {
    return this.#numbers.get(digest(in1));
  }

  addPositive(in0: string, candidate: number): void {
    this.positives += 1;
    const key = digest(in0);
    const known = this.#positives.get(key);
    if (known) known.push(candidate);
    else this.#positives.set(key, [candidate]);
  }

  positivesOf(in0: string): ReadonlySet<number> {
    return new Set(this.#positives.get(digest(in0)));
  }
}

function digest(text: string): string {
  return hash('sha1', text, 'base64');
}
