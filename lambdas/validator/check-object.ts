/**
 * One object, read as a stream: every record that a transform would choke on, with its line and byte offset.
 * Memory holds one chunk and one record.
 */
import { gunzipped } from '#core/batch/gunzip.ts';
import { type RecordSplitter, type SourceRecord, splitRecords } from '#core/batch/record-splitter.ts';
import { createSplitter } from '#core/batch/split-types.ts';
import { type ErrorCode, TwinvecError, toTwinvecError } from '#core/errors.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { createRecordCheck } from './check-record.ts';
import type { ValidateEvent } from './event.ts';
import { linesStartingIn } from './line-range.ts';
import type { ByteRange } from './part.ts';
import type { ReportBuilder } from './report.ts';

export interface ObjectReading {
  /** Address for the report. */
  readonly object: string;
  /** Only the lines that start there; `chunks` then begin at its reading start. */
  readonly range?: ByteRange | undefined;
  /** Unpacked bytes after which the rest of the object is left alone. */
  readonly mostBytes?: number | undefined;
}

/** What ends the reading of an object. A failing S3 ends the whole step instead. */
const ENDS_THE_OBJECT: ReadonlySet<ErrorCode> = new Set(['PayloadTooLarge', 'MalformedBody', 'DamagedRecord']);

/** @throws TwinvecError when the object could not be read to the end */
export async function checkObject(
  stored: AsyncIterable<Uint8Array>,
  { object, range, mostBytes = Number.POSITIVE_INFINITY }: ObjectReading,
  event: ValidateEvent,
  report: ReportBuilder,
): Promise<void> {
  const check = createRecordCheck(event);
  const part = range && linesStartingIn(range, stored);
  const chunks = event.compressionType === 'Gzip' ? gunzipped(stored) : (part?.chunks ?? stored);
  try {
    for await (const records of splitRecords(chunks, splitterOf(event))) {
      for (const record of records) {
        report.countRecord();
        const problem = check(record);
        if (!problem) continue;
        const { code, message } = problem.error;
        const entry = { object, ...placeOf(record, part?.base()), code, message };
        if (problem.fatal) report.addFatal(entry);
        else report.addBadRecord(entry);
      }
      const last = records.at(-1)!;
      if (last.byteOffset + last.bytes.length < mostBytes) continue;
      report.noteIncomplete();
      return;
    }
  } catch (thrown) {
    const { code, message } = toTwinvecError(thrown);
    if (!ENDS_THE_OBJECT.has(code)) throw thrown;
    report.addFatal({ object, code, message });
  }
}

/** Lines of a range have no number that anybody could count to. */
function placeOf({ line, byteOffset }: SourceRecord, base: number | undefined): { line?: number; byteOffset: number } {
  return base === undefined ? { line, byteOffset } : { byteOffset: base + byteOffset };
}

/** The platform's own limit and not the job's, so that what is behind a record that is too large is read as well. */
function splitterOf({ splitType, batchStrategy, contentType, maxPayloadInMB }: ValidateEvent): RecordSplitter {
  const maxPayloadBytes = mebibytes(LIMITS.batchMaxPayloadMb.value);
  if (splitType !== 'None') return createSplitter({ splitType, strategy: batchStrategy, maxPayloadBytes });
  // Sent whole, and yet a record a line for the model.
  if (/jsonlines|ndjson/.test(contentType)) {
    return createSplitter({ splitType: 'Line', strategy: batchStrategy, maxPayloadBytes });
  }
  return wholeObject(maxPayloadInMB);
}

function wholeObject(maxPayloadInMB: number): RecordSplitter {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      parts.push(chunk);
      bytes += chunk.length;
      if (bytes <= mebibytes(maxPayloadInMB)) return [];
      const problem = `The object is sent whole and has over ${maxPayloadInMB} MiB, which is MaxPayloadInMB`;
      throw new TwinvecError('PayloadTooLarge', problem);
    },
    end: () => (bytes === 0 ? [] : [{ bytes: Buffer.concat(parts), line: 1, byteOffset: 0 }]),
  };
}
