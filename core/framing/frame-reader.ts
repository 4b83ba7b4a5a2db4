/**
 * Records in frames, such as TFRecord and RecordIO: from one body at once, or from chunks cut anywhere with memory for
 * one record. A format says how one frame is read; who asks decides what to do with damaged records.
 */
import { TwinvecError } from '#core/errors.ts';

export interface FramedRecord {
  /** The content of the frame, mostly a view of the bytes it came from. */
  readonly data: Uint8Array;
  /** The whole frame as it came, likewise a view. */
  readonly frame: Uint8Array;
  /** Where the frame starts in the whole. */
  readonly offset: number;
  /** The frame is whole and its content fails its checksum. */
  readonly damaged: boolean;
}

/** A whole frame, or how many bytes from its start on are needed to go on. */
export type FrameStep =
  | { readonly data: Uint8Array; readonly next: number; readonly damaged: boolean }
  | { readonly needed: number };

export interface FrameFormat {
  readonly name: string;
  /**
   * The frame at `at`. `offset` is where that is in the whole, for messages; `final`: no byte follows these.
   *
   * @throws MalformedBody when what is there cannot be a frame, after which nothing can be trusted
   */
  readFrame(bytes: Uint8Array, at: number, offset: number, final: boolean): FrameStep;
}

/** Each record of a whole body in turn. @throws MalformedBody, also for a frame that is cut off */
export function* readFrames(format: FrameFormat, body: Uint8Array): Generator<FramedRecord> {
  let at = 0;
  while (at < body.length) {
    const step = format.readFrame(body, at, at, true);
    if ('needed' in step) throw cutOff(format, at, body.length - at, step.needed);
    yield { data: step.data, frame: body.subarray(at, step.next), offset: at, damaged: step.damaged };
    at = step.next;
  }
}

/** Records from chunks. Nothing of a chunk is copied but the frame that its end cuts. */
export class FrameStream {
  readonly #format: FrameFormat;
  readonly #maxRecordBytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Bytes without which the pending frame cannot be read. */
  #needed = 1;
  /** Where the pending frame starts in the whole. */
  #offset = 0;

  constructor(format: FrameFormat, maxRecordBytes: number) {
    this.#format = format;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** The records that this chunk completes. @throws MalformedBody, PayloadTooLarge for a longer record */
  push(chunk: Uint8Array): FramedRecord[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    return this.#pendingBytes < this.#needed ? [] : this.#read(false);
  }

  /** The last record, where its format lets it end so. @throws MalformedBody when bytes are left */
  end(): FramedRecord[] {
    const records = this.#pendingBytes === 0 ? [] : this.#read(true);
    if (this.#pendingBytes > 0) throw cutOff(this.#format, this.#offset, this.#pendingBytes, this.#needed);
    return records;
  }

  #read(final: boolean): FramedRecord[] {
    const bytes = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    const records: FramedRecord[] = [];
    let at = 0;
    this.#needed = 1;
    while (at < bytes.length) {
      const step = this.#format.readFrame(bytes, at, this.#offset, final);
      if ('needed' in step) {
        this.#needed = step.needed;
        break;
      }
      const frame = bytes.subarray(at, step.next);
      records.push({ data: step.data, frame, offset: this.#offset, damaged: step.damaged });
      this.#offset += step.next - at;
      at = step.next;
    }
    if (this.#needed > this.#maxRecordBytes) throw this.#tooLarge();
    this.#pending = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#pendingBytes = bytes.length - at;
    return records;
  }

  #tooLarge(): TwinvecError {
    const limit = this.#maxRecordBytes;
    return new TwinvecError(
      'PayloadTooLarge',
      `${this.#format.name} at byte ${this.#offset}: a record over ${limit} bytes`,
    );
  }
}

function cutOff({ name }: FrameFormat, offset: number, left: number, needed: number): TwinvecError {
  const problem = `the frame is cut off: ${left} bytes are left of at least ${needed}`;
  return new TwinvecError('MalformedBody', `${name} at byte ${offset}: ${problem}`);
}

/** Little-endian. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
