/**
 * One object through the model: split, filtered, sent side by side, joined and assembled in order. Its output appears
 * when every record is in it, or not at all.
 */
import { type AssembledPart, assemble } from '#core/batch/assemble.ts';
import { gunzipped } from '#core/batch/gunzip.ts';
import { type MiniBatch, miniBatches } from '#core/batch/mini-batches.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { freeNow } from '#core/memory/free-now.ts';
import { inOrder } from './in-order.ts';
import { intoOutput } from './into-output.ts';
import type { ObjectRun } from './object-run.ts';
import { type FinishedObject, LISTED_PLACEHOLDERS, type PlaceholderPlace } from './report.ts';
import type { OutputObject, SourceObject } from './storage.ts';
import { mediaTypeOf, streamObject } from './stream-object.ts';

export async function transformObject(object: SourceObject, run: ObjectRun): Promise<FinishedObject> {
  const { settings } = run;
  const open = (): AsyncIterable<Uint8Array> => openObject(object, run);
  // Of one body for the whole object every try begins a new output; mini-batches are tried again one by one.
  if (settings.maxPayloadMb === 0 && !(settings.strategy === 'SingleRecord' && settings.splitType !== 'None')) {
    return streamObject(object, open, run);
  }
  return intoOutput(object, run, (output) => writeAnswers(object, open, output, run));
}

async function writeAnswers(
  object: SourceObject,
  open: () => AsyncIterable<Uint8Array>,
  output: OutputObject,
  run: ObjectRun,
): Promise<FinishedObject> {
  const sums = { recordsIn: 0, recordsOut: 0, bytesOut: 0, placeholders: 0 };
  const listedPlaceholders: PlaceholderPlace[] = [];
  for await (const { lines, part } of answers(open(), run)) {
    sums.recordsIn += lines.length;
    sums.recordsOut += part.records;
    sums.bytesOut += part.bytes.length;
    await output.write(part.bytes);
    sums.placeholders += part.placeholders.length;
    for (const { index, text } of part.placeholders.slice(0, LISTED_PLACEHOLDERS - listedPlaceholders.length)) {
      listedPlaceholders.push({ object: object.label, line: lines[index] ?? 1, text });
    }
    run.onRecords(lines.length);
  }
  return { ...sums, listedPlaceholders };
}

interface Answered {
  readonly lines: readonly number[];
  readonly part: AssembledPart;
}

function answers(chunks: AsyncIterable<Uint8Array>, run: ObjectRun): AsyncGenerator<Answered> {
  const { settings, signal, processor } = run;
  const { splitType, strategy, maxPayloadMb } = settings;
  const batches = miniBatches(chunks, {
    splitType,
    strategy,
    maxPayloadBytes: maxPayloadMb === 0 ? LIMITS.batchStreamedRecord.value : mebibytes(maxPayloadMb),
    filterInput: processor?.filterInput,
    keepSources: processor?.finish !== undefined,
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
  const { contentType, accept, settings, processor } = run;
  const { body, headers } = await run.client.invoke({ body: batch.body, contentType, accept }, signal);
  const options = { ...settings, finish: processor?.finish };
  const part = assemble({ body, mediaType: mediaTypeOf(headers) }, batch, options);
  freeNow(batch.body);
  return { lines: batch.lines, part };
}

/** Bytes are counted as they are stored, which is what the size of an object says. */
async function* openObject(object: SourceObject, { compression, onBytes }: ObjectRun): AsyncGenerator<Uint8Array> {
  const stored = counted(object.open(), onBytes);
  yield* compression === 'Gzip' ? gunzipped(stored) : stored;
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
