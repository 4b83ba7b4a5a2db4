/**
 * Tensors as they travel between wire formats and the engine: a shape, and values in one flat array in row order. Every
 * type that TensorFlow models use at their edges is here, whether or not the engine's binding can carry it by itself.
 */

/** How JavaScript holds the values of each type exactly. Floats of 16 bits are widened; integers of 8 and 16 too. */
interface ArrayOf {
  readonly float16: Float32Array;
  readonly bfloat16: Float32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int8: Int32Array;
  readonly uint8: Int32Array;
  readonly int16: Int32Array;
  readonly uint16: Int32Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  /** 0 or 1. */
  readonly bool: Uint8Array;
  /** Real and imaginary part of each value, one after the other: twice as many numbers as values. */
  readonly complex64: Float32Array;
  /** Bytes, not text: a string of TensorFlow has no encoding. */
  readonly string: readonly Uint8Array[];
}

export type DType = keyof ArrayOf;

export interface TensorOf<D extends DType> {
  readonly dtype: D;
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  readonly data: ArrayOf[D];
}

/** One of the types, discriminated by `dtype`. */
export type Tensor = { readonly [D in DType]: TensorOf<D> }[DType];

export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What a signature says of a tensor. */
export interface TensorSpec {
  readonly dtype: DType;
  /** -1 is any size; absent is any number of dimensions. */
  readonly shape?: readonly number[];
  /** Strings that the graph decodes where they are images: those that are must pass `checkImage`. */
  readonly mayBeImages?: boolean;
}

/** Values in a tensor of this shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `[any,224,224,3]`; `[any...]` where even the number of dimensions is free. */
export function describeShape(shape: readonly number[] | undefined): string {
  return shape === undefined ? '[any...]' : `[${shape.map((size) => (size < 0 ? 'any' : size)).join(',')}]`;
}

export function shapeFits(shape: readonly number[], wanted: readonly number[] | undefined): boolean {
  return (
    wanted === undefined ||
    (shape.length === wanted.length && shape.every((size, axis) => wanted[axis]! < 0 || wanted[axis] === size))
  );
}
