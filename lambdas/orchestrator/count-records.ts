/**
 * How many records a file holds, read as the job reads it: the two sides of the count after a job. Where the lines of an
 * output are not the records of its input, only whether the output is there can be told, and a file counts as one.
 */
import { hasLinePerRecord } from '#core/batch/assemble.ts';
import { gunzipped } from '#core/batch/gunzip.ts';
import { splitRecords } from '#core/batch/record-splitter.ts';
import { recordsOfLines } from '#core/batch/response-records.ts';
import { splitLines } from '#core/batch/split-lines.ts';
import { createSplitter } from '#core/batch/split-types.ts';
import type { TransformRequest } from '#core/jobs/plan-transform.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';

export interface RecordCount {
  readonly records: number;
  /** Lines that stand for a record which could not be used. */
  readonly placeholders: number;
}

export interface RecordCounter {
  countInput(chunks: AsyncIterable<Uint8Array>): Promise<number>;
  countOutput(chunks: AsyncIterable<Uint8Array>): Promise<RecordCount>;
}

export function createCounter(request: TransformRequest): RecordCounter {
  const { TransformInput: input, BatchStrategy: strategy } = request;
  const perRecord = isCountable(request);
  return {
    async countInput(stored) {
      // A gzip object without its end must not pass as one that was read.
      const chunks = input.CompressionType === 'Gzip' ? gunzipped(stored) : stored;
      const { SplitType: splitType } = input;
      if (!perRecord) return readToEnd(chunks);
      if (splitType === 'None' || splitType === 'Line') return (await countLines(chunks)).records;
      const maxPayloadBytes = mebibytes(LIMITS.batchMaxPayloadMb.value);
      let records = 0;
      const splitter = createSplitter({ splitType, strategy, maxPayloadBytes });
      for await (const group of splitRecords(chunks, splitter)) records += group.length;
      return records;
    },
    async countOutput(chunks) {
      if (perRecord) return countLines(chunks);
      // A placeholder is a line of its own whatever the other answers look like.
      const { placeholders } = await countLines(chunks);
      return { records: 1, placeholders };
    },
  };
}

/** JSON Lines that were sent whole are lines all the same. */
function isCountable({
  TransformInput: input,
  TransformOutput: output,
  BatchStrategy: strategy,
}: TransformRequest): boolean {
  if (input.SplitType === 'None')
    return /jsonlines|ndjson/.test(input.ContentType) && /jsonlines|ndjson/.test(output.Accept);
  if (hasLinePerRecord(output.Accept, { splitType: input.SplitType })) return true;
  return strategy === 'SingleRecord' && output.AssembleWith === 'Line';
}

async function readToEnd(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  for await (const _ of chunks);
  return 1;
}

async function countLines(chunks: AsyncIterable<Uint8Array>): Promise<RecordCount> {
  let records = 0;
  let placeholders = 0;
  for await (const group of splitLines(chunks)) {
    records += group.length;
    for (const { bytes } of group) placeholders += recordsOfLines(bytes).placeholders.length;
  }
  return { records, placeholders };
}
