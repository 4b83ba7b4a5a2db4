/** Decimal numbers as text, of every length and size that a program may write, and the ones that are hard to round. */
import fc from 'fast-check';

const digits = (least: number, most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most }).map((list) => list.join(''));
const whole = fc.oneof(
  fc.constant('0'),
  fc.tuple(fc.integer({ min: 1, max: 9 }), digits(0, 24)).map(([first, rest]) => `${first}${rest}`),
);
const fraction = fc.oneof(
  fc.constant(''),
  digits(1, 30).map((text) => `.${text}`),
  digits(1, 8).map((text) => `.${text}`),
);
const exponent = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc
    .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.integer({ min: 0, max: 60 }))
    .map((parts) => parts.join('')),
  fc.constantFrom('e400', 'e-400', 'e0000000000000000000005', 'E-45', 'e38', 'e-324'),
);

/** Unsigned, by JSON's grammar. */
export const decimals: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(whole, fraction, exponent).map((parts) => parts.join('')),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => String(Math.abs(value))),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => String(Math.abs(value))),
  fc.float({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e6 }).map((value) => value.toFixed(9)),
);

const BITS = new Uint32Array(1);
const FLOAT = new Float32Array(BITS.buffer);

/** Doubles half way between two float32, exactly or a little beside, with up to 25 digits. */
export const middlesOfFloats: fc.Arbitrary<string> = fc
  .tuple(
    fc.integer({ min: 0x0d80_0000, max: 0x5f00_0000 }),
    fc.integer({ min: -3, max: 3 }),
    fc.integer({ min: 15, max: 25 }),
  )
  .map(([bits, beside, count]) => {
    BITS[0] = bits;
    const lower = FLOAT[0]!;
    BITS[0] = bits + 1;
    const middle = (lower + FLOAT[0]!) / 2;
    return (middle * (1 + beside * 2 ** -52)).toPrecision(count);
  });
