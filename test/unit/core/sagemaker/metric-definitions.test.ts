import { describe, expect, it } from 'vitest';
import { progressLine, qualityLines, throughputLine } from '#core/object2vec/metric-lines.ts';
import { MetricDefinition, MetricReader, OBJECT2VEC_METRICS } from '#core/sagemaker/metric-definitions.ts';

const NOW = new Date(0);

function finalOf(reader: MetricReader): Record<string, number> {
  return Object.fromEntries(reader.final.map(({ name, value }) => [name, value]));
}

describe('metrics read from a log', () => {
  it('are what the trainer prints, by the definitions of SageMaker’s Object2Vec', () => {
    // Prepare
    const reader = new MetricReader(OBJECT2VEC_METRICS);
    const metrics = { accuracy: 0.75, cross_entropy: 0.5 };
    const lines = [
      ...qualityLines('algo-1', 'train', metrics, 0),
      ...qualityLines('algo-1', 'validation', metrics, 0),
      ...qualityLines('algo-1', 'test', metrics),
      ...qualityLines('algo-1', 'test', { mean_squared_error: 0.25 }),
      progressLine('algo-1', 1, 4),
      throughputLine('algo-1', 100, 2),
    ];

    // Act
    for (const line of lines) reader.read(line, NOW);

    // Assess
    expect(finalOf(reader)).toEqual({
      'train:accuracy': 0.75,
      'train:cross_entropy': 0.5,
      'validation:accuracy': 0.75,
      'validation:cross_entropy': 0.5,
      'test:accuracy': 0.75,
      'test:cross_entropy': 0.5,
      'test:mean_squared_error': 0.25,
      'train:progress': 25,
      'train:throughput': 50,
    });
  });

  it('keep the last value that is a number, with its time', () => {
    const reader = new MetricReader([{ Name: 'loss', Regex: 'loss=(\\S+)' }]);

    reader.read('loss=3', new Date(1));
    reader.read('loss=2e-1', new Date(2));
    reader.read('loss=nan and more', new Date(3));

    expect(reader.final).toEqual([{ name: 'loss', value: 0.2, time: new Date(2) }]);
  });

  it('look at the beginning of a line only, so that one without an end costs no more', () => {
    const reader = new MetricReader([{ Name: 'loss', Regex: 'loss=(\\S+)' }]);

    reader.read(`${' '.repeat(20_000)}loss=1`, NOW);

    expect(reader.final).toEqual([]);
  });
});

describe('a metric definition', () => {
  it.each(['(?P<loss>[0-9.]+)', 'a (\\S+)', '(x)|(y)'])('may be %s', (Regex) => {
    expect(MetricDefinition.safeParse({ Name: 'm', Regex }).success).toBe(true);
  });

  it.each(['no group', '(', '(?:x)', ''])('is refused when it is "%s"', (Regex) => {
    expect(MetricDefinition.safeParse({ Name: 'm', Regex }).success).toBe(false);
  });
});
