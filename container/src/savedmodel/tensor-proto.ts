/**
 * TensorProto: constants inside a graph. Numbers travel as raw little-endian `tensor_content`, strings one by one.
 */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { writeBytes, writeInt, writeMessage } from '#core/protobuf/wire.ts';
import type { TensorOf } from '#core/tensors/tensor.ts';
import { DATA_TYPES } from './data-type.ts';
import { elementCount, writeShapeFields } from './tensor-shape.ts';

/** What a constant can hold: the types whose arrays in JavaScript have TensorFlow's own bytes. */
export type ConstantTensor = { readonly [D in ConstantType]: TensorOf<D> }[ConstantType];
type ConstantType = 'float32' | 'float64' | 'int32' | 'int64' | 'bool' | 'string';

export function writeTensorFields(writer: BinaryWriter, tensor: ConstantTensor): void {
  if (elementCount(tensor.shape) !== tensor.data.length) {
    throw new RangeError(`A constant of shape [${tensor.shape}] cannot hold ${tensor.data.length} elements.`);
  }
  writeInt(writer, 1, DATA_TYPES[tensor.dtype]);
  writeMessage(writer, 2, (shape) => writeShapeFields(shape, tensor.shape));
  if (tensor.dtype === 'string') {
    for (const text of tensor.data) writeBytes(writer, 8, text);
    return;
  }
  const { buffer, byteOffset, byteLength } = tensor.data;
  writeBytes(writer, 4, new Uint8Array(buffer, byteOffset, byteLength));
}

const utf8 = new TextEncoder();

/** A constant of strings, as graphs use for names; a scalar when `texts` is a single string. */
export function stringTensor(texts: string | readonly string[]): ConstantTensor {
  return typeof texts === 'string'
    ? { dtype: 'string', shape: [], data: [utf8.encode(texts)] }
    : { dtype: 'string', shape: [texts.length], data: texts.map((text) => utf8.encode(text)) };
}

export function int32Scalar(value: number): ConstantTensor {
  return { dtype: 'int32', shape: [], data: Int32Array.of(value) };
}

export function int32Vector(values: readonly number[]): ConstantTensor {
  return { dtype: 'int32', shape: [values.length], data: Int32Array.from(values) };
}

export function float32Scalar(value: number): ConstantTensor {
  return { dtype: 'float32', shape: [], data: Float32Array.of(value) };
}
