/**
 * Which numbers each numeric type can hold: integers in their range, floats rounded to the nearest value of the type
 * (ties to even), and nothing silently turned into infinity.
 */
import type { DType } from './tensor.ts';

export type WideDType = 'int64' | 'uint64';
export type NumberDType = Exclude<DType, WideDType | 'string'>;

/** The value as the type holds it, or undefined when it is out of range or not whole where only whole numbers are. */
export type NumberFit = (value: number) => number | undefined;

export const NUMBER_FITS: Readonly<Record<NumberDType, NumberFit>> = {
  float16: (value) => roundToBinary(value, 10, -14, 65_504),
  bfloat16: (value) => roundToBinary(value, 7, -126, 3.3895313892515355e38),
  float32: fitFloat32,
  complex64: fitFloat32,
  float64: (value) => value,
  int8: (value) => fitInteger(value, -0x80, 0x7f),
  uint8: (value) => fitInteger(value, 0, 0xff),
  int16: (value) => fitInteger(value, -0x8000, 0x7fff),
  uint16: (value) => fitInteger(value, 0, 0xffff),
  int32: (value) => fitInteger(value, -0x8000_0000, 0x7fff_ffff),
  uint32: (value) => fitInteger(value, 0, 0xffff_ffff),
  bool: (value) => fitInteger(value, 0, 1),
};

const WIDE_RANGES: Readonly<Record<WideDType, readonly [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

export function fitsWide(dtype: WideDType, value: bigint): boolean {
  const [least, most] = WIDE_RANGES[dtype];
  return value >= least && value <= most;
}

const FLOATS: ReadonlySet<DType> = new Set(['float16', 'bfloat16', 'float32', 'float64', 'complex64']);

export function isFloat(dtype: DType): boolean {
  return FLOATS.has(dtype);
}

function fitInteger(value: number, least: number, most: number): number | undefined {
  // Adding zero turns -0 into 0.
  return Number.isInteger(value) && value >= least && value <= most ? value + 0 : undefined;
}

function fitFloat32(value: number): number | undefined {
  const rounded = Math.fround(value);
  return Number.isFinite(rounded) || !Number.isFinite(value) ? rounded : undefined;
}

/** Nearest number with this many fraction bits, with subnormals below 2^leastExponent; NaN and infinities stay. */
function roundToBinary(
  value: number,
  fractionBits: number,
  leastExponent: number,
  largest: number,
): number | undefined {
  if (!Number.isFinite(value) || value === 0) return value;
  const exponent = Math.max(binaryExponent(value), leastExponent);
  const step = 2 ** (exponent - fractionBits);
  const rounded = roundHalfToEven(value / step) * step;
  return Math.abs(rounded) <= largest ? rounded : undefined;
}

const DOUBLE = new DataView(new ArrayBuffer(8));

function binaryExponent(value: number): number {
  DOUBLE.setFloat64(0, value);
  return ((DOUBLE.getUint16(0) >>> 4) & 0x7ff) - 1023;
}

/** Above 2^52 doubles have no fraction bits, so adding and taking away 1.5 x 2^52 rounds as the hardware does. */
const ROUNDING = 1.5 * 2 ** 52;

function roundHalfToEven(value: number): number {
  const rounded = value + ROUNDING - ROUNDING;
  return rounded === 0 && value < 0 ? -0 : rounded;
}
