/**
 * CRC-32C (Castagnoli), the checksum of TensorFlow's variable bundles and record files, sixteen bytes a
 * step. Node's zlib has only the other polynomial (CRC-32). A WebAssembly kernel of the same tables was measured at 1.1
 * times this speed with the copy into its memory, which is not worth having two.
 */
const REVERSED_POLYNOMIAL = 0x82f63b78;
const SLICES = 16;
const STEP_BYTES = 8;
/** Shorter data is not worth a view of its words. */
const WORDS_FROM_BYTES = 128;
const MASK_DELTA = 0xa282ead8;

/** TABLE[slice * 256 + byte]: the effect of `byte` when `slice` more bytes follow it within one step. */
const TABLE = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0);
    table[byte] = crc;
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const shorter = table[(slice - 1) * 256 + byte]!;
      table[slice * 256 + byte] = (shorter >>> 8) ^ table[shorter & 255]!;
    }
  }
  return table;
}

/**
 * The checksum of `bytes`, or of everything so far when `previous` is the checksum of what came before.
 *
 * @returns an unsigned 32-bit number.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  if (bytes.length < WORDS_FROM_BYTES) return ~overBytes(~previous, bytes, 0, bytes.length) >>> 0;
  const aligned = -bytes.byteOffset & 3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, (bytes.length - aligned) >> 2);
  const steps = words.length - (words.length % 4);
  const crc = overWords(overBytes(~previous, bytes, 0, aligned), words, steps);
  return ~overBytes(crc, bytes, aligned + steps * 4, bytes.length) >>> 0;
}

/** Goes on over `count` words, a multiple of four. */
function overWords(before: number, words: Int32Array, count: number): number {
  const table = TABLE;
  let crc = before;
  for (let at = 0; at < count; at += 4) {
    const a = words[at]! ^ crc;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    crc =
      table[3840 + (a & 255)]! ^
      table[3584 + ((a >>> 8) & 255)]! ^
      table[3328 + ((a >>> 16) & 255)]! ^
      table[3072 + (a >>> 24)]! ^
      table[2816 + (b & 255)]! ^
      table[2560 + ((b >>> 8) & 255)]! ^
      table[2304 + ((b >>> 16) & 255)]! ^
      table[2048 + (b >>> 24)]! ^
      table[1792 + (c & 255)]! ^
      table[1536 + ((c >>> 8) & 255)]! ^
      table[1280 + ((c >>> 16) & 255)]! ^
      table[1024 + (c >>> 24)]! ^
      table[768 + (d & 255)]! ^
      table[512 + ((d >>> 8) & 255)]! ^
      table[256 + ((d >>> 16) & 255)]! ^
      table[d >>> 24]!;
  }
  return crc;
}

/** Goes on over `bytes[from .. to)`. */
function overBytes(before: number, bytes: Uint8Array, from: number, to: number): number {
  const table = TABLE;
  let crc = before;
  let at = from;
  const steps = to - ((to - from) % STEP_BYTES);
  while (at < steps) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      table[1792 + (crc & 255)]! ^
      table[1536 + ((crc >>> 8) & 255)]! ^
      table[1280 + ((crc >>> 16) & 255)]! ^
      table[1024 + (crc >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
    at += STEP_BYTES;
  }
  while (at < to) {
    crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!;
    at++;
  }
  return crc;
}

/**
 * The form in which TensorFlow and LevelDB store a checksum next to the data that it covers: rotated and shifted, so
 * that a checksum over data that holds checksums stays meaningful (leveldb util/crc32c.h).
 */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
