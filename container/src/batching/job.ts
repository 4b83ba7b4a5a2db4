/**
 * What the queue and the batcher know about a request: how much work it is and with whom it may share an engine call.
 * Everything about the kind of model stays behind these two interfaces.
 */
import type { EngineCall } from '../engine/engine-call.ts';

export interface Job {
  /** Jobs of one group go through the same signature and may share a call. */
  readonly group: string;
  /** No other job is ever of its group: waiting for one is in vain. */
  readonly isAlone?: boolean;
  /** At least 1. */
  readonly rows: number;
  /** Tokens (or another measure that the engine's time and memory follow) of all rows. */
  readonly cost: number;
  /** The row after the last one that fits a call when starting at `from`: at least `from + 1`, at most `rows`. */
  endOfSlice(from: number, budget: CallBudget): number;
}

/** The most that one engine call may hold. A single row is never split, however much it costs. */
export interface CallBudget {
  readonly cost: number;
  readonly rows: number;
}

/** Rows `from` to `to` (excluded) of a job. */
export interface Slice<J extends Job> {
  readonly job: J;
  readonly from: number;
  readonly to: number;
}

/** Makes one engine call of slices of one group, rows in the order given. */
export type MergeSlices<J extends Job> = (slices: readonly Slice<J>[]) => EngineCall;
