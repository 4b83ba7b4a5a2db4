/**
 * What an image says about itself in its first bytes: its format, by magic number and not by what a header claims, and
 * its size, before anything is decoded. A decoder that is handed a bomb has already lost (spec faults 2I).
 */
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { readGifSize } from './gif-header.ts';
import { readJpegSize } from './jpeg-header.ts';
import { readPngSize } from './png-header.ts';
import { readWebpSize } from './webp-header.ts';

export interface ImageSize {
  readonly width: number;
  readonly height: number;
  /** Of an animation. */
  readonly frames?: number;
}

export type ImageFormat = 'jpeg' | 'png';
/** Formats that TensorFlow decodes and that can hold more pixels than bytes; BMP, which it decodes too, cannot. */
type ReadFormat = ImageFormat | 'gif' | 'webp';

const READERS: Readonly<Record<ReadFormat, (bytes: Uint8Array) => ImageSize>> = {
  jpeg: readJpegSize,
  png: readPngSize,
  gif: readGifSize,
  webp: readWebpSize,
};

/** First bytes of formats, ours and those that people send by mistake. `?` is any byte. */
const MAGIC = (
  [
    ['JPEG', 'ff d8 ff', 'jpeg'],
    ['PNG', '89 50 4e 47 0d 0a 1a 0a', 'png'],
    ['GIF', '47 49 46 38', 'gif'],
    ['BMP', '42 4d'],
    ['WebP', '52 49 46 46 ? ? ? ? 57 45 42 50', 'webp'],
    ['TIFF', '49 49 2a 00'],
    ['TIFF', '4d 4d 00 2a'],
    ['HEIC or AVIF', '? ? ? ? 66 74 79 70'],
    ['PDF', '25 50 44 46'],
    ['SVG or XML', '3c'],
  ] as readonly (readonly [name: string, pattern: string, format?: ReadFormat])[]
).map(([name, pattern, format]) => ({ name, format, bytes: pattern.split(' ').map(byteOf) }));

/**
 * Reads format and size, and refuses what no model should be made to decode.
 *
 * @throws TwinvecError UnsupportedMediaType for other formats, InvalidImage when the header is cut or impossible,
 *   PayloadTooLarge over `LIMITS.imagePixels`
 */
export function checkImage(bytes: Uint8Array): ImageSize & { readonly format: ImageFormat } {
  const format = formatOf(bytes);
  return { format, ...checkedSize(format, bytes) };
}

/**
 * For bytes that may be anything and that a graph may decode: what begins as an image has to have a size that can be
 * decoded.
 * @throws TwinvecError InvalidImage, PayloadTooLarge
 */
export function checkIfImage(bytes: Uint8Array): void {
  const format = MAGIC.find((magic) => startsWith(bytes, magic.bytes))?.format;
  if (format) checkedSize(format, bytes);
}

function checkedSize(format: ReadFormat, bytes: Uint8Array): ImageSize {
  const size = READERS[format](bytes);
  const { width, height, frames = 1 } = size;
  if (width === 0 || height === 0) {
    throw new TwinvecError('InvalidImage', `The image is ${width} x ${height} pixels: it holds nothing.`);
  }
  const { value: limit } = LIMITS.imagePixels;
  if (width * height * frames <= limit) return size;
  const times = frames === 1 ? '' : ` in each of ${frames} frames`;
  throw new TwinvecError(
    'PayloadTooLarge',
    `The image is ${width} x ${height} pixels${times}; the limit is ${limit} pixels in all.`,
  );
}

function formatOf(bytes: Uint8Array): ImageFormat {
  const known = MAGIC.find((magic) => startsWith(bytes, magic.bytes));
  if (known?.format === 'jpeg' || known?.format === 'png') return known.format;
  if (bytes.length < 12) throw new TwinvecError('InvalidImage', `${bytes.length} bytes are not an image.`);
  const what = known ? `is ${known.name}` : 'has no image format that is known';
  throw new TwinvecError('UnsupportedMediaType', `The image ${what}; send JPEG or PNG.`);
}

/** -1 is any byte. */
function startsWith(bytes: Uint8Array, wanted: readonly number[]): boolean {
  return bytes.length >= wanted.length && wanted.every((byte, at) => byte < 0 || bytes[at] === byte);
}

function byteOf(hex: string): number {
  return hex === '?' ? -1 : Number.parseInt(hex, 16);
}
