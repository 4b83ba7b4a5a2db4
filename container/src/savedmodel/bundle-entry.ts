/**
 * BundleHeaderProto and BundleEntryProto: what a variables bundle's index says about the bundle and about each tensor
 * (tensorflow/core/protobuf/tensor_bundle.proto).
 */

import { encodeMessage, readFields, readInt, writeFixed32, writeInt, writeMessage } from '#core/protobuf/wire.ts';
import { DATA_TYPES, type DataType, dataTypeName } from './data-type.ts';
import { readShape, type Shape, writeShapeFields } from './tensor-shape.ts';

/** TF_CHECKPOINT_VERSION. */
const BUNDLE_VERSION = 1;

export interface BundleHeader {
  readonly shardCount: number;
  readonly littleEndian: boolean;
}

export interface BundleEntry {
  /** `undefined` for a type that Twinvec does not handle. */
  readonly dtype: DataType | undefined;
  readonly shape: Shape;
  readonly shard: number;
  readonly offset: number;
  readonly byteLength: number;
  /** Masked CRC-32C of the bytes. */
  readonly checksum: number;
  /** A tensor saved in slices has its bytes under other keys. */
  readonly sliced: boolean;
}

export function encodeHeader(shardCount: number): Uint8Array {
  return encodeMessage((header) => {
    writeInt(header, 1, shardCount);
    writeMessage(header, 3, (version) => writeInt(version, 1, BUNDLE_VERSION));
  });
}

export function decodeHeader(bytes: Uint8Array): BundleHeader {
  let shardCount = 0;
  let littleEndian = true;
  readFields(bytes, (field, reader) => {
    if (field === 1) shardCount = readInt(reader);
    else if (field === 2) littleEndian = readInt(reader) === 0;
    else return false;
    return true;
  });
  return { shardCount, littleEndian };
}

export type WrittenEntry = Omit<BundleEntry, 'sliced' | 'dtype'> & { readonly dtype: DataType };

export function encodeEntry(entry: WrittenEntry): Uint8Array {
  return encodeMessage((fields) => {
    writeInt(fields, 1, DATA_TYPES[entry.dtype]);
    writeMessage(fields, 2, (shape) => writeShapeFields(shape, entry.shape));
    if (entry.shard !== 0) writeInt(fields, 3, entry.shard);
    if (entry.offset !== 0) writeInt(fields, 4, entry.offset);
    if (entry.byteLength !== 0) writeInt(fields, 5, entry.byteLength);
    writeFixed32(fields, 6, entry.checksum);
  });
}

export function decodeEntry(bytes: Uint8Array): BundleEntry {
  const entry = {
    dtype: undefined as DataType | undefined,
    shape: [] as Shape,
    shard: 0,
    offset: 0,
    byteLength: 0,
    checksum: 0,
    sliced: false,
  };
  readFields(bytes, (field, reader) => {
    if (field === 1) entry.dtype = dataTypeName(readInt(reader));
    else if (field === 2) entry.shape = readShape(reader.bytes()) ?? [];
    else if (field === 3) entry.shard = readInt(reader);
    else if (field === 4) entry.offset = readInt(reader);
    else if (field === 5) entry.byteLength = readInt(reader);
    else if (field === 6) entry.checksum = reader.fixed32();
    else if (field === 7) {
      entry.sliced = true;
      return false;
    } else return false;
    return true;
  });
  return entry;
}

/** File of one shard of the bundle `prefix`. */
export function shardPath(prefix: string, shard: number, shardCount: number): string {
  const digits = (number: number) => String(number).padStart(5, '0');
  return `${prefix}.data-${digits(shard)}-of-${digits(shardCount)}`;
}

export function indexPath(prefix: string): string {
  return `${prefix}.index`;
}
