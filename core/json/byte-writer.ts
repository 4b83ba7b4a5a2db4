/**
 * A growing buffer to write a body into. Writers that know their size reserve it once and then write bytes directly.
 */
import { freeNow } from '#core/memory/free-now.ts';

const FIRST_BYTES = 1024;
/** Most bytes that UTF-8 takes for one UTF-16 code unit. */
const UTF8_BYTES_PER_UNIT = 3;

export class ByteWriter {
  /** Written up to `length`. Reserving may replace it. */
  bytes: Buffer;
  length = 0;

  constructor(expectedBytes = FIRST_BYTES) {
    this.bytes = Buffer.allocUnsafe(expectedBytes);
  }

  /** Makes sure that `count` more bytes fit. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.length + count, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    freeNow(this.bytes);
    this.bytes = larger;
  }

  /** Appends bytes; text that is always the same is best prepared once. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  appendText(text: string): void {
    this.reserve(text.length * UTF8_BYTES_PER_UNIT);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** What was written; later writes may or may not show in it. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
