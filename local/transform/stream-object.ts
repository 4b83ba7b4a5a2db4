/**
 * MaxPayloadInMB 0: one object as one request, its body in HTTP chunks and its answer straight into the output. A try
 * that fails takes its half-written output with it, and the next one reads the object again.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { hasLinePerRecord, requireCount } from '#core/batch/assemble.ts';
import { StreamedRecords } from '#core/batch/response-records.ts';
import { type StreamedBody, streamedBody } from '#core/batch/streamed-body.ts';
import type { OpenAnswer } from '../hosting/container-request.ts';
import { intoOutput } from './into-output.ts';
import type { ObjectRun } from './object-run.ts';
import { type FinishedObject, LISTED_PLACEHOLDERS } from './report.ts';
import type { OutputObject, SourceObject } from './storage.ts';

const NEWLINE = Uint8Array.of(0x0a);
const NOTHING: FinishedObject = { recordsIn: 0, recordsOut: 0, bytesOut: 0, placeholders: 0, listedPlaceholders: [] };

export async function streamObject(
  object: SourceObject,
  open: () => AsyncIterable<Uint8Array>,
  run: ObjectRun,
): Promise<FinishedObject> {
  const release = await run.permits.acquire();
  try {
    return await sendObject(object, open, run);
  } finally {
    release();
  }
}

async function sendObject(
  object: SourceObject,
  open: () => AsyncIterable<Uint8Array>,
  run: ObjectRun,
): Promise<FinishedObject> {
  const { client, settings, signal } = run;
  let body = streamedBody(open(), settings.splitType);
  // Nothing is sent for an object without records, so its first bytes are waited for.
  let begun: AsyncIterable<Uint8Array> | undefined = await beginReading(body);
  if (!begun) return intoOutput(object, run, async () => NOTHING);
  const openBody = async (): Promise<AsyncIterable<Uint8Array>> => {
    const first = begun;
    begun = undefined;
    if (first) return first;
    body = streamedBody(open(), settings.splitType);
    return body.chunks;
  };
  const receive = (answer: OpenAnswer): Promise<FinishedObject> =>
    intoOutput(object, run, (output) => writeAnswer(object, answer, body, output, run));
  return client.stream(run, openBody, receive, signal);
}

/** The same chunks, the first of them read; undefined when there is none. */
async function beginReading({ chunks }: StreamedBody): Promise<AsyncIterable<Uint8Array> | undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return undefined;
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return all();
}

async function writeAnswer(
  object: SourceObject,
  answer: OpenAnswer,
  body: StreamedBody,
  output: OutputObject,
  { settings, onRecords }: ObjectRun,
): Promise<FinishedObject> {
  const perLine = hasLinePerRecord(mediaTypeOf(answer.headers), settings);
  const counter = new StreamedRecords(LISTED_PLACEHOLDERS);
  let bytesOut = 0;
  let shown = 0;
  for await (const chunk of answer.parts) {
    counter.push(chunk);
    bytesOut += chunk.length;
    await output.write(chunk);
    onRecords(body.records() - shown);
    shown = body.records();
  }
  const found = counter.end();
  const records = body.records();
  if (perLine) requireCount(found.count, records);
  if (settings.assembleWith === 'Line' && !found.endsWithNewline) {
    await output.write(NEWLINE);
    bytesOut += NEWLINE.length;
  }
  onRecords(records - shown);
  return {
    recordsIn: records,
    recordsOut: records,
    bytesOut,
    placeholders: found.placeholderCount,
    // Lines are not kept for a body of any size; where none is blank, the count of the record is its line.
    listedPlaceholders: found.placeholders.map(({ index, text }) => ({ object: object.label, line: index + 1, text })),
  };
}

export function mediaTypeOf(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
}
