/**
 * SplitType=Line: a stream of bytes becomes records, one per line, wherever the stream happens to be cut.
 * Lines end with `\n` or `\r\n`; the last may have no end. Lines of spaces and tabs only are skipped and counted:
 * they hold no record, and an answer could not be matched to them.
 */
import { TwinvecError } from '#core/errors.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { type RecordSplitter, type SourceRecord, splitRecords } from './record-splitter.ts';

export interface SplitOptions {
  /** Longest record, in bytes without its line end. @default the largest MaxPayloadInMB */
  readonly maxRecordBytes?: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;

/** The lines of a stream. Throws what {@link createLineSplitter} throws. */
export function splitLines(
  chunks: AsyncIterable<Uint8Array>,
  options: SplitOptions = {},
): AsyncGenerator<readonly SourceRecord[]> {
  return splitRecords(chunks, createLineSplitter(options));
}

/**
 * Throws PayloadTooLarge, naming line and byte offset, as soon as a line is known to be over the limit: at most one
 * chunk more than the limit is ever held.
 */
export function createLineSplitter(options: SplitOptions = {}): RecordSplitter {
  const maxRecordBytes = options.maxRecordBytes ?? mebibytes(LIMITS.batchMaxPayloadMb.value);
  let line = 1;
  let lineStart = 0;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;

  /** One byte of slack for a carriage return that is not part of the record. */
  function refuseWhenOversize(lineBytes: number, endsWithCarriageReturn: boolean): void {
    if (lineBytes - (endsWithCarriageReturn ? 1 : 0) <= maxRecordBytes) return;
    throw new TwinvecError(
      'PayloadTooLarge',
      `line ${line} (byte offset ${lineStart}): the record is larger than the payload limit of ${maxRecordBytes} bytes. Raise MaxPayloadInMB or shorten the record.`,
    );
  }

  function hold(part: Uint8Array): void {
    if (part.length === 0) return;
    pending.push(part);
    pendingBytes += part.length;
    refuseWhenOversize(pendingBytes, part.at(-1) === CARRIAGE_RETURN);
  }

  function take(tail: Uint8Array, into: SourceRecord[], lineEndBytes: number): void {
    const whole = pending.length === 0 ? tail : Buffer.concat([...pending, tail], pendingBytes + tail.length);
    refuseWhenOversize(whole.length, whole.at(-1) === CARRIAGE_RETURN);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    if (!isBlank(bytes)) into.push({ bytes, line, byteOffset: lineStart });
    pending = [];
    pendingBytes = 0;
    line += 1;
    lineStart += whole.length + lineEndBytes;
  }

  return {
    push(chunk) {
      const records: SourceRecord[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        take(chunk.subarray(start, end), records, 1);
        start = end + 1;
      }
      hold(chunk.subarray(start));
      return records;
    },
    end() {
      const records: SourceRecord[] = [];
      if (pendingBytes > 0) take(new Uint8Array(0), records, 0);
      return records;
    },
  };
}

function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== SPACE && byte !== TAB && byte !== CARRIAGE_RETURN) return false;
  return true;
}
