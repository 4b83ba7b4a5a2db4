/**
 * The size of a WebP, in its first chunk, and how many frames it has (RFC 9649, section 2): lossless, it can make
 * millions of pixels of a few bytes.
 */
import { TwinvecError } from '#core/errors.ts';
import type { AnimatedSize } from './gif-header.ts';

const FIRST_CHUNK = 12;
const CHUNK_HEADER = 8;
/** Up to the end of the longest header, that of VP8. */
const LEAST_BYTES = 30;
const FRAME_CHUNK = 'ANMF';

/** @throws TwinvecError InvalidImage */
export function readWebpSize(bytes: Uint8Array): AnimatedSize {
  if (bytes.length < LEAST_BYTES) throw new TwinvecError('InvalidImage', 'The WebP ends within its header.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = sizeOf(view);
  return { ...size, frames: Math.max(1, framesOf(view)) };
}

function sizeOf(view: DataView): { readonly width: number; readonly height: number } {
  const chunk = chunkName(view, FIRST_CHUNK);
  const data = FIRST_CHUNK + CHUNK_HEADER;
  switch (chunk) {
    case 'VP8 ':
      return { width: view.getUint16(data + 6, true) & 0x3fff, height: view.getUint16(data + 8, true) & 0x3fff };
    case 'VP8L': {
      const sizes = view.getUint32(data + 1, true);
      return { width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: uint24(view, data + 4) + 1, height: uint24(view, data + 7) + 1 };
    default:
      throw new TwinvecError('InvalidImage', 'The WebP does not begin with a chunk VP8, VP8L or VP8X.');
  }
}

function framesOf(view: DataView): number {
  let frames = 0;
  for (let at = FIRST_CHUNK; at + CHUNK_HEADER <= view.byteLength; ) {
    if (chunkName(view, at) === FRAME_CHUNK) frames++;
    const length = view.getUint32(at + 4, true);
    at += CHUNK_HEADER + length + (length % 2);
  }
  return frames;
}

function chunkName(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((place) => view.getUint8(at + place)));
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + 65_536 * view.getUint8(at + 2);
}
