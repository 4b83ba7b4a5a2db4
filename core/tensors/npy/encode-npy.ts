/**
 * Answers as one npy array, version 1.0, little-endian, for models with a single output. bfloat16, which NumPy does not
 * have, is widened to float32.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { outputsOf } from '../output-rows.ts';
import type { Tensor } from '../tensor.ts';
import type { TensorResponse } from '../tensor-request.ts';
import { float16ToBits } from './float16.ts';

const PREFIX = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
const LENGTH_BYTES = 2;
/** NumPy pads headers so that values are aligned. */
const ALIGNMENT = 64;

interface NpyValues {
  readonly descr: string;
  readonly bytes: Uint8Array;
}

/** @throws NotAcceptable for several outputs, for failures, and for bytes that end in zeros, which npy would cut */
export function encodeNpy(response: TensorResponse): Buffer {
  const [output, ...others] = outputsOf(response);
  if (!output || others.length > 0) throw notAcceptable('the model has several outputs, and npy holds one array');
  if (response.failures.length > 0) throw notAcceptable('some records failed, and an array has no place for that');
  const { tensor, name } = output;
  const { descr, bytes } = valuesOf(name, tensor);
  const shape = tensor.shape.length === 1 ? `(${tensor.shape[0]},)` : `(${tensor.shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const before = PREFIX.length + LENGTH_BYTES;
  const whole = Math.ceil((before + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16LE(whole - before);
  return Buffer.concat([PREFIX, length, Buffer.from(`${text.padEnd(whole - before - 1)}\n`, 'latin1'), bytes]);
}

function valuesOf(name: string, tensor: Tensor): NpyValues {
  const { data } = tensor;
  switch (tensor.dtype) {
    case 'float16':
      return { descr: '<f2', bytes: bytesOf(Uint16Array.from(tensor.data, float16ToBits)) };
    case 'bfloat16':
    case 'float32':
      return { descr: '<f4', bytes: bytesOf(tensor.data) };
    case 'float64':
      return { descr: '<f8', bytes: bytesOf(tensor.data) };
    case 'int8':
      return { descr: '|i1', bytes: bytesOf(Int8Array.from(tensor.data)) };
    case 'uint8':
      return { descr: '|u1', bytes: bytesOf(Uint8Array.from(tensor.data)) };
    case 'int16':
      return { descr: '<i2', bytes: bytesOf(Int16Array.from(tensor.data)) };
    case 'uint16':
      return { descr: '<u2', bytes: bytesOf(Uint16Array.from(tensor.data)) };
    case 'bool':
      return { descr: '|b1', bytes: bytesOf(tensor.data) };
    case 'complex64':
      return { descr: '<c8', bytes: bytesOf(tensor.data) };
    case 'string':
      return stringValues(name, tensor.data);
    default: {
      const signed = tensor.dtype.startsWith('i');
      const size = tensor.dtype.endsWith('64') ? 8 : 4;
      return { descr: `<${signed ? 'i' : 'u'}${size}`, bytes: bytesOf(data as ArrayBufferView) };
    }
  }
}

function stringValues(name: string, values: readonly Uint8Array[]): NpyValues {
  const width = values.reduce((most, { length }) => Math.max(most, length), 1);
  const bytes = Buffer.alloc(width * values.length);
  values.forEach((value, index) => {
    if (value.at(-1) === 0) throw notAcceptable(`output ${quoteForMessage(name)} holds bytes that end in zero`);
    bytes.set(value, index * width);
  });
  return { descr: `|S${width}`, bytes };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function notAcceptable(problem: string): TwinvecError {
  return new TwinvecError('NotAcceptable', `npy cannot hold this answer: ${problem}; ask for application/json`);
}
