/**
 * The order in which an epoch's rows reach the network: shuffled anew in each epoch from the job's seed, cut into
 * mini-batches. The last batch of an epoch or bucket is smaller; SageMaker fills it with random repetitions, which count
 * twice in its metrics.
 */
import { streamNumber } from '#core/random/philox.ts';
import { createRandomDraws } from '#core/random/random-draws.ts';
import type { TrainingBatch } from '../training/training-engine.ts';
import { orderBatches } from './batch-order.ts';
import { bucketsOf } from './bucket-edges.ts';
import type { Dataset } from './dataset.ts';
import { createNegativeSampler } from './negative-sampling.ts';

export interface BatchPlan {
  readonly miniBatchSize: number;
  readonly negativeSamplingRate: number;
  /** 0: rows of any lengths share batches. */
  readonly bucketWidth: number;
  readonly seed: number;
}

export interface Epoch {
  /** Rows of the epoch, drawn negatives included. */
  readonly rows: number;
  /** @param first the number of the batch to begin with, from 0; by default 0 */
  batches(first?: number): Iterable<TrainingBatch>;
}

export interface EpochSource {
  /** The same epoch number always gives the same batches. */
  epoch(number: number): Epoch;
}

export function createEpochs(dataset: Dataset, plan: BatchPlan): EpochSource {
  const { miniBatchSize, negativeSamplingRate, bucketWidth, seed } = plan;
  const sampler = createNegativeSampler(dataset, negativeSamplingRate);
  const bucketOf = bucketWidth > 0 ? bucketsOf(dataset, bucketWidth) : undefined;
  return {
    epoch(number) {
      const random = createRandomDraws({ seed, stream: streamNumber('batches'), turn: number });
      const pairs = sampler.draw(random);
      const bucketOfPair =
        bucketOf &&
        ((pair: number) => bucketOf(dataset.lengthOf(0, pairs.in0Row(pair)), dataset.lengthOf(1, pairs.in1Row(pair))));
      const { pairs: order, starts, ends } = orderBatches(pairs.count, miniBatchSize, random, bucketOfPair);
      return {
        rows: order.length,
        *batches(first = 0) {
          for (let batch = first; batch < starts.length; batch++) {
            const chosen = order.subarray(starts[batch], ends[batch]);
            yield {
              ...dataset.gather(
                chosen.map((pair) => pairs.in0Row(pair)),
                chosen.map((pair) => pairs.in1Row(pair)),
              ),
              labels: Float32Array.from(chosen, (pair) => pairs.label(pair)),
            };
          }
        },
      };
    },
  };
}

/** Rows of a channel in file order, for scoring: at most this many rows and about this many ids a time. */
export const SCORING_ROWS = 1024;
export const SCORING_IDS = 65_536;

/** The channel's rows in their order, in parts that are cheap to score whatever their lengths. */
export function* scoringBatches(dataset: Dataset): Generator<TrainingBatch> {
  for (let from = 0; from < dataset.rows; ) {
    let to = from;
    let ids = 0;
    do {
      ids += dataset.lengthOf(0, to) + dataset.lengthOf(1, to);
      to += 1;
    } while (
      to < dataset.rows &&
      to - from < SCORING_ROWS &&
      ids + dataset.lengthOf(0, to) + dataset.lengthOf(1, to) <= SCORING_IDS
    );
    const rows = Int32Array.from({ length: to - from }, (_, k) => from + k);
    yield { ...dataset.gather(rows, rows), labels: dataset.labels.subarray(from, to) };
    from = to;
  }
}

/** The channel's first rows, at most `count`. */
export function firstRows(dataset: Dataset, count: number): Dataset {
  const rows = Math.min(dataset.rows, count);
  return {
    rows,
    labels: dataset.labels.subarray(0, rows),
    lengthOf: (side, row) => dataset.lengthOf(side, row),
    gather: (rows0, rows1) => dataset.gather(rows0, rows1),
  };
}
