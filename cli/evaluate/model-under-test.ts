/**
 * A model behind the server that would serve it, asked in batches: what is evaluated is what callers get, truncation,
 * checks and rounding included.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchEnvironment } from '#core/batch/batch-environment.ts';
import { TwinvecError } from '#core/errors.ts';
import { decodePredictions } from '#core/object2vec/decode-predictions.ts';
import { startContainer } from '../../local/hosting/container-process.ts';
import { layOutModel } from '../../local/hosting/model-folder.ts';
import { RefusedError } from '../../local/transform/failure.ts';
import { inOrder } from '../../local/transform/in-order.ts';
import { createModelClient } from '../../local/transform/model-client.ts';
import { createSemaphore } from '../../local/transform/semaphore.ts';

/** Some items and the requests that they make. */
export interface Answered<T> {
  readonly items: readonly T[];
  /** Row of `values` of each item; -1 when the model refused it. */
  readonly rows: Int32Array;
  /** [good items x width] */
  readonly values: Float32Array;
  readonly width: number;
  /** Why the model refused an item, by its place. */
  readonly refusals: ReadonlyMap<number, string>;
}

export interface ModelUnderTest {
  /** Sends `{..}` of each item, and yields the answers in the order of the items. */
  ask<T>(items: AsyncIterable<readonly T[]>, toRecord: (item: T) => string): AsyncGenerator<Answered<T>>;
  close(): Promise<void>;
}

/** Where a record stood in its request says nothing about the file that it came from. */
const PLACE_IN_REQUEST = /^(Line \d+ \(record \d+\)|Record \d+),? */;

const JSON_LINES = 'application/jsonlines';
const REQUEST_ITEMS = 1000;
const REQUESTS_AT_ONCE = 4;

/** @throws TwinvecError with the server's words when the model cannot be served */
export async function openModelUnderTest(
  model: string,
  engine: string | undefined,
  signal: AbortSignal,
): Promise<ModelUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-evaluate-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const baseDir = join(folder, 'ml');
    await layOutModel(model, baseDir);
    const environment = { ...batchEnvironment({}), ...(engine === undefined ? {} : { TWINVEC_ENGINE: engine }) };
    const server = await startContainer({ baseDir, environment, logFile: join(folder, 'server.log'), signal });
    const client = createModelClient({ server, maxConnections: REQUESTS_AT_ONCE });
    const send = async (records: readonly string[]) => {
      const body = Buffer.from(records.join('\n'));
      const sent = { body, contentType: JSON_LINES, accept: JSON_LINES };
      const answer = await client.invoke(sent, signal).catch((error: unknown) => {
        if (!(error instanceof RefusedError)) throw error;
        throw new TwinvecError('ModelFailed', `The model answered ${error.status}: ${error.message.slice(0, 512)}`);
      });
      return decodePredictions(answer.body, JSON_LINES);
    };
    return {
      ask: (items, toRecord) =>
        inOrder(split(items), createSemaphore(2 * REQUESTS_AT_ONCE), async (some) =>
          answeredOf(some, await send(some.map(toRecord))),
        ),
      async close() {
        client.close();
        await server.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function* split<T>(items: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[]> {
  for await (const some of items) {
    for (let from = 0; from < some.length; from += REQUEST_ITEMS) yield some.slice(from, from + REQUEST_ITEMS);
  }
}

function answeredOf<T>(items: readonly T[], answer: ReturnType<typeof decodePredictions>): Answered<T> {
  const { values, width, failures } = answer;
  const good = width === 0 ? 0 : values.length / width;
  if (good + failures.length !== items.length) {
    const message = `The model answered ${good + failures.length} records for ${items.length}.`;
    throw new TwinvecError('ModelFailed', message);
  }
  const refusals = new Map(failures.map(({ record, error }) => [record, error.message.replace(PLACE_IN_REQUEST, '')]));
  let row = 0;
  const rows = Int32Array.from(items, (_, at) => (refusals.has(at) ? -1 : row++));
  return { items, rows, values, width, refusals };
}
