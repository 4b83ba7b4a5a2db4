/**
 * Reads SageMaker's protobuf `Record` (record.proto of the built-in algorithms): features by name, each a dense or
 * sparse tensor of float32, float64 or int32, or bytes.
 */
import { WireType } from '@bufbuild/protobuf/wire';
import { readFields, readMapEntry } from '#core/protobuf/wire.ts';
import { copyOf, readBytesList, readFloats, readIntegers, readMessage } from './example-reader.ts';
import type { FeatureList } from './example-writer.ts';

/** Values of a vector at these places, and zero elsewhere. */
export interface SparseList {
  readonly keys: readonly bigint[];
  /** Values of the whole vector. */
  readonly size: bigint;
}

export type RecordFeature = FeatureList & { readonly sparse?: SparseList };
export type RecordFeatures = ReadonlyMap<string, RecordFeature>;

const FIELD = { features: 1, float32: 2, float64: 3, int32: 7, bytes: 9, values: 1, keys: 2, shape: 3 } as const;

/** @throws DamagedRecord when the bytes are not such a message */
export function readRecord(bytes: Uint8Array, record: number): RecordFeatures {
  return readMessage(bytes, record, "SageMaker's protobuf Record", (message) => {
    const features = new Map<string, RecordFeature>();
    readFields(message, (field, reader, wireType) => {
      if (field !== FIELD.features || wireType !== WireType.LengthDelimited) return false;
      const { key, value } = readMapEntry(reader.bytes());
      features.set(key, readValue(value));
      return true;
    });
    return features;
  });
}

function readValue(bytes: Uint8Array): RecordFeature {
  let feature: RecordFeature = { kind: 'none' };
  readFields(bytes, (field, reader, wireType) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === FIELD.float32) feature = readTensor(reader.bytes(), readFloat32List);
    else if (field === FIELD.float64) feature = readTensor(reader.bytes(), readFloat64List);
    else if (field === FIELD.int32) feature = readTensor(reader.bytes(), readInt32List);
    else if (field === FIELD.bytes) feature = { kind: 'bytes', values: readBytesList(reader.bytes()) };
    else return false;
    return true;
  });
  return feature;
}

function readTensor(bytes: Uint8Array, readValues: (bytes: Uint8Array) => FeatureList): RecordFeature {
  const keys = readIntegers(bytes, FIELD.keys);
  const values = readValues(bytes);
  if (keys.length === 0) return values;
  const shape = readIntegers(bytes, FIELD.shape);
  return {
    ...values,
    sparse: { keys, size: shape.length === 0 ? 0n : shape.reduce((product, size) => product * size) },
  };
}

function readFloat32List(bytes: Uint8Array): FeatureList {
  return { kind: 'float', values: readFloats(bytes) };
}

function readInt32List(bytes: Uint8Array): FeatureList {
  return { kind: 'int64', values: readIntegers(bytes, FIELD.values) };
}

function readFloat64List(bytes: Uint8Array): FeatureList {
  const values: number[] = [];
  readFields(bytes, (field, reader, wireType) => {
    if (field !== FIELD.values) return false;
    if (wireType === WireType.LengthDelimited) {
      for (const value of new Float64Array(copyOf(reader.bytes(), 8))) values.push(value);
    } else if (wireType === WireType.Bit64) values.push(reader.double());
    else return false;
    return true;
  });
  return { kind: 'float', values };
}
