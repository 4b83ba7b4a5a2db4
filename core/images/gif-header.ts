/**
 * The size of a GIF: of its largest frame, and how many there are, since decoders make room for all of them at once
 * (GIF89a, sections 17 to 27). Its compression can make thousands of pixels of one byte.
 */
import { TwinvecError } from '#core/errors.ts';

const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = 0x3b;
const FRAME_BYTES = 9;

export interface AnimatedSize {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

/** @throws TwinvecError InvalidImage */
export function readGifSize(bytes: Uint8Array): AnimatedSize {
  if (bytes.length < HEADER_BYTES) throw cut();
  const at16 = (at: number) => bytes[at]! + 256 * bytes[at + 1]!;
  let [width, height, frames] = [at16(6), at16(8), 0];
  let at = HEADER_BYTES + colourTableBytes(bytes[10]!);
  while (at < bytes.length && bytes[at] !== TRAILER) {
    const kind = bytes[at++];
    if (kind === FRAME) {
      if (at + FRAME_BYTES >= bytes.length) throw cut();
      frames++;
      width = Math.max(width, at16(at + 4));
      height = Math.max(height, at16(at + 6));
      // One byte more says how long the first codes are.
      at += FRAME_BYTES + colourTableBytes(bytes[at + 8]!) + 1;
    } else if (kind === EXTENSION) at++;
    else throw new TwinvecError('InvalidImage', `The GIF has a block of no known kind at byte ${at - 1}.`);
    at = endOfBlocks(bytes, at);
  }
  if (frames === 0) throw cut();
  return { width, height, frames };
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Blocks begin with their length; one of 0 is the last. */
function endOfBlocks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let length = bytes[at]; length; length = bytes[at]) at += 1 + length;
  return at + 1;
}

function cut(): TwinvecError {
  return new TwinvecError('InvalidImage', 'The GIF ends before its first frame, or within one.');
}
