/**
 * One object through the model: split, sent side by side, assembled in order. Its output appears when every record is
 * in it, or not at all.
 */
import { type AssembledPart, assemble } from '#core/batch/assemble.ts';
import { type MiniBatch, miniBatches } from '#core/batch/mini-batches.ts';
import type { TransformSettings } from '#core/batch/settings.ts';
import { mebibytes } from '#core/limits.ts';
import { RefusedError } from './failure.ts';
import { inOrder } from './in-order.ts';
import type { ModelClient } from './model-client.ts';
import { type FinishedObject, LISTED_PLACEHOLDERS, type PlaceholderPlace } from './report.ts';
import type { Semaphore } from './semaphore.ts';
import type { SourceObject, TransformSink } from './storage.ts';

export interface ObjectRun {
  readonly settings: TransformSettings;
  readonly sink: TransformSink;
  readonly client: ModelClient;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** Mini-batches held in memory. */
  readonly slots: Semaphore;
  /** Requests on the wire. */
  readonly permits: Semaphore;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
  readonly onRecords: (records: number) => void;
}

export async function transformObject(object: SourceObject, run: ObjectRun): Promise<FinishedObject> {
  const output = await run.sink.create(object.outputName);
  try {
    const sums = { recordsIn: 0, recordsOut: 0, bytesOut: 0, placeholders: 0 };
    const listedPlaceholders: PlaceholderPlace[] = [];
    for await (const { batch, part } of answers(object, run)) {
      await output.write(part.bytes);
      sums.recordsIn += batch.lines.length;
      sums.recordsOut += part.records;
      sums.bytesOut += part.bytes.length;
      sums.placeholders += part.placeholders.length;
      for (const { index, text } of part.placeholders.slice(0, LISTED_PLACEHOLDERS - listedPlaceholders.length)) {
        listedPlaceholders.push({ object: object.label, line: batch.lines[index] ?? 1, text });
      }
      run.onRecords(batch.lines.length);
    }
    run.signal.throwIfAborted();
    await output.commit();
    return { ...sums, listedPlaceholders };
  } catch (error) {
    await output.discard();
    throw error;
  }
}

interface Answered {
  readonly batch: Pick<MiniBatch, 'lines'>;
  readonly part: AssembledPart;
}

function answers(object: SourceObject, run: ObjectRun): AsyncGenerator<Answered> {
  const { settings, signal } = run;
  const batches = miniBatches(counted(object.open(), run.onBytes), {
    splitType: settings.splitType,
    strategy: settings.strategy,
    maxPayloadBytes: mebibytes(settings.maxPayloadMb),
  });
  return inOrder(batches, run.slots, async (batch, stop) => {
    const release = await run.permits.acquire();
    try {
      return await answer(batch, run, AbortSignal.any([signal, stop]));
    } finally {
      release();
    }
  });
}

async function answer(batch: MiniBatch, run: ObjectRun, signal: AbortSignal): Promise<Answered> {
  const { contentType, accept, settings } = run;
  const response = await run.client.invoke({ body: batch.body, contentType, accept }, signal);
  if (response.status < 200 || response.status > 299) throw new RefusedError(response.status, response.body);
  const mediaType = (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const part = assemble({ body: response.body, mediaType }, batch.lines.length, settings);
  return { batch: { lines: batch.lines }, part };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}
