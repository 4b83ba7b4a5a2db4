/** The arrays that hold the values of each type, as tensor.ts says. */
export const NUMBER_ARRAYS = {
  float16: Float32Array,
  bfloat16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int32Array,
  uint8: Int32Array,
  int16: Int32Array,
  uint16: Int32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  complex64: Float32Array,
} as const;
