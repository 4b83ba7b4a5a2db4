/** What `twinvec transform` does once its options are read: survey, servers, engine, summary, exit code. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AssembleWith } from '#core/batch/assemble.ts';
import { type DataProcessing, type JoinSource, readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { payloadProblem, type TransformChoices } from '#core/batch/settings.ts';
import type { BatchStrategy, SplitType } from '#core/batch/split-types.ts';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import type { SliceEnd } from '#core/json-path/json-path.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { formatBytes, formatCount } from '#core/terminal/format.ts';
import { createProgress, type TextSink } from '#core/terminal/progress.ts';
import { s3Address } from '../../local/training/lay-out-job.ts';
import { createDataCapture, type DataCapture } from '../../local/transform/data-capture.ts';
import { folderSink, folderSource, manifestFileSource } from '../../local/transform/folder-storage.ts';
import type { CompressionType } from '../../local/transform/object-run.ts';
import type { TransformProgress, TransformReport } from '../../local/transform/report.ts';
import { runTransform } from '../../local/transform/run-transform.ts';
import { s3ManifestSource, s3Sink, s3Source } from '../../local/transform/s3-storage.ts';
import type { TransformSink, TransformSource } from '../../local/transform/storage.ts';
import { type Survey, surveySource } from '../../local/transform/survey.ts';
import { isS3, s3Client } from './s3-addresses.ts';
import { startServers } from './transform-servers.ts';
import { transformJson, transformSummary } from './transform-summary.ts';

export interface TransformCommandOptions {
  readonly model: string;
  readonly input: string;
  readonly manifest: boolean;
  readonly output: string;
  readonly compression: CompressionType;
  readonly contentType: string;
  readonly accept?: string;
  readonly splitType: SplitType;
  readonly strategy: BatchStrategy;
  readonly assembleWith: AssembleWith;
  readonly maxPayload?: number;
  readonly maxConcurrent?: number;
  readonly instances: number;
  readonly timeout: number;
  readonly retries: number;
  readonly engine?: 'auto' | 'tensorflow' | 'js';
  /** The job's Environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly inputFilter?: string;
  readonly outputFilter?: string;
  readonly join: JoinSource;
  readonly sliceEnd: SliceEnd;
  readonly inferenceId: boolean;
  readonly capture?: string;
  readonly json: boolean;
}

/** Results go to standard output, progress and problems to standard error. `process` fits. */
export interface CommandStreams {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

export const EXIT_CODES = { done: 0, failed: 1, usage: 2, placeholders: 3 } as const;

/** @returns the exit code. */
export async function runTransformCommand(options: TransformCommandOptions, streams: CommandStreams): Promise<number> {
  let processing: DataProcessing | undefined;
  try {
    processing = readProcessing(options);
  } catch (thrown) {
    streams.stderr.write(`error: ${toTwinvecError(thrown).message}\n`);
    return EXIT_CODES.usage;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'twinvec-transform-'));
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const survey = await surveyInput(options, processing, streams);
    const report = await transform({ options, processing, survey, folder, streams, signal: interrupted.signal });
    return exitCodeOf(report);
  } catch (thrown) {
    const said = thrown instanceof TwinvecError ? thrown.message : describeUnexpected(thrown, interrupted.signal);
    streams.stderr.write(`error: ${said}\n`);
    return EXIT_CODES.failed;
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws TwinvecError for options that contradict each other. */
function readProcessing(options: TransformCommandOptions): DataProcessing | undefined {
  const problem = payloadProblem(options.maxConcurrent ?? 1, options.maxPayload ?? 1);
  if (problem) throw new TwinvecError('ValidationFailed', problem);
  return readDataProcessing({
    ...options,
    joinSource: options.join,
    generateInferenceId: options.inferenceId,
    maxPayloadMb: options.maxPayload,
  });
}

async function surveyInput(
  options: TransformCommandOptions,
  processing: DataProcessing | undefined,
  { stderr }: CommandStreams,
): Promise<Survey> {
  // Far away, every byte costs: what is there is counted, and not read twice.
  if (isS3(options.input)) return listInput(options);
  const progress = createProgress({ label: 'reading', unit: 'MiB', sink: stderr.isTTY ? stderr : SILENT });
  let bytes = 0;
  try {
    return await surveySource(sourceOf(options), {
      splitType: options.splitType,
      strategy: options.strategy,
      maxPayloadBytes: largestRecord(options, processing),
      compression: options.compression,
      onBytes: (more) => {
        bytes += more;
        progress.update(Math.round(bytes / mebibytes(1)));
      },
    });
  } finally {
    progress.finish();
  }
}

async function listInput(options: TransformCommandOptions): Promise<Survey> {
  const sums = { objects: 0, bytes: 0 };
  for await (const object of sourceOf(options).list()) {
    sums.objects += 1;
    sums.bytes += object.bytes ?? 0;
  }
  if (sums.objects === 0) throw new TwinvecError('NotFound', 'the input holds no objects');
  return { ...sums, records: undefined };
}

const SILENT: TextSink = { write: () => true };

/** The server may allow less, and a filter may leave less; what is over this could never be sent. */
function largestRecord(
  { maxPayload, splitType }: TransformCommandOptions,
  processing: DataProcessing | undefined,
): number {
  if (maxPayload === 0) return splitType === 'None' ? Number.POSITIVE_INFINITY : LIMITS.batchStreamedRecord.value;
  return mebibytes(
    processing?.inputFormat ? LIMITS.batchMaxPayloadMb.value : (maxPayload ?? LIMITS.batchMaxPayloadMb.value),
  );
}

interface TransformRun {
  readonly options: TransformCommandOptions;
  readonly processing: DataProcessing | undefined;
  readonly survey: Survey;
  /** For the model in use and the servers' logs. */
  readonly folder: string;
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
}

async function transform({
  options,
  processing,
  survey,
  folder,
  streams,
  signal,
}: TransformRun): Promise<TransformReport> {
  const { stderr, stdout } = streams;
  const count = Math.min(options.instances, survey.objects);
  stderr.write(`${inputLine(survey)}; starting ${count === 1 ? 'the model server' : `${count} model servers`} ...\n`);
  const choices = choicesOf(options);
  let progress: ReturnType<typeof createProgress> | undefined;
  const onRestart = (end: string): void => {
    const line = `warning: ${end}; it is started again`;
    if (progress) progress.line(line);
    else stderr.write(`${line}\n`);
  };
  const servers = await startServers({ ...options, choices, count, folder, onRestart, signal });
  const startedAt = new Date();
  const started = performance.now();
  const capture = await captureOf(options, startedAt);
  const total = survey.records === undefined ? {} : { total: survey.records };
  progress = createProgress({ label: 'transform', ...total, unit: 'records', sink: stderr });
  try {
    const report = await runTransform({
      ...options,
      source: sourceOf(options),
      sink: sinkOf(options.output),
      servers,
      choices,
      processing,
      startedAt,
      requests: { timeoutMs: options.timeout * 1000, maxRetries: options.retries },
      onProgress: (now) => progress?.update(now.records, progressDetail(now, survey)),
      onObject: (object) => capture?.add(object),
      signal,
    });
    await capture?.commit();
    progress.finish();
    const seconds = (performance.now() - started) / 1000;
    stdout.write(options.json ? transformJson(report, seconds) : transformSummary(report, seconds));
    return report;
  } catch (error) {
    await capture?.discard();
    throw error;
  } finally {
    progress.finish();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function sourceOf({ input, manifest }: TransformCommandOptions): TransformSource {
  if (!isS3(input)) return manifest ? manifestFileSource(input) : folderSource(input);
  return manifest ? s3ManifestSource(s3Client(), s3Address(input)) : s3Source(s3Client(), s3Address(input));
}

function sinkOf(output: string): TransformSink {
  return isS3(output) ? s3Sink(s3Client(), s3Address(output)) : folderSink(output);
}

async function captureOf(options: TransformCommandOptions, startedAt: Date): Promise<DataCapture | undefined> {
  if (options.capture === undefined) return undefined;
  return createDataCapture({
    sink: sinkOf(options.capture),
    inputBase: await inputBaseOf(options),
    outputPrefix: isS3(options.output) ? options.output.replace(/\/?$/, '/') : `${path.resolve(options.output)}/`,
    startedAt,
  });
}

async function inputBaseOf({ input, manifest }: TransformCommandOptions): Promise<string> {
  if (isS3(input)) return 's3://';
  const isFolder = !manifest && (await stat(input)).isDirectory();
  return `${path.resolve(isFolder ? input : path.dirname(input))}/`;
}

function choicesOf(options: TransformCommandOptions): TransformChoices {
  return {
    splitType: options.splitType,
    strategy: options.strategy,
    assembleWith: options.assembleWith,
    maxPayloadMb: options.maxPayload,
    maxConcurrentTransforms: options.maxConcurrent,
  };
}

function inputLine(survey: Survey): string {
  const objects = `${formatCount(survey.objects)} input${survey.objects === 1 ? '' : 's'}`;
  return survey.records === undefined ? objects : `${formatCount(survey.records)} records in ${objects}`;
}

function progressDetail({ objects, bytesIn, retries }: TransformProgress, survey: Survey): string {
  const parts = [`${formatBytes(bytesIn)}`];
  if (survey.objects > 1) parts.unshift(`${formatCount(objects)}/${formatCount(survey.objects)} inputs`);
  if (retries > 0) parts.push(`${formatCount(retries)} retries`);
  return parts.join('  ');
}

function describeUnexpected(thrown: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'interrupted; outputs that were finished are kept';
  return thrown instanceof Error ? thrown.message : toTwinvecError(thrown).message;
}

function exitCodeOf(report: TransformReport): number {
  if (report.failures.length > 0 || report.stopped) return EXIT_CODES.failed;
  return report.placeholders > 0 ? EXIT_CODES.placeholders : EXIT_CODES.done;
}
