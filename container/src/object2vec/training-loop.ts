/**
 * The epochs of a training job: steps, validation, early stopping, and the weights of the best epoch kept on disk.
 */
import { TwinvecError } from '#core/errors.ts';
import { BEFORE_FIRST_EPOCH, type EarlyStoppingState, observeLoss } from '#core/object2vec/early-stopping.ts';
import { lossNameOf } from '#core/object2vec/metrics.ts';
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import { createEpochs, type EpochSource, firstRows } from './batches.ts';
import type { Dataset } from './dataset.ts';
import { type KeptWeights, WeightsKeeper } from './kept-weights.ts';
import { scoreDataset } from './score-dataset.ts';
import { asItIs, type ScoredChannel } from './scored-channel.ts';
import type { StopRequest } from './stop-request.ts';
import { trainEpoch } from './train-epoch.ts';
import type { TrainingEngine } from './training-engine.ts';
import type { TrainingReport } from './training-report.ts';

export interface TrainingInput {
  readonly engine: TrainingEngine;
  readonly settings: Object2VecSettings;
  readonly train: Dataset;
  readonly validation: ScoredChannel | undefined;
  readonly report: TrainingReport;
  readonly stop: StopRequest;
  /** An existing empty folder. */
  readonly weightsDir: string;
}

export type TrainingEnd = 'all epochs' | 'early stopping' | 'stop request' | 'diverged';

export interface TrainingResult {
  readonly end: TrainingEnd;
  /** Epochs that were trained and scored. */
  readonly epochs: number;
  /** What to make the artifact of; absent when a stop came before the first step. */
  readonly weights: KeptWeights | undefined;
}

/** Without a validation channel, this many training rows show after an epoch whether the weights are still finite. */
const PROBE_ROWS = 256;

/**
 * Trains until the epochs are done, the validation loss stops falling, a stop is requested or the loss is not finite.
 * @throws TwinvecError NonFiniteOutput when the loss is not finite before any epoch could be kept.
 */
export async function trainEpochs(input: TrainingInput): Promise<TrainingResult> {
  const { settings, train, report } = input;
  const keeper = new WeightsKeeper(input.engine, input.weightsDir);
  const source = createEpochs(train, settings.loop);
  let stopping = BEFORE_FIRST_EPOCH;
  for (let epoch = 0; epoch < settings.loop.epochs; epoch++) {
    const after = await runEpoch(epoch, input, source, keeper, stopping);
    if ('end' in after) return { end: after.end, epochs: epoch, weights: keeper.kept };
    stopping = after;
    report.progress(stopping.stop ? settings.loop.epochs : epoch + 1, settings.loop.epochs);
    if (stopping.stop) {
      report.note(`Early stopping criterion met! Stopping training at epoch: ${epoch}`);
      return { end: 'early stopping', epochs: epoch + 1, weights: keeper.kept };
    }
  }
  return { end: 'all epochs', epochs: settings.loop.epochs, weights: keeper.kept };
}

async function runEpoch(
  epoch: number,
  { engine, settings, train, validation, report, stop }: TrainingInput,
  source: EpochSource,
  keeper: WeightsKeeper,
  stopping: EarlyStoppingState,
): Promise<EarlyStoppingState | { readonly end: 'stop request' | 'diverged' }> {
  const { output } = settings.network;
  const drawn = source.epoch(epoch);
  const place = { number: epoch, count: settings.loop.epochs };
  const outcome = await trainEpoch(engine, drawn, place, report.startEpoch(epoch, place.count, drawn.rows), stop);
  if (outcome.end !== 'trained') {
    if (outcome.end === 'stop request') return stopped(epoch, outcome.batch > 0, validation, keeper);
    return diverged(epoch, `batch ${outcome.batch}`, settings, keeper, report);
  }
  const { loss, accuracy } = outcome;
  const values = { [lossNameOf(output.kind)]: loss, ...(accuracy !== undefined && { accuracy }) };
  report.quality('train', { rows: drawn.rows, loss, values }, epoch);

  const scored = validation ?? asItIs(firstRows(train, PROBE_ROWS));
  const metrics = await scoreDataset((in0, in1) => engine.predict(in0, in1), scored, output, stop);
  if (!metrics) return stopped(epoch, true, validation, keeper);
  if (!Number.isFinite(metrics.loss)) return diverged(epoch, 'the last step', settings, keeper, report);
  if (!validation) {
    await keeper.keep(epoch);
    return stopping;
  }
  report.quality('validation', metrics, epoch);
  const { earlyStoppingPatience: patience, earlyStoppingTolerance: tolerance } = settings.loop;
  const next = observeLoss(stopping, metrics.loss, { patience, tolerance });
  if (next.best?.epoch === epoch) await keeper.keep(epoch, metrics.loss);
  return next;
}

/** Without validation the latest weights are the best; with it they only stand in where no epoch was scored yet. */
async function stopped(epoch: number, trained: boolean, validation: ScoredChannel | undefined, keeper: WeightsKeeper) {
  if (trained && (!validation || !keeper.kept)) await keeper.keep(epoch);
  return { end: 'stop request' } as const;
}

function diverged(
  epoch: number,
  place: string,
  { optimizer, network }: Object2VecSettings,
  keeper: WeightsKeeper,
  report: TrainingReport,
) {
  const labels = network.output.kind === 'softmax' ? '' : ', or labels are very large: scale them to about -1 to 1';
  const message =
    `The loss is not a finite number any more at epoch ${epoch}, ${place}. ` +
    `Likely learning_rate=${optimizer.learningRate} is too high${labels}.`;
  if (!keeper.kept) throw new TwinvecError('NonFiniteOutput', message);
  report.note(`${message} The model is that of epoch ${keeper.kept.epoch}.`);
  return { end: 'diverged' } as const;
}
