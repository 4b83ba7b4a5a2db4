/**
 * How tensors of every type cross the binding, which carries only float32, int32 and strings without copies to a GPU:
 * the other types travel as one of those, value for value or bit for bit, and nodes at the graph's edges turn them back.
 */
import { elementCount } from '#core/tensors/tensor.ts';
import type { DType, Tensor } from '../session.ts';

export type NativeType = 'float32' | 'int32' | 'string';
type NativeTensor = Extract<Tensor, { dtype: NativeType }>;

export interface Carrier {
  readonly dtype: NativeType;
  /** The operation that turns one type into the other, both ways; none where the binding carries the type itself. */
  readonly operation?: 'Cast' | 'Bitcast';
  /** Values of 64 bits are pairs of int32 in a last dimension of their own. */
  readonly isPair: boolean;
}

const ITSELF = (dtype: NativeType): Carrier => ({ dtype, isPair: false });
/** Every value of these types is a value of the carrier. */
const CAST = (dtype: NativeType): Carrier => ({ dtype, operation: 'Cast', isPair: false });
const PAIR: Carrier = { dtype: 'int32', operation: 'Bitcast', isPair: true };

export const CARRIERS: Readonly<Record<DType, Carrier>> = {
  float32: ITSELF('float32'),
  int32: ITSELF('int32'),
  string: ITSELF('string'),
  float16: CAST('float32'),
  bfloat16: CAST('float32'),
  int8: CAST('int32'),
  uint8: CAST('int32'),
  int16: CAST('int32'),
  uint16: CAST('int32'),
  bool: CAST('int32'),
  uint32: { dtype: 'int32', operation: 'Bitcast', isPair: false },
  float64: PAIR,
  int64: PAIR,
  uint64: PAIR,
  complex64: PAIR,
};

/** The tensor as it is handed to the binding. Arrays of the same bits are views, not copies. */
export function toCarrier(tensor: Tensor): NativeTensor {
  switch (tensor.dtype) {
    case 'float32':
    case 'int32':
    case 'string':
      return tensor;
    case 'float16':
    case 'bfloat16':
      return { dtype: 'float32', shape: tensor.shape, data: tensor.data };
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
      return { dtype: 'int32', shape: tensor.shape, data: tensor.data };
    case 'bool':
      return { dtype: 'int32', shape: tensor.shape, data: Int32Array.from(tensor.data) };
    default: {
      const { buffer, byteOffset, byteLength } = tensor.data;
      const shape = CARRIERS[tensor.dtype].isPair ? [...tensor.shape, 2] : tensor.shape;
      return { dtype: 'int32', shape, data: new Int32Array(buffer, byteOffset, byteLength / 4) };
    }
  }
}

/** The tensor of type `dtype` that came out of the binding as this carrier. Takes the array over. */
export function fromCarrier(dtype: DType, carried: NativeTensor): Tensor {
  const shape = CARRIERS[dtype].isPair ? carried.shape.slice(0, -1) : carried.shape;
  const values = carried.data;
  if (!(values instanceof Int32Array)) return { dtype, shape, data: values } as Tensor;
  const count = elementCount(shape);
  switch (dtype) {
    case 'bool':
      return { dtype, shape, data: Uint8Array.from(values) };
    case 'uint32':
      return { dtype, shape, data: new Uint32Array(values.buffer, 0, count) };
    case 'float64':
      return { dtype, shape, data: new Float64Array(values.buffer, 0, count) };
    case 'int64':
      return { dtype, shape, data: new BigInt64Array(values.buffer, 0, count) };
    case 'uint64':
      return { dtype, shape, data: new BigUint64Array(values.buffer, 0, count) };
    case 'complex64':
      return { dtype, shape, data: new Float32Array(values.buffer, 0, 2 * count) };
    default:
      return { dtype, shape, data: values } as Tensor;
  }
}
