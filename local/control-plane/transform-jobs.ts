/** CreateTransformJob, DescribeTransformJob, StopTransformJob, ListTransformJobs: the batch engine over S3. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { batchEnvironment } from '#core/batch/batch-environment.ts';
import { dataLogLine } from '#core/batch/data-log.ts';
import { LIMITS } from '#core/limits.ts';
import { ListTransformJobsRequest } from '#core/sagemaker/list-requests.ts';
import { parseS3Uri, type S3Uri } from '#core/sagemaker/s3-uri.ts';
import {
  CreateTransformJobRequest,
  checkSupported,
  choicesOf,
  TransformJobName,
  type TransformJobStatus,
} from '#core/sagemaker/transform-job.ts';
import { parseRequest, refuse } from '#core/sagemaker/validation.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import type { TransformReport } from '../transform/report.ts';
import { runTransform } from '../transform/run-transform.ts';
import { s3Sink, s3Source } from '../transform/s3-storage.ts';
import { requireObjects } from '../transform/survey.ts';
import { AwsError, causeOf, validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';
import { listPage, seconds } from './list-page.ts';
import type { Model, Models } from './models.ts';
import type { Operations } from './operations.ts';

interface TransformJob {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Date;
  readonly request: CreateTransformJobRequest;
  /** What the caller sent, which is what Describe gives back: without the defaults that parsing filled in. */
  readonly asSent: Readonly<Record<string, unknown>>;
  status: TransformJobStatus;
  failureReason?: string;
  startedAt?: Date;
  endedAt?: Date;
}

export interface TransformJobs extends Operations {
  /** Stops every job that runs. */
  close(): Promise<void>;
}

export interface TransformJobsOptions {
  readonly models: Models;
  readonly host: ModelHost;
  readonly s3: S3Client;
  readonly logFolder: string;
}

export function createTransformJobs({ models, host, s3, logFolder }: TransformJobsOptions): TransformJobs {
  const jobs = new Map<string, TransformJob>();
  const running = new Map<TransformJob, { readonly stop: AbortController; readonly settled: Promise<void> }>();

  function existing(body: unknown): TransformJob {
    const name = parseRequest(TransformJobName, body).TransformJobName;
    const job = jobs.get(name);
    if (!job) throw validationException(`Could not find requested job with name: ${name}`);
    return job;
  }

  async function run(job: TransformJob, model: Model, region: string, signal: AbortSignal): Promise<void> {
    try {
      const report = await transform(job, model, region, signal);
      const reason = failureReason(report);
      if (reason) fail(job, reason);
      else end(job, report.stopped ? 'Stopped' : 'Completed');
    } catch (error) {
      if (signal.aborted) end(job, 'Stopped');
      else fail(job, causeOf(error));
    } finally {
      running.delete(job);
    }
  }

  async function transform(
    job: TransformJob,
    model: Model,
    region: string,
    signal: AbortSignal,
  ): Promise<TransformReport> {
    const { request } = job;
    const folder = path.join(logFolder, 'transform-jobs', job.name);
    await mkdir(folder, { recursive: true });
    const dataLog = createWriteStream(path.join(folder, 'data-log.log'), { flags: 'a' });
    const source = s3Source(s3, s3Address(request.TransformInput.DataSource.S3DataSource.S3Uri));
    await requireObjects(source);
    const hosted = await host.start({
      model: model.request,
      region,
      environment: { ...request.Environment, ...batchEnvironment(choicesOf(request)) },
      logFile: path.join(folder, 'container.log'),
      signal,
    });
    job.startedAt = new Date();
    try {
      return await runTransform({
        source,
        sink: s3Sink(s3, s3Address(request.TransformOutput.S3OutputPath)),
        server: hosted,
        choices: choicesOf(request),
        contentType: request.TransformInput.ContentType,
        accept: request.TransformOutput.Accept,
        requests: {
          timeoutMs: request.ModelClientConfig.InvocationsTimeoutInSeconds * 1000,
          maxRetries: request.ModelClientConfig.InvocationsMaxRetries,
        },
        log: (line) => void dataLog.write(`${dataLogLine(new Date(), line)}\n`),
        signal,
      });
    } finally {
      dataLog.end();
      await hosted.stop();
    }
  }

  return {
    async close() {
      for (const { stop } of running.values()) stop.abort(new Error('the local service is closing'));
      await Promise.all([...running.values()].map(({ settled }) => settled));
    },
    operations: {
      CreateTransformJob(body, { region }) {
        const request = parseRequest(CreateTransformJobRequest, body);
        checkSupported(request);
        s3Address(request.TransformInput.DataSource.S3DataSource.S3Uri);
        s3Address(request.TransformOutput.S3OutputPath);
        const name = request.TransformJobName;
        const arn = arnOf(region, 'transform-job', name);
        if (jobs.has(name)) {
          const message = `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn})`;
          throw new AwsError('ResourceInUse', message);
        }
        const model = models.find(request.ModelName, region);
        const asSent = body as Record<string, unknown>;
        const job: TransformJob = { name, arn, request, asSent, createdAt: new Date(), status: 'InProgress' };
        jobs.set(name, job);
        const stop = new AbortController();
        running.set(job, { stop, settled: run(job, model, region, stop.signal) });
        return { TransformJobArn: arn };
      },
      DescribeTransformJob: (body) => describe(existing(body)),
      StopTransformJob(body) {
        const job = existing(body);
        if (job.status !== 'InProgress' && job.status !== 'Stopping') {
          throw validationException(`The request was rejected because the transform job is in status ${job.status}.`);
        }
        job.status = 'Stopping';
        running.get(job)?.stop.abort(new Error('the transform job was stopped'));
        return undefined;
      },
      ListTransformJobs(body) {
        const { items, ...rest } = listPage(jobs.values(), parseRequest(ListTransformJobsRequest, body));
        const TransformJobSummaries = items.map((job) => ({
          TransformJobName: job.name,
          TransformJobArn: job.arn,
          CreationTime: seconds(job.createdAt),
          TransformJobStatus: job.status,
          ...(job.endedAt ? { TransformEndTime: seconds(job.endedAt), LastModifiedTime: seconds(job.endedAt) } : {}),
          ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
        }));
        return { TransformJobSummaries, ...rest };
      },
    },
  };
}

function end(job: TransformJob, status: TransformJobStatus): void {
  job.endedAt = new Date();
  job.status = status;
}

function fail(job: TransformJob, reason: string): void {
  job.failureReason = reason.slice(0, LIMITS.failureFile.value);
  end(job, 'Failed');
}

/** One failed object fails the job; the reason names the first and counts the rest. */
function failureReason(report: TransformReport): string | undefined {
  const [first, ...others] = report.failures;
  if (!first || report.stopped) return undefined;
  const rest = others.length === 0 ? '' : ` (and ${others.length} more of ${report.objects} objects)`;
  return `${first.object}: ${first.cause}${rest}`;
}

function s3Address(text: string): S3Uri {
  const uri = parseS3Uri(text);
  if (!uri) throw refuse(`${text} is not an s3:// address with a bucket`);
  return uri;
}

function describe(job: TransformJob) {
  const { Tags: _, ...asSent } = job.asSent;
  return {
    ...asSent,
    TransformJobArn: job.arn,
    TransformJobStatus: job.status,
    ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
    CreationTime: seconds(job.createdAt),
    ...(job.startedAt ? { TransformStartTime: seconds(job.startedAt) } : {}),
    ...(job.endedAt ? { TransformEndTime: seconds(job.endedAt) } : {}),
  };
}
