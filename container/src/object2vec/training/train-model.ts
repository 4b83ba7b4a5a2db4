/**
 * A training job from its configuration to its artifact: validate, read the data, train, make the model, score it.
 * Everything that can be wrong with the job is found before the first step.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lossNameOf } from '#core/object2vec/metrics.ts';
import { type ParsedHyperparameters, parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import { formatBytes, formatCount, formatDuration } from '#core/terminal/format.ts';
import type { TextSink } from '#core/terminal/progress.ts';
import { setTensorFlowThreads, TENSORFLOWS_CHOICE } from '../../engine/native/environment.ts';
import type { EngineChoice } from '../../engine/session.ts';
import { bundleBytes } from '../../savedmodel/bundle-files.ts';
import { whileWriting } from '../../storage-failure.ts';
import { publishArtifact, removePartialArtifact, stageArtifact } from '../artifact.ts';
import { type Checkpoint, type CheckpointFolder, openCheckpointFolder } from '../checkpoint/checkpoint-folder.ts';
import { fingerprintChannel, type JobFingerprint } from '../checkpoint/job-fingerprint.ts';
import { type AuxiliaryFiles, readAuxiliaryChannel } from '../data/auxiliary-channel.ts';
import { type ChannelName, openChannels } from '../data/channels.ts';
import { DataMemory, dataMemoryBytes } from '../data/data-memory.ts';
import type { LoadedChannel } from '../data/dataset.ts';
import { loadChannel } from '../data/load-channel.ts';
import { type ScoredChannel, withNegatives } from '../data/scored-channel.ts';
import { engineThreads } from '../engine-threads.ts';
import { writeServingModel } from '../write-serving-model.ts';
import { createTrainingEngine, planTraining } from './create-training-engine.ts';
import type { KeptWeights } from './kept-weights.ts';
import { scoreArtifact } from './score-artifact.ts';
import { openStartModel, type StartModel } from './start-model.ts';
import { startingPoint } from './starting-point.ts';
import { endIfRequested, StopBeforeTraining, type StopRequest } from './stop-request.ts';
import { readTrainingJob, type TrainingJob } from './training-job.ts';
import { type TrainingResult, trainEpochs } from './training-loop.ts';
import { checkTrainingMemory, thisMachine, trainingMemory } from './training-memory.ts';
import { createTrainingReport, formatLoss, type TrainingReport } from './training-report.ts';

export interface TrainOptions {
  /** SageMaker's folder, /opt/ml. */
  readonly baseDir: string;
  readonly engine: EngineChoice;
  /** MiB that the rows of all channels may take in memory; by default a part of what there is. */
  readonly dataMemoryMb?: number | undefined;
  /** Within an epoch, a checkpoint is written when the last is this old. */
  readonly checkpointSeconds: number;
  readonly stop: StopRequest;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

type Data = ReadonlyMap<ChannelName, LoadedChannel>;

/** Where a job writes before its model is whole, and where it began. */
interface Places {
  readonly staging: string;
  readonly checkpoints: CheckpointFolder | undefined;
  readonly resumeFrom: Checkpoint | undefined;
  readonly start: StartModel | undefined;
}

const STAGING = '.twinvec-training-';

/** @throws TwinvecError for whatever is wrong with the job; the model folder is then as it was. */
export async function trainModel(options: TrainOptions): Promise<void> {
  const started = performance.now();
  const job = await readTrainingJob(options.baseDir);
  const parsed = parseHyperparameters(job.hyperparameters);
  const report = createTrainingReport(job.host, options.stdout, options.stderr);
  try {
    const { end, epochs, weights } = await runJob(options, job, parsed, report);
    report.summary([
      ['ended by', end],
      ['epochs', String(epochs)],
      ['model of epoch', String(weights.epoch)],
      ...describeBest(parsed.settings, weights),
      ['time', formatDuration((performance.now() - started) / 1000)],
    ]);
  } catch (error) {
    if (!(error instanceof StopBeforeTraining)) throw error;
    report.note('Training was stopped before its first step; there is no model.');
  }
}

/** @throws StopBeforeTraining, and TwinvecError for what is wrong with files and data */
async function runJob(
  options: TrainOptions,
  job: TrainingJob,
  parsed: ParsedHyperparameters,
  report: TrainingReport,
): Promise<TrainingResult & { readonly weights: KeptWeights }> {
  const { settings } = parsed;
  for (const note of parsed.notes) report.note(note);
  const tight = checkTrainingMemory(planTraining(settings), thisMachine());
  if (tight) report.note(tight);
  await removeLeftovers(options.baseDir);
  const checkpoints = await openCheckpoints(options, report);
  const auxiliary = await readAuxiliaryChannel(job, settings, report);
  // Beside the model folder, so that the finished artifact moves there by renaming.
  const staging = await mkdtemp(join(options.baseDir, STAGING));
  const data = new Map<ChannelName, LoadedChannel>();
  let start: StartModel | undefined;
  try {
    start = await openStartModel(job, settings, staging);
    if (start) report.note(start.description);
    const memory = new DataMemory(dataMemoryBytes(options.dataMemoryMb), staging);
    // A checkpoint has a model in it, which a stop gets; without one, what is read by then is of no use.
    const endIfStopped = checkpoints?.hasCheckpoint ? () => {} : () => endIfRequested(options.stop);
    await loadData(job, settings, { memory, auxiliary, endIfStopped }, report, data);
    const resumeFrom = checkpoints?.resume(fingerprint(parsed, data, start));
    if (resumeFrom) report.note(describeResume(resumeFrom, settings));
    const places = { staging, checkpoints, resumeFrom, start };
    const result = await train(options, settings, { data, auxiliary }, report, places);
    const { weights } = result;
    if (!weights) throw new StopBeforeTraining();
    const test = scoredChannel(data, 'test', settings);
    await makeModel(options, parsed, { test, auxiliary }, report, weights, staging);
    return { ...result, weights };
  } finally {
    start?.close();
    for (const channel of data.values()) channel.close();
    await rm(staging, { recursive: true, force: true });
  }
}

interface Reading {
  readonly memory: DataMemory;
  readonly auxiliary: AuxiliaryFiles;
  readonly endIfStopped: () => void;
}

/** @param data takes each channel as soon as it is read */
async function loadData(
  job: TrainingJob,
  { network }: Object2VecSettings,
  { memory, auxiliary, endIfStopped }: Reading,
  report: TrainingReport,
  data: Map<ChannelName, LoadedChannel>,
): Promise<void> {
  const texts = { in0: auxiliary.in0?.reader, in1: auxiliary.in1?.reader };
  const channels = await openChannels(job);
  for (const name of channels.unread) report.note(`Channel "${name}" is not read.`);
  for (const [name, files] of channels.files) {
    const channel = await report.load(name, (onRows) => {
      const onBlock = (rows: number): void => {
        onRows(rows);
        endIfStopped();
      };
      return loadChannel(name, files, network, memory, onBlock, texts);
    });
    data.set(name, channel);
    if (channel.inFile) {
      const limit = formatBytes(memory.limitBytes);
      report.note(`Channel "${name}" is read from a file: all channels together have ${limit} of memory.`);
    }
    if (channel.cutSequences > 0) {
      const count = formatCount(channel.cutSequences);
      report.note(
        `One or more sequences have been truncated because they exceeded max_seq_len: ${count} in channel "${name}".`,
      );
    }
  }
  if (!data.has('validation')) report.note('Validation data is not provided: the last epoch makes the model.');
  if (!data.has('test')) report.note('Test data is not provided.');
}

/** What a killed process of the job left behind. */
async function removeLeftovers(baseDir: string): Promise<void> {
  const stale = (await readdir(baseDir)).filter((name) => name.startsWith(STAGING));
  for (const name of stale) await rm(join(baseDir, name), { recursive: true });
  await removePartialArtifact(join(baseDir, 'model'));
}

async function openCheckpoints(
  { baseDir, checkpointSeconds }: TrainOptions,
  { note }: TrainingReport,
): Promise<CheckpointFolder | undefined> {
  const dir = join(baseDir, 'checkpoints');
  const checkpoints = await openCheckpointFolder({ dir, intervalSeconds: checkpointSeconds, note });
  if (checkpoints) note(`Checkpoints: after each epoch, and every ${formatDuration(checkpointSeconds)} within one.`);
  return checkpoints;
}

/** The test channel is left out: it decides nothing. */
function fingerprint({ effective }: ParsedHyperparameters, data: Data, start: StartModel | undefined): JobFingerprint {
  const deciding = (['train', 'validation'] as const).flatMap((name) => {
    const channel = data.get(name);
    return channel ? [[name, fingerprintChannel(channel)] as const] : [];
  });
  return { hyperparameters: effective, data: Object.fromEntries(deciding), ...(start && { start: start.digest }) };
}

function describeResume({ name, progress, steps }: Checkpoint, { loop }: Object2VecSettings): string {
  const { epoch, done, stopping } = progress;
  const from = `Going on from checkpoint ${name}`;
  if (stopping.stop || epoch === loop.epochs) return `${from}: training was over, only the model is made.`;
  return `${from}: epoch ${epoch}, batch ${done.batches}, after ${formatCount(steps)} steps.`;
}

async function train(
  { engine: choice, stop }: TrainOptions,
  settings: Object2VecSettings,
  { data, auxiliary: { vectors } }: { readonly data: Data; readonly auxiliary: AuxiliaryFiles },
  report: TrainingReport,
  { staging, checkpoints, resumeFrom, start }: Places,
): Promise<TrainingResult> {
  const [weightsDir, workDir] = [join(staging, 'weights'), join(staging, 'work')];
  await Promise.all([mkdir(weightsDir), mkdir(workDir)]);
  const options = {
    engine: choice,
    seed: settings.loop.seed,
    workDir,
    startingPoint: startingPoint(settings.network.output, data.get('train')!.labels),
    // An earlier model has learned further than the vectors that it may have started from.
    given: start?.given ?? vectors,
    log: report.note,
  };
  const { weights: bytes } = trainingMemory(planTraining(settings));
  setTensorFlowThreads(
    TENSORFLOWS_CHOICE,
    engineThreads([settings.network.enc0.network, settings.network.enc1.network]),
  );
  const engine = await whileWriting({ what: 'the first set of weights', dir: workDir, bytes }, () =>
    createTrainingEngine(settings, options),
  );
  vectors.clear();
  try {
    report.note(`Engine: ${engine.engine} (TWINVEC_ENGINE=${choice}).`);
    const train = data.get('train')!;
    const validation = scoredChannel(data, 'validation', settings);
    return await trainEpochs({
      engine,
      settings,
      train,
      validation,
      report,
      stop,
      weightsDir,
      checkpoints,
      resumeFrom,
    });
  } finally {
    engine.close();
  }
}

function scoredChannel(
  data: Data,
  channel: 'validation' | 'test',
  { loop }: Object2VecSettings,
): ScoredChannel | undefined {
  const rows = data.get(channel);
  const { validationNegativeSamplingRate: rate, seed } = loop;
  return rows && withNegatives(rows, data.get('train')!, { channel, rate, seed });
}

/** Nothing reaches the model folder before all of the model is there and has been loaded and scored. */
async function makeModel(
  { baseDir, engine, stop }: TrainOptions,
  { settings, effective }: ParsedHyperparameters,
  { test, auxiliary }: { readonly test: ScoredChannel | undefined; readonly auxiliary: AuxiliaryFiles },
  report: TrainingReport,
  weights: KeptWeights,
  staging: string,
): Promise<void> {
  const { network } = settings;
  const { epoch, loss } = weights;
  const stagedDir = join(staging, 'model');
  const bytes = await bundleBytes(weights.prefix);
  await whileWriting({ what: 'the model', dir: staging, bytes }, () =>
    stageArtifact(stagedDir, {
      network,
      hyperparameters: effective,
      ...((auxiliary.in0 || auxiliary.in1) && { text: auxiliary }),
      ...(loss !== undefined && {
        best: { epoch, metric: `validation:${lossNameOf(network.output.kind)}`, value: loss },
      }),
      writeModel: (versionDir) => writeServingModel(settings, weights.prefix, versionDir),
    }),
  );
  if (loss !== undefined) report.bestEpoch(epoch, loss);
  if (test && !stop.requested) {
    const metrics = await scoreArtifact(stagedDir, engine, test, network.output, stop);
    if (metrics) report.testScore(metrics);
  }
  const modelDir = join(baseDir, 'model');
  await whileWriting({ what: 'the model', dir: modelDir, bytes }, () => publishArtifact(stagedDir, modelDir));
}

function describeBest({ network }: Object2VecSettings, weights: KeptWeights): (readonly [string, string])[] {
  if (weights.loss === undefined) return [];
  return [[`validation ${lossNameOf(network.output.kind)}`, formatLoss(weights.loss)]];
}
