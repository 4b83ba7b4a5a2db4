/**
 * Metrics of a training job, read from its log by regular expressions, as SageMaker does for FinalMetricDataList and for
 * tuning: the first group of the expression is the value.
 */
import * as z from 'zod';
import { matching } from './fields.ts';

export const MetricDefinition = z.strictObject({
  Name: matching('.+').min(1).max(255),
  Regex: matching('.+')
    .min(1)
    .max(500)
    .refine((source) => compile(source) !== undefined, 'Member must be a regular expression with a group'),
});

export type MetricDefinition = z.infer<typeof MetricDefinition>;

const QUALITY = '#quality_metric: host=\\S+, ';
const EPOCH = 'epoch=\\S+, ';

/** What SageMaker defines for its Object2Vec (spec object2vec 2); a job's own definitions come on top. */
export const OBJECT2VEC_METRICS: readonly MetricDefinition[] = [
  ...(['train', 'validation'] as const).flatMap((split) => qualityMetrics(split, EPOCH)),
  ...qualityMetrics('test', ''),
  { Name: 'train:progress', Regex: '#progress_metric: host=\\S+, completed (\\S+) %' },
  { Name: 'train:throughput', Regex: '#throughput_metric: host=\\S+, train throughput=(\\S+) records/second' },
];

function qualityMetrics(split: string, when: string): MetricDefinition[] {
  return [
    { Name: `${split}:accuracy`, Regex: `${QUALITY}${when}${split} accuracy <score>=(\\S+)` },
    { Name: `${split}:cross_entropy`, Regex: `${QUALITY}${when}${split} cross_entropy <loss>=(\\S+)` },
    { Name: `${split}:mean_squared_error`, Regex: `${QUALITY}${when}${split} mean_squared_error <loss>=(\\S+)` },
  ];
}

/** Undefined for what is no regular expression or has no group. Python's named groups are JavaScript's with a `P`. */
function compile(source: string): RegExp | undefined {
  try {
    const expression = new RegExp(source.replaceAll('(?P<', '(?<'));
    const groups = new RegExp(`${expression.source}|`).exec('')!.length - 1;
    return groups > 0 ? expression : undefined;
  } catch {
    return undefined;
  }
}

export interface FinalMetric {
  readonly name: string;
  readonly value: number;
  readonly time: Date;
}

/** Characters of a line that are looked at: a line without an end must not cost more than this. */
const LONGEST_LINE = 16_384;

/** Takes lines as they come and keeps the last value of every metric. */
export class MetricReader {
  readonly #definitions: readonly { readonly name: string; readonly expression: RegExp }[];
  readonly #last = new Map<string, FinalMetric>();

  constructor(definitions: readonly MetricDefinition[]) {
    this.#definitions = definitions.map(({ Name, Regex }) => ({ name: Name, expression: compile(Regex)! }));
  }

  read(line: string, time: Date): void {
    const text = line.slice(0, LONGEST_LINE);
    for (const { name, expression } of this.#definitions) {
      const found = expression.exec(text)?.[1];
      if (found === undefined) continue;
      const value = Number(found);
      if (Number.isFinite(value)) this.#last.set(name, { name, value, time });
    }
  }

  /** In the order in which they were first seen. */
  get final(): readonly FinalMetric[] {
    return [...this.#last.values()];
  }
}
