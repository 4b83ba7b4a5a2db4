/** What an image says about itself before it is decoded (spec faults 2I). */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { readGifSize } from '#core/images/gif-header.ts';
import { checkIfImage, checkImage } from '#core/images/image-header.ts';
import { readWebpSize } from '#core/images/webp-header.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/images/${name}`, import.meta.url));
const bytes = (text: string) => new TextEncoder().encode(text);
const IMAGES = [
  'rgb.png',
  'gray.png',
  'palette.png',
  'alpha.png',
  'gray-16-bit.png',
  'rgb.jpg',
  'gray.jpg',
  'progressive.jpg',
  'cmyk.jpg',
  'exif-orientation-6.jpg',
];

/** A PNG's first 29 bytes: nothing else is needed to know its size. */
function pngOf(width: number, height: number): Uint8Array {
  const png = Uint8Array.from(fixture('rgb.png'));
  const view = new DataView(png.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return png;
}

describe('the header of an image', () => {
  it.each(IMAGES)('gives format and size of %s', (name) => {
    const format = name.endsWith('.png') ? 'png' : 'jpeg';
    expect(checkImage(fixture(name))).toEqual({ format, width: 8, height: 6 });
  });

  it.each(IMAGES)('I1: %s cut anywhere is refused or still has its size, and nothing else happens', (name) => {
    const whole = fixture(name);
    for (let length = 0; length < whole.length; length++) {
      try {
        expect(checkImage(whole.subarray(0, length))).toMatchObject({ width: 8, height: 6 });
      } catch (error) {
        expect(error).toBeInstanceOf(TwinvecError);
        expect(['InvalidImage', 'UnsupportedMediaType']).toContain((error as TwinvecError).code);
      }
    }
  });

  it.each([
    ['GIF', bytes('GIF89a..........')],
    ['BMP', bytes('BM..............')],
    ['WebP', bytes('RIFF....WEBPVP8 ')],
    ['TIFF', bytes('II*\0............')],
    ['HEIC or AVIF', bytes('\0\0\0\x18ftypheic....')],
    ['PDF', bytes('%PDF-1.7........')],
    ['SVG or XML', bytes('<svg xmlns="..."/>')],
    ['no image format that is known', bytes('just some text, really')],
  ])('I2: %s is refused by its first bytes, whatever it is called', (what, content) => {
    expect(() => checkImage(content)).toThrow(expect.objectContaining({ code: 'UnsupportedMediaType' }));
    expect(() => checkImage(content)).toThrow(what);
  });

  it('I3: a pixel bomb is refused by what its header promises', () => {
    expect(() => checkImage(pngOf(65_535, 65_535))).toThrow(expect.objectContaining({ code: 'PayloadTooLarge' }));
    expect(() => checkImage(pngOf(65_535, 65_535))).toThrow('65535 x 65535 pixels');
    expect(checkImage(pngOf(5_000, 5_000))).toMatchObject({ width: 5_000 });
  });

  it('I4: a JPEG of very many scans is refused', () => {
    // Prepare: the one scan of the image, repeated.
    const jpeg = fixture('rgb.jpg');
    const scanAt = jpeg.indexOf(Uint8Array.of(0xff, 0xda));
    const scan = jpeg.subarray(scanAt, jpeg.length - 2);
    const many = Buffer.concat([jpeg.subarray(0, scanAt), ...Array.from({ length: 10_000 }, () => scan)]);

    // Act, Assess
    expect(() => checkImage(many)).toThrow('more than 200 scans');
  });

  it.each([
    [0, 7],
    [7, 0],
  ])('I6: an image of %i x %i holds nothing', (width, height) => {
    expect(() => checkImage(pngOf(width, height))).toThrow(expect.objectContaining({ code: 'InvalidImage' }));
  });

  it('I6: an image of 1 x 100,000 is one', () => {
    expect(checkImage(pngOf(1, 100_000))).toMatchObject({ width: 1, height: 100_000 });
  });

  it('of random bytes is refused with an error of ours', () => {
    const jpeg = fixture('progressive.jpg');
    const seed = 20_261_121;
    fc.assert(
      fc.property(fc.nat(jpeg.length - 1), fc.uint8Array({ minLength: 1, maxLength: 16 }), (at, junk) => {
        const damaged = Uint8Array.from(jpeg);
        damaged.set(junk.subarray(0, damaged.length - at), at);
        try {
          expect(checkImage(damaged).width).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(TwinvecError);
        }
      }),
      { seed },
    );
  });
});

describe('the header of an image that a model may decode and nobody may name', () => {
  const ANIMATIONS = [
    ['rgb.gif', readGifSize, 1],
    ['frames.gif', readGifSize, 3],
    ['lossy.webp', readWebpSize, 1],
    ['lossless.webp', readWebpSize, 1],
    ['frames.webp', readWebpSize, 3],
  ] as const;

  /** A file whose first frame, of GIF or lossless WebP, says another size. */
  function resized(name: 'frames.gif' | 'lossless.webp', width: number, height: number): Uint8Array {
    const file = Uint8Array.from(fixture(name));
    const view = new DataView(file.buffer);
    if (name === 'lossless.webp') view.setUint32(21, (width - 1) | ((height - 1) << 14), true);
    else {
      const frameAt = file.indexOf(0x2c, 13 + 3 * 2 ** ((file[10]! & 7) + 1));
      view.setUint16(frameAt + 5, width, true);
      view.setUint16(frameAt + 7, height, true);
    }
    return file;
  }

  it.each(ANIMATIONS)('gives the size of %s and its frames', (name, read, frames) => {
    expect(read(fixture(name))).toEqual({ width: 8, height: 6, frames });
    expect(() => checkIfImage(fixture(name))).not.toThrow();
  });

  it.each([
    ['frames.gif', 60_000, 60_000, '60000 x 60000 pixels in each of 3 frames'],
    ['frames.gif', 5_000, 5_000, '5000 x 5000 pixels in each of 3 frames'],
    ['lossless.webp', 16_384, 16_384, '16384 x 16384 pixels'],
  ] as const)('I3: a pixel bomb in %s of %i x %i is refused', (name, width, height, what) => {
    const bomb = resized(name, width, height);
    expect(() => checkIfImage(bomb)).toThrow(expect.objectContaining({ code: 'PayloadTooLarge' }));
    expect(() => checkIfImage(bomb)).toThrow(what);
  });

  it.each(ANIMATIONS)('of %s, cut or damaged anywhere, is refused with an error of ours or passes', (name) => {
    const whole = fixture(name);
    const check = (bytes: Uint8Array) => {
      try {
        checkIfImage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(TwinvecError);
      }
    };
    for (let length = 0; length < whole.length; length++) check(whole.subarray(0, length));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 16 }), (at, junk) => {
        const damaged = Uint8Array.from(whole);
        damaged.set(junk.subarray(0, damaged.length - at), at);
        check(damaged);
      }),
      { seed: 20_261_121 },
    );
  });

  it.each(['', 'just some text, really', 'BM', 'RIFF'])('passes over %j, which is no image', (text) => {
    expect(() => checkIfImage(bytes(text))).not.toThrow();
  });
});
