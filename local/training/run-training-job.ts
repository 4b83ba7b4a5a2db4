/**
 * One run of a training job: folders laid out, channels fetched, the real `train` entry point in a process of its own,
 * checkpoints copied, metrics read from its log, results uploaded.
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { LIMITS } from '#core/limits.ts';
import { type FinalMetric, MetricReader, OBJECT2VEC_METRICS } from '#core/sagemaker/metric-definitions.ts';
import {
  type CreateTrainingJobRequest,
  type SecondaryStatus,
  trainingFailureReason,
} from '#core/sagemaker/training-job.ts';
import { type ContainerEnd, startContainerChild } from '../hosting/container-child.ts';
import { type CheckpointSync, openCheckpointSync } from './checkpoint-sync.ts';
import { downloadChannel, hostPath, layOutConfig, s3Address } from './lay-out-job.ts';
import { uploadModel, uploadOutputData } from './upload-results.ts';

export interface TrainingRunOptions {
  readonly request: CreateTrainingJobRequest;
  readonly arn: string;
  readonly region: string;
  readonly s3: S3Client;
  /** The job's folder is made in it, and removed at the end. */
  readonly workFolder: string;
  readonly logFile: string;
  /** Variables under the job's own, such as TWINVEC_ENGINE. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called as the job goes from step to step, except for the last. */
  readonly onStep: (step: SecondaryStatus) => void;
  readonly log: (line: string) => void;
  /** Ends the job in order: SIGTERM, two minutes to save the model, then what there is is uploaded. */
  readonly stop: AbortSignal;
  /** Ends the job because this service ends: only checkpoints are kept. Aborts `stop` too. */
  readonly leave: AbortSignal;
}

export interface TrainingRun {
  /** `Left`: the service ended before the job did. */
  readonly end: 'Completed' | 'Failed' | 'Stopped' | 'MaxRuntimeExceeded' | 'Left';
  readonly failureReason?: string;
  readonly metrics: readonly FinalMetric[];
}

const STOP_GRACE_MS = LIMITS.trainingStopGraceSeconds.value * 1000;
const LEAVE_GRACE_MS = LIMITS.stopGraceSeconds.value * 1000;
/** As a shell says it: 128 + the number of SIGKILL. */
const KILLED = 137;
/** The longest that a timer of node can wait, 24 days: past it it would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws the error of S3, or TwinvecError for channels that cannot be had. */
export async function runTrainingJob(options: TrainingRunOptions): Promise<TrainingRun> {
  const { request, s3, stop, onStep } = options;
  const metrics = new MetricReader([
    ...OBJECT2VEC_METRICS,
    ...(request.AlgorithmSpecification.MetricDefinitions ?? []),
  ]);
  await mkdir(options.workFolder, { recursive: true });
  const baseDir = await mkdtemp(path.join(options.workFolder, `${request.TrainingJobName}-`));
  try {
    onStep('Downloading');
    await layOutConfig(request, baseDir);
    const checkpoints = await openCheckpoints(options, baseDir);
    for (const channel of request.InputDataConfig ?? []) await downloadChannel(s3, channel, baseDir, stop);
    stop.throwIfAborted();
    onStep('Training');
    checkpoints?.start();
    const ended = await train(options, baseDir, metrics);
    await checkpoints?.finish();
    if (options.leave.aborted) return { end: 'Left', metrics: metrics.final };
    onStep('Uploading');
    await uploadOutputData(s3, request, baseDir);
    const failed = ended.code !== 0 && !ended.interrupted;
    if (failed) return { end: 'Failed', failureReason: await failureReason(baseDir, ended), metrics: metrics.final };
    await uploadModel(s3, request, baseDir);
    return { end: ended.interrupted ?? (stop.aborted ? 'Stopped' : 'Completed'), metrics: metrics.final };
  } catch (error) {
    if (options.leave.aborted) return { end: 'Left', metrics: metrics.final };
    if (stop.aborted) return { end: 'Stopped', metrics: metrics.final };
    throw error;
  } finally {
    await rm(baseDir, { recursive: true, force: true });
  }
}

async function openCheckpoints(options: TrainingRunOptions, baseDir: string): Promise<CheckpointSync | undefined> {
  const { request, s3, log, stop: signal } = options;
  const { CheckpointConfig: config } = request;
  if (!config) return undefined;
  const folder = hostPath(baseDir, config.LocalPath);
  return openCheckpointSync({ s3, folder, uri: s3Address(config.S3Uri), log, signal });
}

interface TrainEnd extends ContainerEnd {
  /** Why it was told to stop, if it was. */
  readonly interrupted?: 'Stopped' | 'MaxRuntimeExceeded';
}

async function train(options: TrainingRunOptions, baseDir: string, metrics: MetricReader): Promise<TrainEnd> {
  const { request, region, stop, leave } = options;
  const child = await startContainerChild({
    verb: 'train',
    logFile: options.logFile,
    environment: {
      ...options.environment,
      AWS_REGION: region,
      TRAINING_JOB_NAME: request.TrainingJobName,
      TRAINING_JOB_ARN: options.arn,
      ...request.Environment,
      SAGEMAKER_BASE_DIR: baseDir,
    },
    onLine: (line) => metrics.read(line, new Date()),
  });
  let interrupted: TrainEnd['interrupted'];
  const interrupt = (why: NonNullable<typeof interrupted>): void => {
    interrupted ??= why;
    void child.stop(leave.aborted ? LEAVE_GRACE_MS : STOP_GRACE_MS);
  };
  const onStop = (): void => interrupt('Stopped');
  const longest = setTimeout(
    () => interrupt('MaxRuntimeExceeded'),
    Math.min(request.StoppingCondition.MaxRuntimeInSeconds * 1000, LONGEST_TIMER_MS),
  );
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    const end = await child.end;
    return { ...end, ...(interrupted ? { interrupted } : {}) };
  } finally {
    clearTimeout(longest);
    stop.removeEventListener('abort', onStop);
  }
}

async function failureReason(baseDir: string, { code }: ContainerEnd): Promise<string> {
  const said = await readFile(path.join(baseDir, 'output', 'failure'), 'utf8').catch(() => undefined);
  return trainingFailureReason(said, code ?? KILLED, LIMITS.failureFile.value);
}
