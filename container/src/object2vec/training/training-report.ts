/**
 * What a training job tells: SageMaker's metric lines on standard output, where its log reader looks for them, and
 * everything for people on standard error, with a progress bar when that is a terminal.
 */
import {
  batchesLine,
  bestEpochLine,
  type DataSplit,
  progressLine,
  qualityLines,
  testScoreLines,
  throughputLine,
} from '#core/object2vec/metric-lines.ts';
import type { Metrics } from '#core/object2vec/metrics.ts';
import { createProgress, type Progress, type TextSink } from '#core/terminal/progress.ts';
import { formatTable } from '#core/terminal/table.ts';
import { type EpochSums, NOTHING_DONE } from './training-progress.ts';

/** SageMaker's Object2Vec prints a line every so many batches. */
const BATCHES_BETWEEN_LINES = 100;

export interface EpochReport {
  /** After each step; `loss` is the epoch's mean so far. */
  step(rowsDone: number, loss: number): void;
  /** After the last step; the metric lines follow. `trained` is false when the epoch was cut short. */
  end(trained: boolean): void;
}

export interface TrainingReport {
  note(text: string): void;
  /** Shows the rows of a channel coming in. */
  load<T>(channel: string, read: (onRows: (rows: number) => void) => Promise<T>): Promise<T>;
  /** Shows the bytes of a large file coming in. */
  read<T>(
    file: { readonly name: string },
    read: (onRead: (bytes: number, total: number) => void) => Promise<T>,
  ): Promise<T>;
  /** @param from what an earlier process has done of the epoch */
  startEpoch(epoch: number, epochs: number, rows: number, from?: EpochSums): EpochReport;
  quality(split: DataSplit, metrics: Metrics, epoch?: number): void;
  progress(epochsDone: number, epochs: number): void;
  bestEpoch(epoch: number, loss: number): void;
  testScore(metrics: Metrics): void;
  summary(rows: readonly (readonly [string, string])[]): void;
}

export function createTrainingReport(host: string, stdout: TextSink, stderr: TextSink): TrainingReport {
  const print = (line: string): void => void stdout.write(`${line}\n`);
  // On a terminal the bar shows the same figures, and a line in the middle of it would tear it.
  const printWithinEpoch = stdout.isTTY === true ? () => undefined : print;
  return {
    note: (text) => void stderr.write(`${text}\n`),
    async load(channel, read) {
      const progress = createProgress({ label: `Reading ${channel}`, unit: 'rows', sink: stderr });
      try {
        return await read((rows) => progress.update(rows));
      } finally {
        progress.finish();
      }
    },
    async read(file, read) {
      let progress: Progress | undefined;
      try {
        return await read((bytes, total) => {
          progress ??= createProgress({ label: `Reading ${file.name}`, total, unit: 'bytes', sink: stderr });
          progress.update(bytes);
        });
      } finally {
        progress?.finish();
      }
    },
    startEpoch: (epoch, epochs, rows, from = NOTHING_DONE) => {
      const label = `Epoch ${epoch + 1}/${epochs}`;
      const progress = createProgress({ label, total: rows, unit: 'rows', sink: stderr });
      return reportEpoch(host, epoch, { print, printWithinEpoch, progress }, from);
    },
    quality: (split, metrics, epoch) => qualityLines(host, split, metrics.values, epoch).forEach(print),
    progress: (epochsDone, epochs) => print(progressLine(host, epochsDone, epochs)),
    bestEpoch: (epoch, loss) => print(bestEpochLine(epoch, loss)),
    testScore(metrics) {
      testScoreLines(host, metrics.values).forEach(print);
      qualityLines(host, 'test', metrics.values).forEach(print);
    },
    summary: (rows) => void stderr.write(`\n${formatTable([['Training', ''], ...rows])}`),
  };
}

interface EpochSinks {
  readonly print: (line: string) => void;
  /** For lines between the first and the last of an epoch. */
  readonly printWithinEpoch: (line: string) => void;
  readonly progress: Progress;
}

function reportEpoch(
  host: string,
  epoch: number,
  { print, printWithinEpoch, progress }: EpochSinks,
  from: EpochSums,
): EpochReport {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let { batches, rows } = from;
  return {
    step(rowsDone, loss) {
      batches += 1;
      rows = rowsDone;
      progress.update(rowsDone, `loss ${formatLoss(loss)}`);
      if (batches % BATCHES_BETWEEN_LINES === 0) printWithinEpoch(batchesLine(epoch, batches, rowsDone, seconds()));
    },
    end(trained) {
      progress.finish();
      if (trained) print(throughputLine(host, rows - from.rows, seconds()));
    },
  };
}

export function formatLoss(loss: number): string {
  return Number.isFinite(loss) ? loss.toPrecision(4) : String(loss);
}
