/**
 * Reads tf.Example messages (tensorflow/core/example/example.proto) into features by name; lists packed or not, fields
 * that nobody knows skipped.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { TwinvecError } from '#core/errors.ts';
import { readFields, readMapEntry } from '#core/protobuf/wire.ts';
import type { FeatureList, Features } from './example-writer.ts';

const FIELD = { features: 1, feature: 1, bytesList: 1, floatList: 2, int64List: 3, value: 1 } as const;
const NONE: FeatureList = { kind: 'none' };

/** @throws DamagedRecord when the bytes are not such a message */
export function readExample(bytes: Uint8Array, record: number): Features {
  return readMessage(bytes, record, 'a tf.Example', (example) => {
    const features = new Map<string, FeatureList>();
    readFields(example, (field, reader, wireType) => {
      if (field !== FIELD.features || wireType !== WireType.LengthDelimited) return false;
      readFeatures(reader.bytes(), features);
      return true;
    });
    return features;
  });
}

/** Runs a reader of protocol buffers; what it fails with becomes `DamagedRecord` of the record. */
export function readMessage<T>(bytes: Uint8Array, record: number, what: string, read: (bytes: Uint8Array) => T): T {
  try {
    return read(bytes);
  } catch (cause) {
    throw new TwinvecError('DamagedRecord', `Record ${record} does not parse as ${what}`, { record, cause });
  }
}

function readFeatures(bytes: Uint8Array, features: Map<string, FeatureList>): void {
  readFields(bytes, (field, reader, wireType) => {
    if (field !== FIELD.feature || wireType !== WireType.LengthDelimited) return false;
    const { key, value } = readMapEntry(reader.bytes());
    features.set(key, readFeature(value));
    return true;
  });
}

/** The last kind of list wins, as for every `oneof`. */
function readFeature(bytes: Uint8Array): FeatureList {
  let list = NONE;
  readFields(bytes, (field, reader, wireType) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === FIELD.bytesList) list = { kind: 'bytes', values: readBytesList(reader.bytes()) };
    else if (field === FIELD.floatList) list = { kind: 'float', values: readFloats(reader.bytes()) };
    else if (field === FIELD.int64List) list = { kind: 'int64', values: readIntegers(reader.bytes(), FIELD.value) };
    else return false;
    return true;
  });
  return list;
}

/** The field `value` of a message, repeated. */
export function readBytesList(bytes: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = [];
  readFields(bytes, (field, reader, wireType) => {
    if (field !== FIELD.value || wireType !== WireType.LengthDelimited) return false;
    values.push(reader.bytes());
    return true;
  });
  return values;
}

/** The field `value` of a message: floats, packed or one by one. */
export function readFloats(bytes: Uint8Array): Float32Array {
  const parts: Float32Array[] = [];
  readFields(bytes, (field, reader, wireType) => {
    if (field !== FIELD.value) return false;
    if (wireType === WireType.LengthDelimited) parts.push(new Float32Array(copyOf(reader.bytes(), 4)));
    else if (wireType === WireType.Bit32) parts.push(Float32Array.of(reader.float()));
    else return false;
    return true;
  });
  if (parts.length === 1) return parts[0]!;
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A field of varints, packed or one by one. */
export function readIntegers(bytes: Uint8Array, wanted: number): bigint[] {
  const values: bigint[] = [];
  readFields(bytes, (field, reader, wireType) => {
    if (field !== wanted) return false;
    if (wireType === WireType.LengthDelimited) {
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) values.push(BigInt(packed.int64()));
    } else if (wireType === WireType.Varint) values.push(BigInt(reader.int64()));
    else return false;
    return true;
  });
  return values;
}

/** A buffer of its own, so that numbers lie aligned. @throws RangeError when the bytes are no whole values */
export function copyOf(bytes: Uint8Array, valueBytes: number): ArrayBuffer {
  if (bytes.length % valueBytes !== 0) throw new RangeError(`${bytes.length} bytes are no whole values`);
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
