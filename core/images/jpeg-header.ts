/**
 * The size of a JPEG, in its frame header, behind any number of other segments (ITU-T T.81, annex B); and how many scans
 * it has: a progressive file of a few kilobytes can make a decoder pass over all pixels thousands of times.
 */
import { TwinvecError } from '#core/errors.ts';

const MARKER = 0xff;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const SCAN_MARKER = Buffer.from([MARKER, START_OF_SCAN]);
/** Encoders make about ten scans of a progressive image; jpeg-turbo's own fuzzers stop at 500. */
const MAX_SCANS = 200;

export interface JpegSize {
  readonly width: number;
  readonly height: number;
}

/** @throws TwinvecError InvalidImage */
export function readJpegSize(bytes: Uint8Array): JpegSize {
  let size: JpegSize | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    const marker = nextMarker(bytes, at);
    if (!marker || marker.code === END_OF_IMAGE) break;
    at = marker.end;
    if (hasNoLength(marker.code)) continue;
    const length = segmentLength(bytes, at);
    if (isFrameHeader(marker.code)) size = frameSize(bytes, at, length);
    if (marker.code === START_OF_SCAN) {
      if (++scans > MAX_SCANS) throw invalid(`The JPEG has more than ${MAX_SCANS} scans, which only costs time.`);
      // Most images have one scan, and stepping through its data would cost more than all the rest.
      if (!hasScanAfter(bytes, at)) break;
    }
    at += length;
  }
  if (!size) throw invalid('The JPEG ends before it says how large it is.');
  if (scans === 0) throw invalid('The JPEG ends before its first scan.');
  return size;
}

/** The next marker from `from` on: entropy-coded data and fill bytes are stepped over. */
function nextMarker(bytes: Uint8Array, from: number): { readonly code: number; readonly end: number } | undefined {
  for (let at = bytes.indexOf(MARKER, from); at >= 0; at = bytes.indexOf(MARKER, at + 1)) {
    const code = bytes[at + 1];
    if (code === undefined) return undefined;
    // A zero after 0xff is data, another 0xff is fill.
    if (code !== 0 && code !== MARKER) return { code, end: at + 2 };
  }
  return undefined;
}

function hasScanAfter({ buffer, byteOffset, length }: Uint8Array, at: number): boolean {
  return Buffer.from(buffer, byteOffset + at, length - at).includes(SCAN_MARKER);
}

/** Restart markers, start of image and TEM stand alone. */
function hasNoLength(code: number): boolean {
  return (code >= 0xd0 && code <= 0xd8) || code === 0x01;
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which lie between them. */
function isFrameHeader(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}

function segmentLength(bytes: Uint8Array, at: number): number {
  const length = at + 1 < bytes.length ? bytes[at]! * 256 + bytes[at + 1]! : 0;
  if (length < 2 || at + length > bytes.length) throw invalid(`The JPEG ends within a segment at byte ${at}.`);
  return length;
}

function frameSize(bytes: Uint8Array, at: number, length: number): JpegSize {
  if (length < 8) throw invalid('The JPEG has a frame header that is too short.');
  return { height: bytes[at + 3]! * 256 + bytes[at + 4]!, width: bytes[at + 5]! * 256 + bytes[at + 6]! };
}

function invalid(message: string): TwinvecError {
  return new TwinvecError('InvalidImage', message);
}
