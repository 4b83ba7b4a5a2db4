/**
 * SplitType=TFRecord and RecordIO: a stream of bytes becomes records, one per frame. A record that is sent alone loses
 * its frame; several records keep theirs, by which the model tells them apart (AWS docs, TransformInput.SplitType).
 */
import { TwinvecError } from '#core/errors.ts';
import { type FramedRecord, type FrameFormat, FrameStream } from '#core/framing/frame-reader.ts';
import type { RecordSplitter, SourceRecord } from './record-splitter.ts';

export interface FrameSplitOptions {
  /** Largest record, in bytes as it is sent. */
  readonly maxRecordBytes: number;
  /** Whether records are sent with their frames. */
  readonly keepFrames: boolean;
}

/** RecordIO at its worst: each magic word in the data, 4 bytes, costs a header of 8. TFRecord always takes 16. */
const frameBytesOf = (dataBytes: number) => 2 * dataBytes + 16;

/**
 * Throws MalformedBody where no later record can be found, PayloadTooLarge for a record over the limit, and DamagedRecord
 * for one whose checksum is wrong and which would travel without it; with its frame, the model says so in its place.
 */
export function createFrameSplitter(format: FrameFormat, options: FrameSplitOptions): RecordSplitter {
  const { maxRecordBytes, keepFrames } = options;
  const frames = new FrameStream(format, frameBytesOf(maxRecordBytes));
  let line = 0;

  function toRecord({ data, frame, offset, damaged }: FramedRecord): SourceRecord {
    line += 1;
    const bytes = keepFrames ? frame : data;
    const place = `${format.name} record ${line} (byte offset ${offset})`;
    if (bytes.length > maxRecordBytes) {
      throw new TwinvecError(
        'PayloadTooLarge',
        `${place}: it has ${bytes.length} bytes and the payload limit is ${maxRecordBytes}. Raise MaxPayloadInMB or shorten the record.`,
      );
    }
    if (damaged && !keepFrames) {
      throw new TwinvecError('DamagedRecord', `${place}: its checksum is wrong, so its data is damaged`);
    }
    return { bytes, line, byteOffset: offset };
  }

  return {
    push: (chunk) => frames.push(chunk).map(toRecord),
    end: () => frames.end().map(toRecord),
  };
}
