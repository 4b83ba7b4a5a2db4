/**
 * TensorFlow's data types by name and number (tensorflow/core/framework/types.proto).
 */
export const DATA_TYPES = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int16: 5,
  int8: 6,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  float16: 19,
  resource: 20,
  uint32: 22,
  uint64: 23,
} as const;

export type DataType = keyof typeof DATA_TYPES;

const NAMES = new Map<number, DataType>(Object.entries(DATA_TYPES).map(([name, number]) => [number, name as DataType]));

/** The name of a type number, or `undefined` for a type that Twinvec does not handle, such as complex128. */
export function dataTypeName(number: number): DataType | undefined {
  return NAMES.get(number);
}

/** Bytes of one element in a bundle or in `tensor_content`; 0 where elements have no fixed size. */
export const ELEMENT_BYTES: Readonly<Record<DataType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
  int16: 2,
  int8: 1,
  string: 0,
  complex64: 8,
  int64: 8,
  bool: 1,
  bfloat16: 2,
  uint16: 2,
  float16: 2,
  resource: 0,
  uint32: 4,
  uint64: 8,
};
