/** Numbers of 16 bits (IEEE 754 binary16) as their bits and back; every such number is exact in a double. */
const FRACTION_BITS = 10;
const BIAS = 15;
const SPECIAL = 31;

export function float16FromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> FRACTION_BITS) & SPECIAL;
  const fraction = bits & 0x3ff;
  if (exponent === SPECIAL) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - BIAS);
}

/** The bits of a number that is one of 16 bits already. */
export function float16ToBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + BIAS) << FRACTION_BITS) | (size * 2 ** (FRACTION_BITS - exponent) - 1024);
}
