/**
 * The epochs of a training job: steps, validation, early stopping, and the weights of the best epoch kept on disk.
 */
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { type EarlyStoppingState, observeLoss } from '#core/object2vec/early-stopping.ts';
import { lossNameOf } from '#core/object2vec/metrics.ts';
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import type { Checkpoint, CheckpointFolder } from '../checkpoint/checkpoint-folder.ts';
import { createEpochs, type EpochSource, firstRows } from '../data/batches.ts';
import type { Dataset } from '../data/dataset.ts';
import { asItIs, type ScoredChannel } from '../data/scored-channel.ts';
import { type KeptWeights, WeightsKeeper } from './kept-weights.ts';
import { scoreDataset } from './score-dataset.ts';
import type { StopRequest } from './stop-request.ts';
import { trainEpoch } from './train-epoch.ts';
import type { TrainingEngine } from './training-engine.ts';
import { BEFORE_TRAINING, NOTHING_DONE, type TrainingProgress } from './training-progress.ts';
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
  /** Where the job writes checkpoints, if anywhere. */
  readonly checkpoints?: CheckpointFolder | undefined;
  /** What an earlier process of the same job left. */
  readonly resumeFrom?: Checkpoint | undefined;
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
 * @throws TwinvecError NonFiniteOutput when the loss is not finite before any epoch could be kept; DiskFull
 */
export async function trainEpochs(input: TrainingInput): Promise<TrainingResult> {
  const { settings, train, report, engine, checkpoints } = input;
  const { epochs } = settings.loop;
  const keeper = new WeightsKeeper(engine, input.weightsDir);
  const source = createEpochs(train, settings.loop);
  let progress = await begin(input, keeper);
  while (progress.epoch < epochs && !progress.stopping.stop) {
    const { epoch } = progress;
    const after = await runEpoch(progress, input, source, keeper);
    if ('end' in after) return { end: after.end, epochs: epoch, weights: keeper.kept };
    progress = { epoch: epoch + 1, done: NOTHING_DONE, stopping: after };
    await checkpoints?.save(engine, progress, keeper.kept);
    report.progress(after.stop ? epochs : epoch + 1, epochs);
    if (after.stop) report.note(`Early stopping criterion met! Stopping training at epoch: ${epoch}`);
  }
  const end = progress.stopping.stop ? 'early stopping' : 'all epochs';
  return { end, epochs: progress.epoch, weights: keeper.kept };
}

/** From the first batch, or from where an earlier process of the same job was. */
async function begin({ engine, resumeFrom }: TrainingInput, keeper: WeightsKeeper): Promise<TrainingProgress> {
  if (!resumeFrom) return BEFORE_TRAINING;
  await engine.restoreState(resumeFrom.statePrefix, resumeFrom.steps);
  if (resumeFrom.kept) await keeper.takeOver(resumeFrom.kept);
  return resumeFrom.progress;
}

async function runEpoch(
  progress: TrainingProgress,
  input: TrainingInput,
  source: EpochSource,
  keeper: WeightsKeeper,
): Promise<EarlyStoppingState | { readonly end: 'stop request' | 'diverged' }> {
  const { engine, settings, train, validation, report, stop, checkpoints } = input;
  const { epoch, stopping } = progress;
  const { output } = settings.network;
  const drawn = source.epoch(epoch);
  const place = { number: epoch, count: settings.loop.epochs };
  const outcome = await trainEpoch({
    engine,
    epoch: drawn,
    place,
    report: report.startEpoch(epoch, place.count, drawn.rows, progress.done),
    stop,
    from: progress.done,
    pause: async (done) => {
      if (checkpoints?.isDue && !stop.requested) await checkpoints.save(engine, { ...progress, done }, keeper.kept);
    },
  });
  const reached = { ...progress, done: outcome.done };
  if (outcome.end === 'stop request') return stopped(reached, input, keeper);
  if (outcome.end === 'diverged') {
    return diverged(epoch, `batch ${outcome.done.batches}`, settings, keeper, report);
  }
  const { rows, lossSum, correct } = outcome.done;
  const loss = lossSum / rows;
  const values = { [lossNameOf(output.kind)]: loss, ...(correct !== undefined && { accuracy: correct / rows }) };
  report.quality('train', { rows, loss, values }, epoch);

  const scored = validation ?? asItIs(firstRows(train, PROBE_ROWS));
  const metrics = await scoreDataset((in0, in1) => engine.predict(in0, in1), scored, output, stop);
  if (!metrics) return stopped(reached, input, keeper);
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
async function stopped(progress: TrainingProgress, input: TrainingInput, keeper: WeightsKeeper) {
  const { engine, validation, checkpoints, report } = input;
  const end = { end: 'stop request' } as const;
  if (engine.steps === 0) return end;
  // Before the model, and with what was kept until now: the checkpoint is what the job goes on from.
  await checkpoints?.save(engine, progress, keeper.kept).catch((error: unknown) => {
    report.note(`There is no checkpoint of the place where training stopped: ${toTwinvecError(error).message}`);
  });
  if (progress.done.batches > 0 && (!validation || !keeper.kept)) await keeper.keep(progress.epoch);
  return end;
}

function diverged(
  epoch: number,
  place: string,
  settings: Object2VecSettings,
  keeper: WeightsKeeper,
  report: TrainingReport,
) {
  const message = `The loss is not a finite number any more at epoch ${epoch}, ${place}. ${likelyCause(settings)}`;
  if (!keeper.kept) throw new TwinvecError('NonFiniteOutput', message);
  report.note(`${message} The model is that of epoch ${keeper.kept.epoch}.`);
  return { end: 'diverged' } as const;
}

function likelyCause({ optimizer: { name, learningRate, weightDecay }, network }: Object2VecSettings): string {
  const high = [
    ...(name === 'adadelta' ? [] : [`learning_rate=${learningRate}`]),
    ...(weightDecay === 0 ? [] : [`weight_decay=${weightDecay}`]),
  ].join(' or ');
  const causes = [
    ...(high ? [`${high} is too high`] : []),
    ...(network.output.kind === 'softmax' ? [] : ['labels are very large: scale them to about -1 to 1']),
  ];
  return causes.length > 0 ? `Likely ${causes.join(', or ')}.` : 'Try another optimizer than adadelta.';
}
