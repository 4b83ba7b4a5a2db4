/**
 * What is scored of a validation or test channel: its rows in their order, and after each positive the negatives drawn
 * for it. They are drawn again in every pass, from the same numbers, so that epochs compare and nothing is kept.
 */
import { streamNumber } from '#core/random/philox.ts';
import { createRandomDraws } from '#core/random/random-draws.ts';
import type { TrainingBatch } from '../training/training-engine.ts';
import { SCORING_IDS, SCORING_ROWS, scoringBatches } from './batches.ts';
import type { ChannelName } from './channels.ts';
import type { Dataset } from './dataset.ts';
import { drawOther, knownPositives } from './negative-sampling.ts';

export interface ScoredBatch extends TrainingBatch {
  /** 1 for a row that was drawn as a negative of the last row before it with 0; absent when none are drawn. */
  readonly drawn?: Uint8Array;
}

export interface ScoredChannel {
  /** Negatives for each positive; 0 when the channel is scored as it is. */
  readonly negativeSamplingRate: number;
  batches(): Iterable<ScoredBatch>;
}

/** The channel as it is. */
export function asItIs(dataset: Dataset): ScoredChannel {
  return { negativeSamplingRate: 0, batches: () => scoringBatches(dataset) };
}

export interface DrawnNegatives {
  /** Draws differ between channels. */
  readonly channel: ChannelName;
  readonly rate: number;
  readonly seed: number;
}

/**
 * With `rate` negatives for each row whose label is not 0: its in0 with the in1 of a row of the same channel, label 0,
 * unless the pair is positive in the channel or in `train`.
 */
export function withNegatives(
  dataset: Dataset,
  train: Dataset,
  { channel, rate, seed }: DrawnNegatives,
): ScoredChannel {
  if (rate === 0) return asItIs(dataset);
  const isPositive = knownPositives([dataset, train]);
  const stream = streamNumber(`negatives of ${channel}`);
  return {
    negativeSamplingRate: rate,
    *batches() {
      const random = createRandomDraws({ seed, stream, turn: 0 });
      const part = new PairPart(dataset);
      for (let row = 0; row < dataset.rows; row++) {
        if (part.isFull(row)) yield part.take();
        part.add(row, row, dataset.labels[row]!, 0);
        for (let negative = 0; negative < rate && dataset.labels[row] !== 0; negative++) {
          const other = drawOther(row, dataset.rows, isPositive, random);
          if (other < 0) continue;
          if (part.isFull(row)) yield part.take();
          part.add(row, other, 0, 1);
        }
      }
      if (part.rows > 0) yield part.take();
    },
  };
}

/** Pairs until there are enough for a batch. */
class PairPart {
  readonly #dataset: Dataset;
  readonly #in0 = new Int32Array(SCORING_ROWS);
  readonly #in1 = new Int32Array(SCORING_ROWS);
  readonly #labels = new Float32Array(SCORING_ROWS);
  readonly #drawn = new Uint8Array(SCORING_ROWS);
  #ids = 0;
  rows = 0;

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  /** Whether a pair with this row's in0 goes to the next part; its in1 may exceed the ids a little. */
  isFull(row: number): boolean {
    if (this.rows === 0) return false;
    return this.rows === SCORING_ROWS || this.#ids + this.#dataset.lengthOf(0, row) > SCORING_IDS;
  }

  add(in0: number, in1: number, label: number, drawn: 0 | 1): void {
    this.#in0[this.rows] = in0;
    this.#in1[this.rows] = in1;
    this.#labels[this.rows] = label;
    this.#drawn[this.rows] = drawn;
    this.#ids += this.#dataset.lengthOf(0, in0) + this.#dataset.lengthOf(1, in1);
    this.rows += 1;
  }

  /** The pairs so far; the part is empty afterwards. */
  take(): ScoredBatch {
    const { rows } = this;
    const batch = {
      ...this.#dataset.gather(this.#in0.subarray(0, rows), this.#in1.subarray(0, rows)),
      labels: this.#labels.slice(0, rows),
      drawn: this.#drawn.slice(0, rows),
    };
    this.rows = 0;
    this.#ids = 0;
    return batch;
  }
}
