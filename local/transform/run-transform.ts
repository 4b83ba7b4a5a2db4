/**
 * The batch engine: what SageMaker does around containers in a transform job, over a folder or S3. `twinvec
 * transform` and the local service's CreateTransformJob both call this.
 */
import { randomUUID } from 'node:crypto';
import { settingsLine } from '#core/batch/data-log.ts';
import { type DataProcessing, STREAMED } from '#core/batch/processing/data-processing.ts';
import { createRecordProcessor } from '#core/batch/processing/record-processor.ts';
import { ExecutionParameters, resolveSettings, type TransformChoices } from '#core/batch/settings.ts';
import { TwinvecError } from '#core/errors.ts';
import { describeFailure } from './failure.ts';
import { createModelClient, type ModelClient, type ModelClientOptions } from './model-client.ts';
import type { ModelServer } from './model-server.ts';
import type { CompressionType, ObjectRun } from './object-run.ts';
import { createTally, type FinishedObject, type TransformProgress, type TransformReport } from './report.ts';
import { createSemaphore } from './semaphore.ts';
import type { SourceObject, TransformSink, TransformSource } from './storage.ts';
import { transformObject } from './transform-object.ts';

export interface TransformOptions {
  readonly source: TransformSource;
  readonly sink: TransformSink;
  /** One for each instance. Every object goes to one of them, as a whole. */
  readonly servers: readonly ModelServer[];
  readonly choices: TransformChoices;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  /** @default 'None' */
  readonly compression?: CompressionType | undefined;
  readonly processing?: DataProcessing | undefined;
  /** What inference ids carry. @default now */
  readonly startedAt?: Date | undefined;
  /** Limits and retries of one request, as ModelClientConfig. */
  readonly requests?: Pick<ModelClientOptions, 'timeoutMs' | 'maxRetries' | 'backOff'>;
  readonly onProgress?: (progress: TransformProgress) => void;
  /** Called when an output is there. */
  readonly onObject?: (object: SourceObject, finished: FinishedObject) => void;
  /** What an earlier run of the same job made of an object, which is then left alone. */
  readonly finishedBefore?: (object: SourceObject) => FinishedObject | undefined;
  /** Lines of the data log, without time and mark. */
  readonly log?: (line: string) => void;
  /** Stops the transform: no further output appears, what is finished stays. */
  readonly signal?: AbortSignal;
}

/**
 * Runs every object of the source; an object that fails has no output, and the others keep theirs. Each server has at
 * most MaxConcurrentTransforms requests on the wire, and twice as many payloads in memory, over its objects together.
 *
 * @throws TwinvecError NotFound when the source is empty, InvalidConfiguration when the settings are out of range, and
 *   what listing the source throws.
 */
export async function runTransform(options: TransformOptions): Promise<TransformReport> {
  const { log = () => undefined, onProgress = () => undefined, signal = new AbortController().signal } = options;
  const tally = createTally();
  let recordsUnderWay = 0;
  const report = (): void => onProgress(tally.progress(recordsUnderWay));
  const connect = (server: ModelServer, maxConnections: number): ModelClient =>
    createModelClient({
      ...options.requests,
      server,
      maxConnections,
      onRetry: () => {
        tally.addRetry();
        report();
      },
    });

  const container = await readExecutionParameters(connect(options.servers[0]!, 1), log, signal);
  const settings = resolveSettings(options.choices, container);
  if (options.processing && settings.maxPayloadMb === 0) throw new TwinvecError('InvalidConfiguration', `${STREAMED}.`);
  const concurrency = settings.maxConcurrentTransforms;
  log(settingsLine(settings));
  const common = {
    settings,
    sink: options.sink,
    contentType: options.contentType,
    accept: options.accept,
    compression: options.compression ?? 'None',
    processor: options.processing && createRecordProcessor(options.processing, inferenceIds(options.startedAt)),
    signal,
    onBytes: tally.addBytesIn,
    onRecords: (records: number) => {
      recordsUnderWay += records;
      report();
    },
  } as const;

  async function runObject(object: SourceObject, server: ModelServer, run: ObjectRun): Promise<void> {
    if (signal.aborted) return;
    const before = options.finishedBefore?.(object);
    if (before) {
      tally.addObject(before);
      return;
    }
    try {
      const finished = await transformObject(object, run);
      tally.addObject(finished);
      options.onObject?.(object, finished);
    } catch (error) {
      if (signal.aborted) return;
      const failure = describeFailure(object.label, error, server.describeEnd?.());
      for (const line of failure.logLines) log(line);
      tally.addFailure({ object: object.label, blame: failure.blame, cause: failure.cause });
    }
    report();
  }

  const objects = shared(options.source.list());
  const clients = options.servers.map((server) => connect(server, concurrency));
  const instances = options.servers.map((server, index) => {
    const slots = createSemaphore(2 * concurrency);
    const permits = createSemaphore(concurrency);
    const run: ObjectRun = { ...common, client: clients[index]!, slots, permits };
    return (object: SourceObject) => runObject(object, server, run);
  });
  try {
    // Whichever instance is free takes the next object: no object is shared, and none waits behind a slow instance.
    const lanes = instances.flatMap((runOn) => Array.from({ length: concurrency }, () => takeAll(objects, runOn)));
    await Promise.all(lanes);
    if (objects.taken() === 0 && !signal.aborted) throw new TwinvecError('NotFound', 'the input holds no objects');
  } finally {
    for (const client of clients) client.close();
  }
  return tally.report(settings, signal.aborted);
}

function inferenceIds(startedAt = new Date()) {
  return { nextId: () => randomUUID(), time: `${startedAt.toISOString().slice(0, 19)}Z` };
}

interface Shared<Item> {
  /** The next item; undefined at the end. Takers are served one after the other. */
  take(): Promise<Item | undefined>;
  taken(): number;
}

/** One iteration for several takers. */
function shared<Item>(items: AsyncIterable<Item>): Shared<Item> {
  const iterator = items[Symbol.asyncIterator]();
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  let over = false;
  return {
    taken: () => count,
    take() {
      const next = last.then(async () => {
        if (over) return undefined;
        const result = await iterator.next();
        over = result.done === true;
        if (result.done) return undefined;
        count += 1;
        return result.value;
      });
      last = next.catch(() => {
        over = true;
      });
      return next;
    },
  };
}

async function takeAll<Item>(items: Shared<Item>, act: (item: Item) => Promise<void>): Promise<void> {
  for (let item = await items.take(); item !== undefined; item = await items.take()) await act(item);
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
