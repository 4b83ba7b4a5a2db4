/** CreateTrainingJob, DescribeTrainingJob, StopTrainingJob, ListTrainingJobs: the real trainer over channels in S3. */
import type { S3Client } from '@aws-sdk/client-s3';
import { LIMITS } from '#core/limits.ts';
import { ListTrainingJobsRequest } from '#core/sagemaker/list-requests.ts';
import {
  CreateTrainingJobRequest,
  checkTrainingSupported,
  SECONDARY_STATUSES,
  type SecondaryStatus,
  TrainingJobName,
} from '#core/sagemaker/training-job.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { logFilePath, TRAINING_LOGS } from '../logs/log-groups.ts';
import { keyOf } from '../state/resource.ts';
import type { State } from '../state/state.ts';
import type { OverviewRow } from '../status-page/overview.ts';
import { s3Address } from '../training/lay-out-job.ts';
import { runTrainingJob, type TrainingRun } from '../training/run-training-job.ts';
import { AwsError, causeOf, validationException } from './aws-error.ts';
import { listPage, seconds } from './list-page.ts';
import { newResource } from './new-resource.ts';
import type { Operations } from './operations.ts';
import { describeTrainingJob, inStep, isOver, TrainingJobRecord } from './training-job-record.ts';

export interface TrainingJobsOptions {
  readonly state: State;
  readonly s3: S3Client;
  readonly logFolder: string;
  readonly workFolder: string;
  /** Variables for every job, such as TWINVEC_ENGINE. A job's own win. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

interface Running {
  readonly stop: AbortController;
  readonly leave: AbortController;
  readonly settled: Promise<void>;
}

const NOT_RESUMED =
  'InternalServerError: the local service ended while the job ran. A job with a CheckpointConfig goes on after that.';

export function createTrainingJobs(options: TrainingJobsOptions): Operations {
  const { state, s3, log } = options;
  const store = state.open('training-job', TrainingJobRecord);
  const running = new Map<string, Running>();

  function existing(body: unknown, region: string): TrainingJobRecord {
    const name = parseRequest(TrainingJobName, body).TrainingJobName;
    const job = store.find({ name, region });
    if (!job) throw validationException(`Requested resource not found: training job ${name}.`);
    return job;
  }

  function step(job: TrainingJobRecord, to: SecondaryStatus, change: Partial<TrainingJobRecord> = {}): void {
    const now = store.find(job);
    if (!now) return;
    const status = now.status === 'Stopping' && to !== 'Stopped' ? now.status : undefined;
    const reason = change.failureReason === undefined ? '' : `: ${change.failureReason}`;
    log(`training job ${job.name}: ${SECONDARY_STATUSES[to]}${reason}`);
    store.note(job, { ...inStep(now, to, new Date()), ...change, ...(status ? { status } : {}) });
  }

  async function run(job: TrainingJobRecord, stop: AbortController, leave: AbortController): Promise<void> {
    const stream = `${job.name}/algo-1-${Math.floor(Date.now() / 1000)}`;
    const ended = await runTrainingJob({
      request: job.request,
      arn: job.arn,
      region: job.region,
      s3,
      workFolder: options.workFolder,
      logFile: logFilePath(options.logFolder, TRAINING_LOGS, stream),
      environment: options.environment,
      onStep: (to) => step(job, to, to === 'Training' ? { startedAt: new Date() } : {}),
      log,
      stop: stop.signal,
      leave: leave.signal,
    }).catch(
      (error: unknown): TrainingRun => ({
        end: 'Failed',
        failureReason: `ClientError: ${causeOf(error)}`,
        metrics: [],
      }),
    );
    settle(job, ended);
  }

  function settle(job: TrainingJobRecord, { end, failureReason, metrics }: TrainingRun): void {
    running.delete(keyOf(job));
    const found = { metrics: [...metrics], endedAt: new Date() };
    if (end === 'Left') {
      if (!job.request.CheckpointConfig)
        step(job, 'Failed', { ...found, status: 'Failed', failureReason: NOT_RESUMED });
      return;
    }
    const status = end === 'MaxRuntimeExceeded' ? 'Stopped' : end;
    const reason =
      failureReason === undefined ? {} : { failureReason: failureReason.slice(0, LIMITS.failureFile.value) };
    step(job, end, { ...found, ...reason, status });
  }

  function start(job: TrainingJobRecord): void {
    const stop = new AbortController();
    const leave = new AbortController();
    // After the answer to Create, so that the caller knows the job before its first step.
    const settled = Promise.resolve().then(() => run(job, stop, leave));
    running.set(keyOf(job), { stop, leave, settled });
  }

  return {
    resume() {
      for (const job of store.all().filter((one) => !isOver(one))) {
        if (job.status === 'Stopping') step(job, 'Stopped', { status: 'Stopped', endedAt: new Date() });
        else if (job.request.CheckpointConfig) {
          step(job, 'Restarting');
          start(job);
        } else settle(job, { end: 'Failed', failureReason: NOT_RESUMED, metrics: [] });
      }
    },
    async close() {
      const left = [...running.values()];
      for (const { stop, leave } of left) {
        leave.abort();
        stop.abort(new Error('the local service is closing'));
      }
      await Promise.all(left.map(({ settled }) => settled));
    },
    overview: () => ({ title: 'Training jobs', rows: store.all().toReversed().map(overviewOf) }),
    operations: {
      CreateTrainingJob(body, { region }) {
        const { Tags, ...request } = parseRequest(CreateTrainingJobRequest, body);
        checkTrainingSupported(request);
        checkAddresses(request);
        const name = request.TrainingJobName;
        const made = newResource('training-job', region, name, Tags);
        if (store.find({ name, region })) {
          const message = `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${made.arn})`;
          throw new AwsError('ResourceInUse', message);
        }
        const { Tags: _, ...asSent } = body as Record<string, unknown>;
        const job: TrainingJobRecord = { ...made, request, asSent, status: 'InProgress', transitions: [], metrics: [] };
        start(store.add({ ...job, ...inStep(job, 'Starting', made.createdAt) }));
        return { TrainingJobArn: made.arn };
      },
      DescribeTrainingJob: (body, { region }) => describeTrainingJob(existing(body, region)),
      StopTrainingJob(body, { region }) {
        const job = existing(body, region);
        if (isOver(job)) {
          throw validationException(`The request was rejected because the training job is in status ${job.status}.`);
        }
        store.update(job, { ...inStep(job, 'Stopping', new Date()), status: 'Stopping' });
        running.get(keyOf(job))?.stop.abort(new Error('the training job was stopped'));
        return undefined;
      },
      ListTrainingJobs(body, { region }) {
        const { items, ...rest } = listPage(store.all(region), parseRequest(ListTrainingJobsRequest, body));
        const TrainingJobSummaries = items.map((job) => ({
          TrainingJobName: job.name,
          TrainingJobArn: job.arn,
          CreationTime: seconds(job.createdAt),
          LastModifiedTime: seconds(job.modifiedAt),
          TrainingJobStatus: job.status,
          SecondaryStatus: job.transitions.at(-1)?.to,
          ...(job.endedAt ? { TrainingEndTime: seconds(job.endedAt) } : {}),
        }));
        return { TrainingJobSummaries, ...rest };
      },
    },
  };
}

function overviewOf(job: TrainingJobRecord): OverviewRow {
  const { name, region, status, failureReason, request, transitions, modifiedAt } = job;
  const step = transitions.at(-1)?.to;
  return {
    name,
    region,
    status: isOver(job) || step === undefined ? status : `${status} (${step})`,
    failureReason,
    about: `channels ${(request.InputDataConfig ?? []).map(({ ChannelName }) => ChannelName).join(', ')}`,
    modifiedAt,
    logs: `${TRAINING_LOGS}/${name}`,
    output: `${request.OutputDataConfig.S3OutputPath.replace(/\/$/, '')}/${name}`,
  };
}

/** @throws TwinvecError ValidationFailed naming the address that is none of S3. */
function checkAddresses(request: Omit<CreateTrainingJobRequest, 'Tags'>): void {
  s3Address(request.OutputDataConfig.S3OutputPath);
  if (request.CheckpointConfig) s3Address(request.CheckpointConfig.S3Uri);
  for (const channel of request.InputDataConfig ?? []) s3Address(channel.DataSource.S3DataSource.S3Uri);
}
