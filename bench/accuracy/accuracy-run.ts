/** What every run of `npm run accuracy` is, whatever it trains on, and how its outcomes over several seeds are told. */
import { median } from '../median.ts';

export interface Outcome {
  readonly value: number;
  /** The epoch whose weights make the model, from 0: that of the smallest validation loss. */
  readonly epoch: number;
}

export interface AccuracyRun {
  readonly name: string;
  readonly metric: string;
  readonly published: string;
  readonly bar: string;
  /** Each is trained once: one lucky start proves nothing. */
  readonly seeds: readonly number[];
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  /** Formats a value of the metric. */
  format(value: number): string;
  /** Trains in a fresh folder and measures. @param folder exists and is empty */
  measure(folder: string, seed: number): Promise<Outcome>;
}

export const RESULT_COLUMNS = ['run', 'metric', 'median', 'all seeds', 'epoch', 'published', 'bar', 'day', 'settings'];

/** One line of the table. @param outcomes one for each seed, at least one */
export function resultRow(run: AccuracyRun, outcomes: readonly Outcome[]): string[] {
  const settings = Object.entries(run.hyperparameters).map(([name, value]) => `${name}=${value}`);
  return [
    run.name,
    run.metric,
    run.format(median(outcomes.map(({ value }) => value))),
    outcomes.map(({ value }) => run.format(value)).join(', '),
    outcomes.map(({ epoch }) => epoch).join(', '),
    run.published,
    run.bar,
    new Date().toISOString().slice(0, 10),
    settings.join(' '),
  ];
}
