/**
 * One transform job from its request to its end: as many servers as it has instances, the batch engine over the object store, the
 * data log, and the journal by which the next start of the service goes on where this one was killed.
 */
import { batchEnvironment } from '#core/batch/batch-environment.ts';
import { dataLogLine } from '#core/batch/data-log.ts';
import { TwinvecError } from '#core/errors.ts';
import type { SliceEnd } from '#core/json-path/json-path.ts';
import { checkTransformJob, choicesOf } from '#core/sagemaker/transform-job.ts';
import type { ModelHost } from '../hosting/model-host.ts';
import { openLogFile } from '../logs/log-file.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { s3Address } from '../training/lay-out-job.ts';
import { createDataCapture, type DataCapture } from '../transform/data-capture.ts';
import { openJournal } from '../transform/journal.ts';
import { type OwnedModelServer, startModelServer } from '../transform/model-server.ts';
import type { TransformReport } from '../transform/report.ts';
import { runTransform } from '../transform/run-transform.ts';
import type { TransformSource } from '../transform/storage.ts';
import { storeManifestSource, storeSink, storeSource } from '../transform/store-storage.ts';
import { countObjects } from '../transform/survey.ts';
import { causeOf } from './aws-error.ts';
import type { TransformJobRecord } from './transform-job-record.ts';

export interface TransformJobRunOptions {
  readonly host: ModelHost;
  readonly store: ObjectStore;
  /** Where a log stream of this job is kept. */
  readonly logFileOf: (stream: string) => string;
  readonly journalFile: string;
  readonly sliceEnd: SliceEnd;
  /** When the job started, also where that was in an earlier life of the service. */
  readonly onStart: () => Date;
  /** Aborting ends the job; what is finished stays. */
  readonly signal: AbortSignal;
}

export interface TransformJobEnd {
  readonly status: 'Completed' | 'Failed' | 'Stopped';
  readonly failureReason?: string;
}

/** How long SageMaker asks for /ping before it gives a job up (spec sagemaker 1.3). */
const STARTUP_TIMEOUT_MS = 30 * 60_000;
const NO_PING =
  'AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint is implemented and responds with an HTTP 200 status code';

/** Never rejects. */
export async function runTransformJob(
  job: TransformJobRecord,
  options: TransformJobRunOptions,
): Promise<TransformJobEnd> {
  try {
    const report = await transform(job, options);
    if (report.stopped) return { status: 'Stopped' };
    const failureReason = failureReasonOf(report);
    return failureReason === undefined ? { status: 'Completed' } : { status: 'Failed', failureReason };
  } catch (error) {
    if (options.signal.aborted) return { status: 'Stopped' };
    return { status: 'Failed', failureReason: reasonOf(error) };
  }
}

async function transform(job: TransformJobRecord, options: TransformJobRunOptions): Promise<TransformReport> {
  const { store, logFileOf, journalFile, sliceEnd, onStart, signal } = options;
  const { request } = job;
  const { TransformInput: input, TransformOutput: output } = request;
  const dataLog = await openLogFile(logFileOf('data-log'));
  const log = (line: string): void => dataLog.write(dataLogLine(new Date(), line));
  const source = sourceOf(job, store);
  const journal = openJournal(journalFile);
  let servers: readonly OwnedModelServer[] = [];
  let capture: DataCapture | undefined;
  try {
    const objects = await countObjects(source, request.TransformResources.InstanceCount);
    servers = await startServers(job, objects, options, log);
    const startedAt = onStart();
    capture = captureOf(job, store, startedAt);
    const report = await runTransform({
      source,
      sink: storeSink(store, s3Address(output.S3OutputPath)),
      servers,
      choices: choicesOf(request),
      contentType: input.ContentType,
      accept: output.Accept,
      compression: input.CompressionType,
      processing: checkTransformJob(request, sliceEnd),
      startedAt,
      requests: {
        timeoutMs: request.ModelClientConfig.InvocationsTimeoutInSeconds * 1000,
        maxRetries: request.ModelClientConfig.InvocationsMaxRetries,
      },
      onObject(object, finished) {
        journal.add(object, finished);
        capture?.add(object);
      },
      finishedBefore(object) {
        const finished = journal.finishedBefore(object);
        if (finished) capture?.add(object);
        return finished;
      },
      log,
      signal,
    });
    // A service that closes takes the job up again, and then captures all of it.
    if (signal.aborted) await capture?.discard();
    else await capture?.commit();
    return report;
  } catch (error) {
    await capture?.discard();
    throw error;
  } finally {
    dataLog.end();
    journal.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** An instance without an object would only be started and stopped. */
async function startServers(
  job: TransformJobRecord,
  count: number,
  { host, logFileOf, signal }: TransformJobRunOptions,
  log: (line: string) => void,
): Promise<readonly OwnedModelServer[]> {
  const environment = { ...job.request.Environment, ...batchEnvironment(choicesOf(job.request)) };
  const starts = Array.from({ length: count }, (_, index) => {
    const stream = `instance-${index + 1}`;
    const request = {
      model: job.model,
      region: job.region,
      environment,
      logFileOf: (hostname: string | undefined) => logFileOf(hostname === undefined ? stream : `${stream}/${hostname}`),
      startupTimeoutMs: STARTUP_TIMEOUT_MS,
      signal,
    };
    const onRestart = (end: string): void => log(`instance ${index + 1}: ${end}: it is started again`);
    return startModelServer(() => host.start(request), { onRestart });
  });
  const settled = await Promise.allSettled(starts);
  const servers = settled.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = settled.find((start) => start.status === 'rejected');
  if (!failed) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failed.reason;
}

function sourceOf({ request }: TransformJobRecord, store: ObjectStore): TransformSource {
  const { S3DataType, S3Uri: uri } = request.TransformInput.DataSource.S3DataSource;
  return S3DataType === 'ManifestFile'
    ? storeManifestSource(store, s3Address(uri))
    : storeSource(store, s3Address(uri));
}

function captureOf({ request }: TransformJobRecord, store: ObjectStore, startedAt: Date): DataCapture | undefined {
  const destination = request.DataCaptureConfig?.DestinationS3Uri;
  if (destination === undefined) return undefined;
  const output = request.TransformOutput.S3OutputPath;
  return createDataCapture({
    sink: storeSink(store, s3Address(destination)),
    inputBase: 's3://',
    outputPrefix: output.endsWith('/') ? output : `${output}/`,
    startedAt,
  });
}

/** One failed object fails the job; the reason has the service's words, then names the first object and counts the rest. */
function failureReasonOf(report: TransformReport): string | undefined {
  const [first, ...others] = report.failures;
  if (!first) return undefined;
  const rest = others.length === 0 ? '' : ` (and ${others.length} more of ${report.objects} objects)`;
  return `${first.blame}: See job logs for more information. ${first.object}: ${first.cause}${rest}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof S3Error) return `ClientError: ${error.message}`;
  if (!(error instanceof TwinvecError)) return `InternalServerError: ${causeOf(error)}`;
  return error.code === 'NotReady' ? `${NO_PING}. Cause: ${error.message}` : `ClientError: ${error.message}`;
}
