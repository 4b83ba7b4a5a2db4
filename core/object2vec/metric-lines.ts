/**
 * The log lines from which SageMaker reads a training job's metrics, character by character as the built-in Object2Vec
 * prints them (published job logs; regular expressions of its algorithm definition in spec object2vec 2).
 */
import type { MetricName, Metrics } from './metrics.ts';

export type DataSplit = 'train' | 'validation' | 'test';

/** Metrics of which more is better; the others are losses. */
const SCORES: ReadonlySet<string> = new Set<MetricName>([
  'accuracy',
  'hits_at_1',
  'hits_at_5',
  'hits_at_10',
  'mean_reciprocal_rank',
]);

/** `#quality_metric: host=algo-1, epoch=0, validation cross_entropy <loss>=0.57`, one line a metric. */
export function qualityLines(host: string, split: DataSplit, metrics: Metrics['values'], epoch?: number): string[] {
  const when = epoch === undefined ? '' : `epoch=${epoch}, `;
  return Object.entries(metrics)
    .filter(([name]) => name !== 'perplexity' && name !== 'mean_absolute_error')
    .map(([name, value]) => {
      const kind = SCORES.has(name) ? '<score>' : '<loss>';
      return `#quality_metric: host=${host}, ${when}${split} ${name} ${kind}=${value}`;
    });
}

/** `#test_score (algo-1) : ('accuracy', 0.93)`, one line a metric, perplexity and absolute error included. */
export function testScoreLines(host: string, metrics: Metrics['values']): string[] {
  return (Object.entries(metrics) as [MetricName, number][]).map(
    ([name, value]) => `#test_score (${host}) : ('${name}', ${value})`,
  );
}

/** `#progress_metric: host=algo-1, completed 5 % of epochs`. */
export function progressLine(host: string, epochsDone: number, epochs: number): string {
  return `#progress_metric: host=${host}, completed ${Math.round((100 * epochsDone) / epochs)} % of epochs`;
}

/** `#throughput_metric: host=algo-1, train throughput=13821.9 records/second`. */
export function throughputLine(host: string, records: number, seconds: number): string {
  return `#throughput_metric: host=${host}, train throughput=${perSecond(records, seconds)} records/second`;
}

/** `Epoch: 0, batches: 100, num_examples: 51200, 13789.2 samples/sec`. */
export function batchesLine(epoch: number, batches: number, examples: number, seconds: number): string {
  return `Epoch: ${epoch}, batches: ${batches}, num_examples: ${examples}, ${perSecond(examples, seconds)} samples/sec`;
}

export function bestEpochLine(epoch: number, loss: number): string {
  return `Best model based on epoch ${epoch}. Best loss: ${loss.toFixed(3)}`;
}

function perSecond(count: number, seconds: number): string {
  return (seconds > 0 ? count / seconds : 0).toFixed(1);
}
