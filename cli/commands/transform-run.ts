/** What `twinvec transform` does once its options are read: survey, server, engine, summary, exit code. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { batchEnvironment } from '#core/batch/batch-environment.ts';
import { payloadProblem, type TransformChoices } from '#core/batch/settings.ts';
import type { BatchStrategy, SplitType } from '#core/batch/split-types.ts';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { formatCount } from '#core/terminal/format.ts';
import { createProgress, type TextSink } from '#core/terminal/progress.ts';
import { type ContainerProcess, startContainer } from '../../local/hosting/container-process.ts';
import { layOutModel } from '../../local/hosting/model-folder.ts';
import { folderSink, folderSource } from '../../local/transform/folder-storage.ts';
import type { TransformReport } from '../../local/transform/report.ts';
import { runTransform } from '../../local/transform/run-transform.ts';
import { type Survey, surveySource } from '../../local/transform/survey.ts';
import { transformSummary } from './transform-summary.ts';

export interface TransformCommandOptions {
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly contentType: string;
  readonly accept?: string;
  readonly splitType: SplitType;
  readonly strategy: BatchStrategy;
  readonly assembleWith: 'Line' | 'None';
  readonly maxPayload?: number;
  readonly maxConcurrent?: number;
  readonly timeout: number;
  readonly retries: number;
  readonly engine?: 'auto' | 'tensorflow' | 'js';
  /** The job's Environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Results go to standard output, progress and problems to standard error. `process` fits. */
export interface CommandStreams {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

export const EXIT_CODES = { done: 0, failed: 1, usage: 2, placeholders: 3 } as const;

/** @returns the exit code. */
export async function runTransformCommand(options: TransformCommandOptions, streams: CommandStreams): Promise<number> {
  const choices = choicesOf(options);
  const problem = payloadProblem(options.maxConcurrent ?? 1, options.maxPayload ?? 1);
  if (problem) {
    streams.stderr.write(`error: ${problem}\n`);
    return EXIT_CODES.usage;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'twinvec-transform-'));
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const survey = await surveySource(folderSource(options.input), {
      splitType: options.splitType,
      strategy: options.strategy,
      // The server may allow less; what is over the largest payload can be told without it.
      maxPayloadBytes: mebibytes(options.maxPayload ?? LIMITS.batchMaxPayloadMb.value),
    });
    const report = await transform(options, choices, { survey, folder, streams, signal: interrupted.signal });
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

interface Surroundings {
  readonly survey: Survey;
  /** For the model in use and the server's log. */
  readonly folder: string;
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
}

async function transform(
  options: TransformCommandOptions,
  choices: TransformChoices,
  { survey, folder, streams, signal }: Surroundings,
): Promise<TransformReport> {
  streams.stderr.write(`${inputLine(survey)}; starting the model server ...\n`);
  const server = await startServer(options, choices, folder, signal);
  const started = performance.now();
  const progress = createProgress({ label: 'transform', total: survey.records, unit: 'records', sink: streams.stderr });
  try {
    const report = await runTransform({
      source: folderSource(options.input),
      sink: folderSink(options.output),
      server,
      choices,
      contentType: options.contentType,
      accept: options.accept,
      requests: { timeoutMs: options.timeout * 1000, maxRetries: options.retries },
      onProgress: ({ records, retries }) => progress.update(records, retries === 0 ? '' : `${retries} retries`),
      signal,
    });
    progress.finish();
    streams.stdout.write(transformSummary(report, (performance.now() - started) / 1000));
    return report;
  } finally {
    progress.finish();
    await server.stop();
  }
}

async function startServer(
  options: TransformCommandOptions,
  choices: TransformChoices,
  folder: string,
  signal: AbortSignal,
): Promise<ContainerProcess> {
  const baseDir = path.join(folder, 'ml');
  await layOutModel(options.model, baseDir);
  return startContainer({
    baseDir,
    environment: {
      ...options.env,
      ...batchEnvironment(choices),
      ...(options.engine === undefined ? {} : { TWINVEC_ENGINE: options.engine }),
    },
    logFile: path.join(folder, 'server.log'),
    signal,
  });
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
  return `${formatCount(survey.records)} records in ${objects}`;
}

function describeUnexpected(thrown: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'interrupted; outputs that were finished are kept';
  return thrown instanceof Error ? thrown.message : toTwinvecError(thrown).message;
}

function exitCodeOf(report: TransformReport): number {
  if (report.failures.length > 0 || report.stopped) return EXIT_CODES.failed;
  return report.placeholders > 0 ? EXIT_CODES.placeholders : EXIT_CODES.done;
}
