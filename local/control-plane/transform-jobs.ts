/** CreateTransformJob, DescribeTransformJob, StopTransformJob, ListTransformJobs. */
import path from 'node:path';
import type { SliceEnd } from '#core/json-path/json-path.ts';
import { LIMITS } from '#core/limits.ts';
import { ListTransformJobsRequest } from '#core/sagemaker/list-requests.ts';
import { CreateTransformJobRequest, checkTransformJob, TransformJobName } from '#core/sagemaker/transform-job.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import { logFilePath, TRANSFORM_LOGS } from '../logs/log-groups.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { keyOf } from '../state/resource.ts';
import type { State } from '../state/state.ts';
import type { OverviewRow } from '../status-page/overview.ts';
import { s3Address } from '../training/lay-out-job.ts';
import { removeJournal } from '../transform/journal.ts';
import { AwsError, validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';
import { checkInstances } from './instance-capacity.ts';
import { listPage } from './list-page.ts';
import type { Models } from './models.ts';
import { newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import type { Operations } from './operations.ts';
import { describeTransformJob, summariseTransformJob, TransformJobRecord } from './transform-job-record.ts';
import { runTransformJob, type TransformJobEnd } from './transform-job-run.ts';

export interface TransformJobsOptions {
  readonly state: State;
  readonly models: Models;
  readonly host: ModelHost;
  readonly store: ObjectStore;
  readonly logFolder: string;
  /** What jobs have finished so far, for the next start. */
  readonly journalFolder: string;
  /** @default 'exclusive' */
  readonly sliceEnd?: SliceEnd | undefined;
  /** Receives a line when a job ends. */
  readonly log: (line: string) => void;
}

export function createTransformJobs(options: TransformJobsOptions): Operations {
  const { models, logFolder, journalFolder, sliceEnd = 'exclusive' } = options;
  const jobs = options.state.open('transform-job', TransformJobRecord);
  const running = new Map<string, { readonly stop: AbortController; readonly settled: Promise<void> }>();
  /** Jobs that a closing service interrupts stay in progress, for the next one to go on with. */
  let closing = false;

  function existing(body: unknown, region: string): TransformJobRecord {
    const name = parseRequest(TransformJobName, body).TransformJobName;
    const job = jobs.find({ name, region });
    if (!job) throw notFound('transform-job', region, name);
    return job;
  }

  function start(job: TransformJobRecord): void {
    const stop = new AbortController();
    const journalFile = journalOf(job);
    const settled = runTransformJob(job, {
      ...options,
      logFileOf: (stream) => logFilePath(logFolder, TRANSFORM_LOGS, `${job.name}/${stream}`),
      journalFile,
      sliceEnd,
      onStart: () => {
        const startedAt = job.startedAt ?? new Date();
        jobs.note(job, { startedAt });
        return startedAt;
      },
      signal: stop.signal,
    }).then((ended) => {
      running.delete(keyOf(job));
      if (!closing || ended.status !== 'Stopped') end(job, ended);
    });
    running.set(keyOf(job), { stop, settled });
  }

  function end(job: TransformJobRecord, { status, failureReason }: TransformJobEnd): void {
    const endedAt = new Date();
    const reason =
      failureReason === undefined ? {} : { failureReason: failureReason.slice(0, LIMITS.failureFile.value) };
    jobs.note(job, { status, endedAt, modifiedAt: endedAt, ...reason });
    options.log(`transform job ${job.name} is ${status}${failureReason === undefined ? '' : `: ${failureReason}`}`);
    removeJournal(journalOf(job));
  }

  function journalOf(job: TransformJobRecord): string {
    return path.join(journalFolder, `${keyOf(job)}.jsonl`);
  }

  return {
    resume() {
      for (const job of jobs.all()) {
        if (job.status === 'InProgress') start(job);
        if (job.status === 'Stopping') end(job, { status: 'Stopped' });
      }
    },
    async close() {
      closing = true;
      for (const { stop } of running.values()) stop.abort(new Error('the local service is closing'));
      await Promise.all([...running.values()].map(({ settled }) => settled));
    },
    overview: () => ({ title: 'Transform jobs', rows: jobs.all().toReversed().map(overviewOf) }),
    operations: {
      CreateTransformJob(body, { region }) {
        const { Tags, ...request } = parseRequest(CreateTransformJobRequest, body);
        checkTransformJob(request, sliceEnd);
        s3Address(request.TransformInput.DataSource.S3DataSource.S3Uri);
        s3Address(request.TransformOutput.S3OutputPath);
        if (request.DataCaptureConfig) s3Address(request.DataCaptureConfig.DestinationS3Uri);
        const name = request.TransformJobName;
        if (jobs.find({ name, region })) {
          const arn = arnOf(region, 'transform-job', name);
          const message = `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn})`;
          throw new AwsError('ResourceInUse', message);
        }
        const model = models.find(request.ModelName, region).request;
        checkInstances({
          usage: 'transform job',
          used: jobs.all().reduce((sum, job) => sum + instancesOf(job), 0),
          delta: request.TransformResources.InstanceCount,
          advice: 'wait for jobs to end, stop them or ask for fewer',
        });
        const { Tags: _, ...asSent } = body as Record<string, unknown>;
        const resource = newResource('transform-job', region, name, Tags);
        const job = jobs.add({ ...resource, request, asSent, model, status: 'InProgress' });
        start(job);
        return { TransformJobArn: job.arn };
      },
      DescribeTransformJob: (body, { region }) => describeTransformJob(existing(body, region)),
      StopTransformJob(body, { region }) {
        const job = existing(body, region);
        if (job.status !== 'InProgress' && job.status !== 'Stopping') {
          throw validationException(`The request was rejected because the transform job is in status ${job.status}.`);
        }
        jobs.update(job, { status: 'Stopping', modifiedAt: new Date() });
        running.get(keyOf(job))?.stop.abort(new Error('the transform job was stopped'));
        return undefined;
      },
      ListTransformJobs(body, { region }) {
        const { items, ...rest } = listPage(jobs.all(region), parseRequest(ListTransformJobsRequest, body));
        return { TransformJobSummaries: items.map(summariseTransformJob), ...rest };
      },
    },
  };
}

function instancesOf({ status, request }: TransformJobRecord): number {
  return status === 'InProgress' || status === 'Stopping' ? request.TransformResources.InstanceCount : 0;
}

function overviewOf({ name, region, status, failureReason, request, modifiedAt }: TransformJobRecord): OverviewRow {
  return {
    name,
    region,
    status,
    failureReason,
    about: `model ${request.ModelName}, input ${request.TransformInput.DataSource.S3DataSource.S3Uri}`,
    modifiedAt,
    logs: `${TRANSFORM_LOGS}/${name}`,
    output: request.TransformOutput.S3OutputPath,
  };
}
