/**
 * TFRecord: `uint64 length, uint32 masked CRC-32C of length, data, uint32 masked CRC-32C of data`, little-endian
 * (tensorflow/core/lib/io/record_writer.h).
 */
import { crc32c, maskCrc32c } from '#core/crc32c.ts';
import { TwinvecError } from '#core/errors.ts';
import { type FrameFormat, type FrameStep, readUint32 } from './frame-reader.ts';

const LENGTH_BYTES = 8;
const CRC_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + CRC_BYTES;
const WORD = 2 ** 32;

export const TFRECORD: FrameFormat = { name: 'TFRecord', readFrame };

function readFrame(bytes: Uint8Array, at: number, offset: number): FrameStep {
  const left = bytes.length - at;
  if (left < HEADER_BYTES) return { needed: HEADER_BYTES };
  const header = bytes.subarray(at, at + LENGTH_BYTES);
  if (maskCrc32c(crc32c(header)) !== readUint32(bytes, at + LENGTH_BYTES)) {
    throw malformed(offset, 'the checksum of the length is wrong, so no later record can be found');
  }
  const high = readUint32(bytes, at + 4);
  // A length of 2^53 and more is no number of bytes that anybody has.
  if (high >= 2 ** 21) throw malformed(offset, 'the length is over 2^53');
  const length = high * WORD + readUint32(bytes, at);
  const needed = HEADER_BYTES + length + CRC_BYTES;
  if (left < needed) return { needed };
  const dataAt = at + HEADER_BYTES;
  const data = bytes.subarray(dataAt, dataAt + length);
  const damaged = maskCrc32c(crc32c(data)) !== readUint32(bytes, dataAt + length);
  return { data, next: at + needed, damaged };
}

/** The frame around a record. */
export function writeTfRecord(data: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + data.length + CRC_BYTES);
  frame.writeBigUInt64LE(BigInt(data.length), 0);
  frame.writeUInt32LE(maskCrc32c(crc32c(frame.subarray(0, LENGTH_BYTES))), LENGTH_BYTES);
  frame.set(data, HEADER_BYTES);
  frame.writeUInt32LE(maskCrc32c(crc32c(data)), HEADER_BYTES + data.length);
  return frame;
}

function malformed(offset: number, problem: string): TwinvecError {
  return new TwinvecError('MalformedBody', `TFRecord at byte ${offset}: ${problem}`);
}
