/**
 * Negatives made from positives, as the built-in algorithm's figure shows (spec object2vec 3.7): keep in0, take in1 of
 * another row, label 0. Another row means any row of the training channel, each equally likely, whose in1 is not known
 * to belong to this in0.
 */
import { TwinvecError } from '#core/errors.ts';
import type { RandomDraws } from '#core/random/random-draws.ts';
import type { Dataset } from './dataset.ts';
import { numberSequences, tableSize } from './sequence-numbers.ts';

/** After this many draws that hit known positives, a row goes without that negative: its in1 may be everyone's. */
const MAX_DRAWS = 32;

/** Rows of an epoch, by number from 0: first every row of the channel, then its negatives. */
export interface EpochPairs {
  readonly count: number;
  /** The row whose in0 the pair has. */
  in0Row(pair: number): number;
  in1Row(pair: number): number;
  label(pair: number): number;
}

export interface NegativeSampler {
  /** Every row of the channel, and after them the negatives of this draw. */
  draw(random: RandomDraws): EpochPairs;
}

/** Pairs are numbered by 32-bit integers. */
const MAX_PAIRS = 2 ** 31 - 1;

/**
 * @param rate negatives for each row whose label is not 0.
 * @throws TwinvecError InvalidTrainingData when an epoch would have more than 2^31 - 1 pairs
 */
export function createNegativeSampler(dataset: Dataset, rate: number): NegativeSampler {
  const { rows, labels } = dataset;
  const positives = rate === 0 ? 0 : countPositives(labels);
  if (rows + positives * rate > MAX_PAIRS) {
    throw new TwinvecError(
      'InvalidTrainingData',
      `${rows} rows with ${positives * rate} negatives are more than ${MAX_PAIRS} in an epoch. Use fewer.`,
    );
  }
  if (rate === 0) return { draw: () => epochPairs(labels, new Int32Array(0), new Int32Array(0)) };
  const isPositive = knownPositives([dataset]);
  return {
    draw(random) {
      const [negatives0, negatives1] = [new Int32Array(positives * rate), new Int32Array(positives * rate)];
      let count = 0;
      for (let row = 0; row < rows; row++) {
        if (labels[row] === 0) continue;
        for (let negative = 0; negative < rate; negative++) {
          const other = drawOther(row, rows, isPositive, random);
          if (other < 0) continue;
          negatives0[count] = row;
          negatives1[count] = other;
          count += 1;
        }
      }
      return epochPairs(labels, negatives0.subarray(0, count), negatives1.subarray(0, count));
    },
  };
}

function epochPairs(labels: Float32Array, negatives0: Int32Array, negatives1: Int32Array): EpochPairs {
  const rows = labels.length;
  return {
    count: rows + negatives0.length,
    in0Row: (pair) => (pair < rows ? pair : negatives0[pair - rows]!),
    in1Row: (pair) => (pair < rows ? pair : negatives1[pair - rows]!),
    label: (pair) => (pair < rows ? labels[pair]! : 0),
  };
}

/** Whether in0 of the one row with in1 of the other is positive by content. */
export type PairTest = (in0Row: number, in1Row: number) => boolean;

/** Knows every pair of the rows whose label is not 0; the test takes rows of the first channel. */
export function knownPositives(channels: readonly Dataset[]): PairTest {
  const labels = channels.map((channel) => channel.labels);
  return knownPairs(numberSequences(channels, 0), numberSequences(channels, 1), labels);
}

function countPositives(labels: Float32Array): number {
  return labels.reduce((count, label) => count + (label === 0 ? 0 : 1), 0);
}

/** One of rows 0 to `rows` - 1 whose in1 makes a negative of the row's in0; -1 when drawing finds none. */
export function drawOther(row: number, rows: number, isPositive: PairTest, random: RandomDraws): number {
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const other = random.below(rows);
    if (!isPositive(row, other)) return other;
  }
  return -1;
}

/** A hash set of the positive (in0, in1) contents; a pair of row numbers is exact in a double. */
function knownPairs(numbers0: Int32Array, numbers1: Int32Array, labels: readonly Float32Array[]): PairTest {
  const positives = labels.reduce((count, some) => count + countPositives(some), 0);
  const keys = new Float64Array(tableSize(positives)).fill(-1);
  const mask = keys.length - 1;
  const find = (number0: number, number1: number): { slot: number; key: number } => {
    const key = number0 * 2 ** 31 + number1;
    let slot = (Math.imul(number0, 0x9e3779b1) ^ Math.imul(number1, 0x85ebca6b)) >>> 0;
    for (slot = (slot ^ (slot >>> 15)) & mask; keys[slot] !== -1 && keys[slot] !== key; ) slot = (slot + 1) & mask;
    return { slot, key };
  };
  let row = 0;
  for (const some of labels) {
    for (let k = 0; k < some.length; k++, row++) {
      if (some[k] === 0) continue;
      const { slot, key } = find(numbers0[row]!, numbers1[row]!);
      keys[slot] = key;
    }
  }
  return (in0Row, in1Row) => keys[find(numbers0[in0Row]!, numbers1[in1Row]!).slot] !== -1;
}
