/**
 * The lines that start within a range of an object's bytes, so that functions can share one large object: each line
 * belongs to the range that its first byte is in, whatever the ranges, and none is read twice.
 */
import type { ByteRange } from './part.ts';

const NEWLINE = 0x0a;

/** Where reading has to begin: one byte early, to see whether a line starts exactly at the range. */
export function readingStart({ start }: ByteRange): number {
  return Math.max(0, start - 1);
}

export interface LineRange {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Byte offset in the object of the first byte of `chunks`; known once they have begun. */
  readonly base: () => number;
}

/** @param chunks From {@link readingStart} on */
export function linesStartingIn(range: ByteRange, chunks: AsyncIterable<Uint8Array>): LineRange {
  let base = readingStart(range);
  let begun = range.start === 0;

  async function* cut(): AsyncGenerator<Uint8Array> {
    let at = base;
    for await (const chunk of chunks) {
      let from = 0;
      if (!begun) {
        const newline = chunk.indexOf(NEWLINE);
        if (newline >= 0) {
          begun = true;
          from = newline + 1;
          base = at + from;
          if (base >= range.end) return;
        }
      }
      const chunkAt = at;
      at += chunk.length;
      if (!begun) continue;
      // The line that holds the last byte of the range ends at the first newline from there on.
      const end = chunk.indexOf(NEWLINE, Math.max(from, range.end - 1 - chunkAt));
      if (at >= range.end && end >= 0) {
        yield chunk.subarray(from, end + 1);
        return;
      }
      if (from < chunk.length) yield chunk.subarray(from);
    }
  }

  return { chunks: cut(), base: () => base };
}
