/**
 * A look at every object before a server is started: how many records there are (for the time left), and the first
 * record that could never be sent. Hours into a job is too late to hear of that one (spec faults Q8).
 */
import type { MiniBatchOptions } from '#core/batch/mini-batches.ts';
import { createSplitter, type SplitterOptions } from '#core/batch/split-types.ts';
import { TwinvecError } from '#core/errors.ts';
import type { SourceObject, TransformSource } from './storage.ts';

export interface Survey {
  readonly objects: number;
  readonly records: number;
  readonly bytes: number;
}

/**
 * @throws TwinvecError PayloadTooLarge naming object, line and byte offset, MalformedBody or DamagedRecord for frames that
 *   cannot be split, NotFound when the source holds no objects.
 */
export async function surveySource(source: TransformSource, options: MiniBatchOptions): Promise<Survey> {
  const sums = { objects: 0, records: 0, bytes: 0 };
  for await (const object of source.list()) {
    sums.objects += 1;
    sums.bytes += object.bytes;
    const { splitType } = options;
    sums.records +=
      splitType === 'None'
        ? wholeRecord(object, options.maxPayloadBytes)
        : await countRecords(object, { ...options, splitType });
  }
  if (sums.objects === 0) throw noObjects();
  return sums;
}

/**
 * The quick look, for sources that are far away.
 *
 * @throws TwinvecError NotFound when the source holds no objects.
 */
export async function requireObjects(source: TransformSource): Promise<void> {
  for await (const _ of source.list()) return;
  throw noObjects();
}

function noObjects(): TwinvecError {
  return new TwinvecError('NotFound', 'the input holds no objects');
}

async function countRecords(object: SourceObject, options: SplitterOptions): Promise<number> {
  const splitter = createSplitter(options);
  let records = 0;
  try {
    for await (const chunk of object.open()) records += splitter.push(chunk).length;
    return records + splitter.end().length;
  } catch (error) {
    if (error instanceof TwinvecError) throw new TwinvecError(error.code, `${object.label}: ${error.message}`);
    throw error;
  }
}

function wholeRecord(object: SourceObject, maxPayloadBytes: number): number {
  if (object.bytes > maxPayloadBytes) {
    throw new TwinvecError(
      'PayloadTooLarge',
      `${object.label}: the object has ${object.bytes} bytes, the payload limit is ${maxPayloadBytes} and SplitType None may not split it`,
    );
  }
  return object.bytes === 0 ? 0 : 1;
}
