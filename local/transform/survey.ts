/**
 * A look at every object before a server is started: how many records there are (for the time left), and the first
 * record that could never be sent. Hours into a job is too late to hear of that one (spec faults Q8).
 */

import { gunzipped } from '#core/batch/gunzip.ts';
import type { MiniBatchOptions } from '#core/batch/mini-batches.ts';
import { createSplitter, type SplitterOptions } from '#core/batch/split-types.ts';
import { TwinvecError } from '#core/errors.ts';
import type { CompressionType } from './object-run.ts';
import type { SourceObject, TransformSource } from './storage.ts';

export interface Survey {
  readonly objects: number;
  /** Undefined where they were not counted. */
  readonly records: number | undefined;
  /** As they are stored. */
  readonly bytes: number;
}

export interface SurveyOptions extends Pick<MiniBatchOptions, 'splitType' | 'strategy' | 'maxPayloadBytes'> {
  /** @default 'None' */
  readonly compression?: CompressionType;
  readonly onBytes?: (bytes: number) => void;
}

/**
 * @throws TwinvecError PayloadTooLarge naming object, line and byte offset, MalformedBody or DamagedRecord for frames that
 *   cannot be split or gzip that is none, NotFound when the source holds no objects.
 */
export async function surveySource(source: TransformSource, options: SurveyOptions): Promise<Survey> {
  const sums = { objects: 0, records: 0, bytes: 0 };
  for await (const object of source.list()) {
    sums.objects += 1;
    sums.bytes += object.bytes ?? 0;
    sums.records += await recordsOf(object, options);
  }
  if (sums.objects === 0) throw noObjects();
  return sums;
}

/**
 * The quick look, for sources that are far away: how many objects there are, up to `most`.
 *
 * @throws TwinvecError NotFound when the source holds no objects.
 */
export async function countObjects(source: TransformSource, most: number): Promise<number> {
  let objects = 0;
  for await (const _ of source.list()) {
    objects += 1;
    if (objects >= most) break;
  }
  if (objects === 0) throw noObjects();
  return objects;
}

function noObjects(): TwinvecError {
  return new TwinvecError('NotFound', 'the input holds no objects');
}

async function recordsOf(object: SourceObject, options: SurveyOptions): Promise<number> {
  try {
    return await countRecords(object, options);
  } catch (error) {
    if (error instanceof TwinvecError) throw new TwinvecError(error.code, `${object.label}: ${error.message}`);
    throw error;
  }
}

async function countRecords(object: SourceObject, options: SurveyOptions): Promise<number> {
  const { splitType, maxPayloadBytes } = options;
  if (splitType === 'None') return wholeRecord(object, options);
  const splitter = createSplitter({ ...options, splitType, maxPayloadBytes } satisfies SplitterOptions);
  let records = 0;
  for await (const chunk of readObject(object, options)) records += splitter.push(chunk).length;
  return records + splitter.end().length;
}

async function wholeRecord(object: SourceObject, options: SurveyOptions): Promise<number> {
  const bytes = options.compression === 'Gzip' ? await unpackedBytes(object, options) : (object.bytes ?? 0);
  if (bytes > options.maxPayloadBytes) {
    throw new TwinvecError(
      'PayloadTooLarge',
      `the object has ${bytes} bytes, the payload limit is ${options.maxPayloadBytes} and SplitType None may not split it`,
    );
  }
  return bytes === 0 ? 0 : 1;
}

async function unpackedBytes(object: SourceObject, options: SurveyOptions): Promise<number> {
  let bytes = 0;
  for await (const chunk of readObject(object, options)) bytes += chunk.length;
  return bytes;
}

async function* readObject(object: SourceObject, { compression, onBytes }: SurveyOptions): AsyncGenerator<Uint8Array> {
  const stored = noted(object.open(), onBytes);
  yield* compression === 'Gzip' ? gunzipped(stored) : stored;
}

async function* noted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}
