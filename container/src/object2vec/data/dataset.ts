import type { TokenRows } from '#core/object2vec/token-rows.ts';
import type { Side } from './row-index.ts';

/** Both sides of some rows. */
export interface TokenPairs {
  readonly in0: TokenRows;
  readonly in1: TokenRows;
}

export interface Dataset {
  readonly rows: number;
  /** One per row: the class index, or the value. */
  readonly labels: Float32Array;
  /** Tokens of a row's side. */
  lengthOf(side: Side, row: number): number;
  /** Pair k: the in0 of row `rows0[k]` and the in1 of row `rows1[k]`; the arrays are equally long. */
  gather(rows0: Int32Array, rows1: Int32Array): TokenPairs;
}

export interface LoadedChannel extends Dataset {
  /** Sequences that were longer than max_seq_len and lost their end. */
  readonly cutSequences: number;
  /** Whether its ids were too many for the memory of the job's data. */
  readonly inFile: boolean;
  close(): void;
}
