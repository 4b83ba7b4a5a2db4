/**
 * CRC-64/NVME, with which newer AWS clients check what they send to and read from S3. Two 32-bit halves, eight bytes a
 * step: JavaScript has no 64-bit integers that are fast.
 */
const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const SLICES = 8;

/** HIGH and LOW[slice * 256 + byte]: the effect of `byte` when `slice` more bytes follow it within one step. */
const HIGH = new Int32Array(SLICES * 256);
const LOW = new Int32Array(SLICES * 256);
fillTables();

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let high = 0;
    let low = byte;
    for (let bit = 0; bit < 8; bit++) {
      const odd = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (odd) {
        high ^= POLYNOMIAL_HIGH;
        low ^= POLYNOMIAL_LOW;
      }
    }
    HIGH[byte] = high;
    LOW[byte] = low;
  }
  for (let at = 256; at < SLICES * 256; at++) {
    const high = HIGH[at - 256]!;
    const low = LOW[at - 256]!;
    HIGH[at] = (high >>> 8) ^ HIGH[low & 255]!;
    LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255]!;
  }
}

/** The running state; {@link crc64NvmeBytes} gives the checksum. */
export interface Crc64 {
  high: number;
  low: number;
}

export function startCrc64Nvme(): Crc64 {
  return { high: -1, low: -1 };
}

export function updateCrc64Nvme(state: Crc64, bytes: Uint8Array): void {
  let { high, low } = state;
  let at = 0;
  for (const end = bytes.length - 8; at <= end; at += 8) {
    const first = low ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    const second = high ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24));
    const a = 1792 + (first & 255);
    const b = 1536 + ((first >>> 8) & 255);
    const c = 1280 + ((first >>> 16) & 255);
    const d = 1024 + (first >>> 24);
    const e = 768 + (second & 255);
    const f = 512 + ((second >>> 8) & 255);
    const g = 256 + ((second >>> 16) & 255);
    const h = second >>> 24;
    high = HIGH[a]! ^ HIGH[b]! ^ HIGH[c]! ^ HIGH[d]! ^ HIGH[e]! ^ HIGH[f]! ^ HIGH[g]! ^ HIGH[h]!;
    low = LOW[a]! ^ LOW[b]! ^ LOW[c]! ^ LOW[d]! ^ LOW[e]! ^ LOW[f]! ^ LOW[g]! ^ LOW[h]!;
  }
  for (; at < bytes.length; at++) {
    const index = (low ^ bytes[at]!) & 255;
    low = ((low >>> 8) | (high << 24)) ^ LOW[index]!;
    high = (high >>> 8) ^ HIGH[index]!;
  }
  state.high = high;
  state.low = low;
}

/** Eight bytes, the most significant first, as AWS sends them in base64. */
export function crc64NvmeBytes({ high, low }: Crc64): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, ~high);
  view.setInt32(4, ~low);
  return bytes;
}
