/**
 * Where a training job stands between two steps. With the engine's state and the weights kept so far it is all that the
 * rest of the job depends on: batches, negatives and dropout are functions of the seed and of these numbers.
 */
import { BEFORE_FIRST_EPOCH, type EarlyStoppingState } from '#core/object2vec/early-stopping.ts';

/** What of an epoch is done. */
export interface EpochSums {
  readonly batches: number;
  readonly rows: number;
  /** Over those rows, each loss taken before its step. */
  readonly lossSum: number;
  /** Rows whose class the network found; absent for regression. */
  readonly correct?: number;
}

export const NOTHING_DONE: EpochSums = { batches: 0, rows: 0, lossSum: 0 };

export interface TrainingProgress {
  /** The epoch that the next batch belongs to, from 0; the number of epochs when all are done. */
  readonly epoch: number;
  readonly done: EpochSums;
  readonly stopping: EarlyStoppingState;
}

export const BEFORE_TRAINING: TrainingProgress = { epoch: 0, done: NOTHING_DONE, stopping: BEFORE_FIRST_EPOCH };
