/** The lines match the expressions with which SageMaker finds a job's metrics, and the lines of published jobs. */
import { describe, expect, it } from 'vitest';
import {
  batchesLine,
  bestEpochLine,
  progressLine,
  qualityLines,
  testScoreLines,
  throughputLine,
} from '#core/object2vec/metric-lines.ts';

const classes = { cross_entropy: 0.571497237682, accuracy: 0.70205078125, perplexity: 1.77 };

describe('metric lines', () => {
  it('of an epoch read as in published jobs', () => {
    expect(qualityLines('algo-1', 'validation', classes, 1)).toEqual([
      '#quality_metric: host=algo-1, epoch=1, validation cross_entropy <loss>=0.571497237682',
      '#quality_metric: host=algo-1, epoch=1, validation accuracy <score>=0.70205078125',
    ]);
    expect(qualityLines('algo-1', 'validation', { mean_squared_error: 0.98, mean_absolute_error: 0.7 }, 0)).toEqual([
      '#quality_metric: host=algo-1, epoch=0, validation mean_squared_error <loss>=0.98',
    ]);
  });

  it('of ranking say which are scores and which are losses', () => {
    expect(
      qualityLines('algo-1', 'validation', { hits_at_10: 0.5, mean_rank: 7, mean_reciprocal_rank: 0.25 }, 2),
    ).toEqual([
      '#quality_metric: host=algo-1, epoch=2, validation hits_at_10 <score>=0.5',
      '#quality_metric: host=algo-1, epoch=2, validation mean_rank <loss>=7',
      '#quality_metric: host=algo-1, epoch=2, validation mean_reciprocal_rank <score>=0.25',
    ]);
  });

  it('of the test channel have no epoch, and the score lines have every metric', () => {
    expect(qualityLines('algo-1', 'test', { cross_entropy: 0.19 })).toEqual([
      '#quality_metric: host=algo-1, test cross_entropy <loss>=0.19',
    ]);
    expect(testScoreLines('algo-1', { accuracy: 0.93, perplexity: 1.2 })).toEqual([
      "#test_score (algo-1) : ('accuracy', 0.93)",
      "#test_score (algo-1) : ('perplexity', 1.2)",
    ]);
  });

  it.each([
    [/#quality_metric: host=\S+, epoch=\S+, validation cross_entropy <loss>=(\S+)/, '0.571497237682'],
    [/#quality_metric: host=\S+, epoch=\S+, validation accuracy <score>=(\S+)/, '0.70205078125'],
  ])('are found by SageMaker’s expression %s', (expression, value) => {
    expect(expression.exec(qualityLines('algo-1', 'validation', classes, 1).join('\n'))?.[1]).toBe(value);
  });

  it('of progress and speed are found by SageMaker’s expressions', () => {
    expect(/#progress_metric: host=\S+, completed (\S+) %/.exec(progressLine('algo-1', 1, 20))?.[1]).toBe('5');
    const line = throughputLine('algo-1', 1000, 0.5);
    expect(/#throughput_metric: host=\S+, train throughput=(\S+) records\/second/.exec(line)?.[1]).toBe('2000.0');
  });

  it('of batches and the best epoch read as in published jobs', () => {
    expect(batchesLine(0, 100, 51200, 51200 / 13789.2)).toBe(
      'Epoch: 0, batches: 100, num_examples: 51200, 13789.2 samples/sec',
    );
    expect(bestEpochLine(3, 0.18081)).toBe('Best model based on epoch 3. Best loss: 0.181');
  });
});
