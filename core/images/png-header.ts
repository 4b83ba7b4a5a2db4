/** The size of a PNG: its first chunk is always IHDR (PNG specification, third edition, 11.2.1). */
import { TwinvecError } from '#core/errors.ts';

const HEADER_BYTES = 29;
const IHDR_LENGTH = 13;
const IHDR = 0x49484452;
/** Each colour type with the depths that it may have. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** @throws TwinvecError InvalidImage */
export function readPngSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  if (bytes.length < HEADER_BYTES) throw new TwinvecError('InvalidImage', 'The PNG ends within its header.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8) !== IHDR_LENGTH || view.getUint32(12) !== IHDR) {
    throw new TwinvecError('InvalidImage', 'The PNG does not begin with an IHDR chunk.');
  }
  if (!DEPTHS[bytes[25]!]?.includes(bytes[24]!)) {
    throw new TwinvecError(
      'InvalidImage',
      `The PNG has colour type ${bytes[25]} with ${bytes[24]} bits, which is none.`,
    );
  }
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
