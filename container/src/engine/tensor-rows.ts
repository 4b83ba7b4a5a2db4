/**
 * Rows of named tensors: how a batch's outputs are handed back to the requests that the rows came from.
 */
import { elementCount } from '#core/tensors/tensor.ts';
import type { DType, NamedTensors, Tensor } from './session.ts';

/** Rows `from` to `to` (excluded) of every tensor, as views of the same memory. */
export function takeRows(tensors: NamedTensors, from: number, to: number): NamedTensors {
  return mapTensors(tensors, (tensor) => takeTensorRows(tensor, from, to));
}

/** The rows of several parts of one signature, in the order given. */
export function joinRows(parts: readonly NamedTensors[]): NamedTensors {
  const [first] = parts;
  if (!first) throw new RangeError('This is a bug: no parts to join');
  if (parts.length === 1) return first;
  return Object.fromEntries(Object.keys(first).map((name) => [name, joinTensors(parts.map((part) => part[name]!))]));
}

export function hasFiniteValues(tensors: NamedTensors): boolean {
  return Object.values(tensors).every((tensor) => tensor.dtype !== 'float32' || allFinite(tensor.data));
}

/** True when every tensor's first dimension is `rows`. */
export function hasRows(tensors: NamedTensors, rows: number): boolean {
  return Object.values(tensors).every((tensor) => tensor.shape[0] === rows && tensor.data.length === slotsOf(tensor));
}

/** Places in a tensor's array that one value takes: a complex number has two. */
export function slotsPerValue(dtype: DType): number {
  return dtype === 'complex64' ? 2 : 1;
}

/** Moving a shorter string takes longer than copying it: of 20,000 strings of 100 bytes ten times as long. */
const LEAST_MOVED_BYTES = 16_384;

/** Those of {@link transferables} and of long strings, for a sender that does not need its tensors any more. */
export function allTransferables(tensors: NamedTensors): ArrayBuffer[] {
  const strings = Object.values(tensors).flatMap(({ dtype, data }) => (dtype === 'string' ? data : []));
  const long = strings.filter(({ byteLength, buffer }) => {
    return byteLength >= LEAST_MOVED_BYTES && byteLength === buffer.byteLength;
  });
  return [...new Set([...transferables(tensors), ...long.map(({ buffer }) => buffer as ArrayBuffer)])];
}

/** The buffers of numbers that can move to another thread instead of being copied. */
export function transferables(tensors: NamedTensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data, dtype } of Object.values(tensors)) {
    if (dtype === 'string') continue;
    const { buffer, byteLength } = data;
    // A view of a larger buffer is copied: moving would take its neighbours away.
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0) buffers.add(buffer);
  }
  return [...buffers];
}

function mapTensors(tensors: NamedTensors, change: (tensor: Tensor) => Tensor): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
}

function takeTensorRows(tensor: Tensor, from: number, to: number): Tensor {
  const [, ...rest] = tensor.shape;
  const width = elementCount(rest) * slotsPerValue(tensor.dtype);
  const shape = [to - from, ...rest];
  const [start, end] = [from * width, to * width];
  if (tensor.dtype === 'string') return { dtype: 'string', shape, data: tensor.data.slice(start, end) };
  return { dtype: tensor.dtype, shape, data: tensor.data.subarray(start, end) } as Tensor;
}

function joinTensors(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  const { dtype } = first;
  const [, ...rest] = first.shape;
  const shape = [parts.reduce((rows, part) => rows + part.shape[0]!, 0), ...rest];
  if (dtype === 'string') {
    return { dtype, shape, data: parts.flatMap((part) => part.data as readonly Uint8Array[]) };
  }
  // Parts of one tensor have arrays of one kind.
  const Values = first.data.constructor as new (length: number) => Int32Array;
  const data = new Values(parts.reduce((total, part) => total + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Int32Array, at);
    at += part.data.length;
  }
  return { dtype, shape, data } as unknown as Tensor;
}

function slotsOf({ dtype, shape }: Tensor): number {
  return elementCount(shape) * slotsPerValue(dtype);
}

/** x - x is 0 for every finite x and NaN for NaN and the infinities, so one sum decides without a branch a value. */
function allFinite(values: Float32Array): boolean {
  let difference = 0;
  for (let i = 0; i < values.length; i++) difference += values[i]! - values[i]!;
  return difference === 0;
}
