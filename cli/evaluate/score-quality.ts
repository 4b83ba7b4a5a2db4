/** The quality of a model's scores over labelled records: of classes or of numbers, as the width of the scores says. */
import { type ClassQuality, ConfusionMatrix } from '#core/object2vec/class-quality.ts';
import { pearson, spearman } from '#core/object2vec/correlation.ts';
import { createMetricSums, type MetricSums, type Metrics } from '#core/object2vec/metrics.ts';

export interface ScoreQuality {
  readonly rows: number;
  readonly values: Metrics['values'] & Readonly<Record<string, number>>;
  /** For classes. */
  readonly classes?: readonly ClassQuality[];
  /** For classes: rows of a label, by the class that the model took them for. */
  readonly confusion?: readonly (readonly number[])[];
}

export class ScoreSums {
  readonly width: number;
  readonly #sums: MetricSums;
  readonly #confusion: ConfusionMatrix | undefined;
  /** For regression: correlations need all values, 16 bytes a row. */
  readonly #pairs: { readonly predictions: number[]; readonly labels: number[] } | undefined;

  rows = 0;

  /** @param width 1 for regression, else the number of classes */
  constructor(width: number) {
    this.width = width;
    this.#sums = createMetricSums(width === 1 ? { kind: 'mean_squared_error' } : { kind: 'softmax', classes: width });
    this.#confusion = width === 1 ? undefined : new ConfusionMatrix(width);
    this.#pairs = width === 1 ? { predictions: [], labels: [] } : undefined;
  }

  /** Why a label is none of this model; undefined when it is one. */
  problemWith(label: number): string | undefined {
    if (this.width === 1 || (Number.isInteger(label) && label >= 0 && label < this.width)) return undefined;
    return `has label ${label}; the model's classes are 0 to ${this.width - 1}`;
  }

  add(scores: Float32Array, label: number): void {
    this.rows += 1;
    this.#sums.add(scores, Float32Array.of(label));
    this.#confusion?.add(scores, [label]);
    this.#pairs?.predictions.push(scores[0]!);
    this.#pairs?.labels.push(label);
  }

  result(): ScoreQuality {
    const { rows, values } = this.#sums.result();
    if (this.#pairs) {
      const { predictions, labels } = this.#pairs;
      const correlations = { pearson: pearson(predictions, labels), spearman: spearman(predictions, labels) };
      const rmse = Math.sqrt(values.mean_squared_error!);
      return { rows, values: { ...values, root_mean_squared_error: rmse, ...correlations } };
    }
    const matrix = this.#confusion!;
    const all = Array.from({ length: this.width }, (_, c) => c);
    return {
      rows,
      values,
      classes: all.map((label) => matrix.qualityOf(label)),
      confusion: all.map((label) => all.map((answer) => matrix.count(label, answer))),
    };
  }
}
