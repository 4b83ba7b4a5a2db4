/**
 * The batch engine: what SageMaker does around a container in a transform job, over a folder or S3. `twinvec
 * transform` and the local service's CreateTransformJob both call this.
 */
import { settingsLine } from '#core/batch/data-log.ts';
import { ExecutionParameters, resolveSettings, type TransformChoices } from '#core/batch/settings.ts';
import { TwinvecError } from '#core/errors.ts';
import { describeFailure } from './failure.ts';
import { inOrder } from './in-order.ts';
import { createModelClient, type ModelClient, type ModelClientOptions } from './model-client.ts';
import { createTally, type TransformProgress, type TransformReport } from './report.ts';
import { createSemaphore } from './semaphore.ts';
import type { SourceObject, TransformSink, TransformSource } from './storage.ts';
import { type ObjectRun, transformObject } from './transform-object.ts';

export interface TransformOptions {
  readonly source: TransformSource;
  readonly sink: TransformSink;
  readonly server: ServerUnderTransform;
  readonly choices: TransformChoices;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  /** Limits and retries of one request, as ModelClientConfig. */
  readonly requests?: Pick<ModelClientOptions, 'timeoutMs' | 'maxRetries' | 'backOff'>;
  readonly onProgress?: (progress: TransformProgress) => void;
  /** Lines of the data log, without time and mark. */
  readonly log?: (line: string) => void;
  /** Stops the transform: no further output appears, what is finished stays. */
  readonly signal?: AbortSignal;
}

export interface ServerUnderTransform {
  readonly url: string;
  /** How the server process ended; undefined while it runs. */
  readonly describeEnd?: () => string | undefined;
}

/**
 * Runs every object of the source; an object that fails has no output, and the others keep theirs. At most
 * MaxConcurrentTransforms requests are on the wire, and twice as many payloads in memory, over all objects together.
 *
 * @throws TwinvecError NotFound when the source is empty, InvalidConfiguration when the settings are out of range.
 */
export async function runTransform(options: TransformOptions): Promise<TransformReport> {
  const { log = () => undefined, onProgress = () => undefined, signal = new AbortController().signal } = options;
  const tally = createTally();
  let recordsUnderWay = 0;
  const report = (): void => onProgress(tally.progress(recordsUnderWay));
  const connect = (maxConnections: number): ModelClient =>
    createModelClient({
      ...options.requests,
      url: options.server.url,
      maxConnections,
      onRetry: () => {
        tally.addRetry();
        report();
      },
    });

  const settings = resolveSettings(options.choices, await readExecutionParameters(connect(1), log, signal));
  const concurrency = settings.maxConcurrentTransforms;
  log(settingsLine(settings));
  const client = connect(concurrency);
  const run: ObjectRun = {
    settings,
    client,
    sink: options.sink,
    contentType: options.contentType,
    accept: options.accept,
    slots: createSemaphore(2 * concurrency),
    permits: createSemaphore(concurrency),
    signal,
    onBytes: tally.addBytesIn,
    onRecords: (records) => {
      recordsUnderWay += records;
      report();
    },
  };

  async function runObject(object: SourceObject): Promise<void> {
    if (signal.aborted) return;
    try {
      tally.addObject(await transformObject(object, run));
    } catch (error) {
      if (signal.aborted) return;
      const failure = describeFailure(object.label, error, options.server.describeEnd?.());
      for (const line of failure.logLines) log(line);
      tally.addFailure({ object: object.label, cause: failure.cause });
    }
    report();
  }

  try {
    let objects = 0;
    for await (const _ of inOrder(options.source.list(), createSemaphore(concurrency), runObject)) objects += 1;
    if (objects === 0) throw new TwinvecError('NotFound', 'the input holds no objects');
  } finally {
    client.close();
  }
  return tally.report(settings, signal.aborted);
}

/** Optional for a container: without it, or with an answer that makes no sense, the defaults apply. */
async function readExecutionParameters(
  client: ModelClient,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<ExecutionParameters> {
  try {
    const answer = await client.get('/execution-parameters', signal);
    if (answer.status !== 200) return {};
    return ExecutionParameters.parse(JSON.parse(answer.body.toString('utf8')));
  } catch {
    log('/execution-parameters could not be read: the defaults apply');
    return {};
  } finally {
    client.close();
  }
}
