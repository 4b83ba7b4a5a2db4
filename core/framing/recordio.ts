/**
 * RecordIO (dmlc-core include/dmlc/recordio.h): `uint32 magic, uint32 flag and length, data, padding to 4 bytes`,
 * little-endian. A record whose data holds the magic word comes in parts, with that word between them left out.
 */
import { TwinvecError } from '#core/errors.ts';
import { type FrameFormat, type FrameStep, readUint32 } from './frame-reader.ts';

const MAGIC = 0xced7230a;
const MAGIC_BYTES = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);
const HEADER_BYTES = 8;
const LENGTH_BITS = 29;
const LENGTH_MASK = 2 ** LENGTH_BITS - 1;
const ALIGNMENT = 4;
/** What the three upper bits of the length say of a part. */
const PART = { whole: 0, first: 1, middle: 2, last: 3 } as const;

export const RECORDIO: FrameFormat = { name: 'RecordIO', readFrame };

function readFrame(bytes: Uint8Array, at: number, offset: number, final: boolean): FrameStep {
  const parts: Uint8Array[] = [];
  let next = at;
  for (;;) {
    const partOffset = offset + next - at;
    const dataAt = next + HEADER_BYTES;
    if (bytes.length < dataAt) return { needed: dataAt - at };
    if (readUint32(bytes, next) !== MAGIC) throw malformed(partOffset, 'the magic number is not there');
    const word = readUint32(bytes, next + 4);
    const flag = word >>> LENGTH_BITS;
    const end = dataAt + (word & LENGTH_MASK);
    requireFlag(flag, parts.length, partOffset);
    if (bytes.length < end) return { needed: end - at };
    next = end + paddingOf(end - dataAt);
    const isLast = flag === PART.whole || flag === PART.last;
    if (bytes.length < next) {
      // Nothing is aligned after the last record, so some writers leave its padding out.
      if (!final || !isLast) return { needed: next - at };
      next = bytes.length;
    }
    if (bytes.subarray(end, next).some((byte) => byte !== 0)) throw malformed(partOffset, 'the padding is not zero');
    parts.push(bytes.subarray(dataAt, end));
    if (isLast) return { data: joinParts(parts), next, damaged: false };
  }
}

function requireFlag(flag: number, partsBefore: number, offset: number): void {
  const starts = flag === PART.whole || flag === PART.first;
  if (flag <= PART.last && starts === (partsBefore === 0)) return;
  throw malformed(
    offset,
    `a part of kind ${flag} stands where ${partsBefore === 0 ? 'a record starts' : 'one goes on'}`,
  );
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [MAGIC_BYTES, part])));
}

/** The frame around a record, in as many parts as its data has aligned magic words, as dmlc-core writes it. */
export function writeRecordIo(data: Uint8Array): Buffer {
  if (data.length > LENGTH_MASK)
    throw new TwinvecError('PayloadTooLarge', `A RecordIO record over ${LENGTH_MASK} bytes`);
  const cuts = magicPositions(data);
  const starts = [0, ...cuts.map((cut) => cut + MAGIC_BYTES.length)];
  const frames = starts.flatMap((start, index) => {
    const part = data.subarray(start, cuts[index] ?? data.length);
    return [partHeader(flagOf(index, starts.length), part.length), part, Buffer.alloc(paddingOf(part.length))];
  });
  return Buffer.concat(frames);
}

function partHeader(flag: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(((flag << LENGTH_BITS) | length) >>> 0, 4);
  return header;
}

function flagOf(index: number, parts: number): number {
  if (parts === 1) return PART.whole;
  if (index === 0) return PART.first;
  return index === parts - 1 ? PART.last : PART.middle;
}

function magicPositions(data: Uint8Array): number[] {
  const positions: number[] = [];
  for (let at = 0; at + ALIGNMENT <= data.length; at += ALIGNMENT) {
    if (readUint32(data, at) === MAGIC) positions.push(at);
  }
  return positions;
}

function paddingOf(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

function malformed(offset: number, problem: string): TwinvecError {
  return new TwinvecError('MalformedBody', `RecordIO at byte ${offset}: ${problem}`);
}
