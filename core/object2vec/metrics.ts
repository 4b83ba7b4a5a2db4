/**
 * The quality of predictions as SageMaker's Object2Vec reports it: accuracy and cross-entropy for classes, mean
 * squared and absolute error for numbers. Added up batch by batch, in rows, so that uneven batches weigh right.
 */
import type { RankingQuality } from './ranking.ts';
import type { OutputSettings } from './settings.ts';

export type RankingMetricName = 'hits_at_1' | 'hits_at_5' | 'hits_at_10' | 'mean_rank' | 'mean_reciprocal_rank';
export type MetricName =
  | 'accuracy'
  | 'cross_entropy'
  | 'perplexity'
  | 'mean_squared_error'
  | 'mean_absolute_error'
  | RankingMetricName;

const RANKING_METRICS: readonly RankingMetricName[] = [
  'hits_at_1',
  'hits_at_5',
  'hits_at_10',
  'mean_rank',
  'mean_reciprocal_rank',
];

/**
 * What automatic model tuning may name as its objective, such as `validation:accuracy` (developer guide,
 * object2vec-tuning), ranking metrics among it when positives are ranked among negatives.
 */
export function objectivesOf(output: OutputSettings['kind'], ranks: boolean): string[] {
  const ofClasses: readonly MetricName[] = ['cross_entropy', 'accuracy', ...(ranks ? RANKING_METRICS : [])];
  const metrics = output === 'softmax' ? ofClasses : ['mean_squared_error'];
  return metrics.flatMap((name) => [`validation:${name}`, `test:${name}`]);
}

/** Whether some output layer has the objective; a name of the job's own MetricDefinitions is none of them. */
export function isOwnObjective(objective: string): boolean {
  return [...objectivesOf('softmax', true), ...objectivesOf('mean_squared_error', false)].includes(objective);
}

export function rankingValues(ranking: RankingQuality): Readonly<Record<RankingMetricName, number>> {
  return {
    hits_at_1: ranking.hitsAt1,
    hits_at_5: ranking.hitsAt5,
    hits_at_10: ranking.hitsAt10,
    mean_rank: ranking.meanRank,
    mean_reciprocal_rank: ranking.meanReciprocalRank,
  };
}

/** What early stopping and the choice of the best epoch look at; smaller is better. */
export type LossName = 'cross_entropy' | 'mean_squared_error';

export function lossNameOf(output: OutputSettings['kind']): LossName {
  return output === 'softmax' ? 'cross_entropy' : 'mean_squared_error';
}

/** AWS's published cross-entropy of 23 for an always-wrong model is this floor (spec object2vec 3.5). */
const SMALLEST_PROBABILITY = 1e-12;

export interface MetricSums {
  /** @param predictions [rows x width] @param labels one per row */
  add(predictions: Float32Array, labels: Float32Array): void;
  /** Means over all rows added; NaN without rows or when a prediction was not finite. */
  result(): Metrics;
}

export interface Metrics {
  readonly rows: number;
  /** The mean that early stopping watches. */
  readonly loss: number;
  readonly values: Readonly<Partial<Record<MetricName, number>>>;
}

export function createMetricSums(output: OutputSettings): MetricSums {
  return output.kind === 'softmax' ? classSums(output.classes) : regressionSums();
}

function classSums(classes: number): MetricSums {
  let rows = 0;
  let correct = 0;
  let negativeLogs = 0;
  return {
    add(predictions, labels) {
      for (let row = 0; row < labels.length; row++) {
        const scores = predictions.subarray(row * classes, (row + 1) * classes);
        const label = labels[row]!;
        negativeLogs -= Math.log(Math.max(scores[label]!, SMALLEST_PROBABILITY));
      }
      correct += countCorrect(predictions, labels);
      rows += labels.length;
    },
    result() {
      const loss = negativeLogs / rows;
      return { rows, loss, values: { cross_entropy: loss, accuracy: correct / rows, perplexity: Math.exp(loss) } };
    },
  };
}

function regressionSums(): MetricSums {
  let rows = 0;
  let squares = 0;
  let absolutes = 0;
  return {
    add(predictions, labels) {
      for (let row = 0; row < labels.length; row++) {
        const error = predictions[row]! - labels[row]!;
        squares += error * error;
        absolutes += Math.abs(error);
      }
      rows += labels.length;
    },
    result() {
      const loss = squares / rows;
      return { rows, loss, values: { mean_squared_error: loss, mean_absolute_error: absolutes / rows } };
    },
  };
}

/** Rows whose largest value is at the place that the label says. @param values [rows x classes] */
export function countCorrect(values: Float32Array, labels: Float32Array): number {
  const classes = values.length / labels.length;
  let correct = 0;
  for (let row = 0; row < labels.length; row++) {
    if (indexOfLargest(values.subarray(row * classes, (row + 1) * classes)) === labels[row]) correct += 1;
  }
  return correct;
}

function indexOfLargest(scores: Float32Array): number {
  let best = 0;
  for (let at = 1; at < scores.length; at++) if (scores[at]! > scores[best]!) best = at;
  return best;
}
