/** Events of a log file from a byte offset on, or the last ones, without reading all of it. */
import { open } from 'node:fs/promises';
import { type LogEvent, parseEventLine } from './log-file.ts';

/** Most that one call reads: CloudWatch answers with at most 1 MB. */
const PIECE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export interface EventsPage {
  readonly events: readonly LogEvent[];
  /** The byte offsets of the first event and after the last one. */
  readonly start: number;
  readonly end: number;
}

/** A line without a time has that of the line before it. */
function timed(lines: readonly string[], fallbackMs: number): LogEvent[] {
  let last = fallbackMs;
  return lines.map((line) => {
    const event = parseEventLine(line, last);
    last = event.timestamp;
    return event;
  });
}

/** Only whole lines: what is still being written is for the next call. `start` must be the start of a line. */
export async function readEvents(file: string, start: number, most: number, fallbackMs: number): Promise<EventsPage> {
  const bytes = await readPiece(file, start);
  const lines: string[] = [];
  let end = 0;
  while (lines.length < most) {
    const newline = bytes.indexOf(NEWLINE, end);
    if (newline < 0) break;
    lines.push(bytes.toString('utf8', end, newline));
    end = newline + 1;
  }
  // A line longer than a piece is passed over, rather than holding the reader up for ever.
  if (end === 0 && bytes.length === PIECE_BYTES) end = PIECE_BYTES;
  return { events: timed(lines, fallbackMs), start, end: start + end };
}

/** The last whole lines before `end`, which is the end of a line. */
export async function readLastEvents(file: string, end: number, most: number, fallbackMs: number): Promise<EventsPage> {
  const from = Math.max(0, end - PIECE_BYTES);
  const bytes = (await readPiece(file, from)).subarray(0, end - from);
  const whole = bytes.lastIndexOf(NEWLINE) + 1;
  let start = whole;
  const lines: string[] = [];
  while (lines.length < most && start > 0) {
    const newline = start < 2 ? -1 : bytes.lastIndexOf(NEWLINE, start - 2);
    // The first line of a piece from the middle of the file may have lost its beginning.
    if (newline < 0 && from > 0) break;
    lines.push(bytes.toString('utf8', newline + 1, start - 1));
    start = newline + 1;
  }
  return { events: timed(lines.reverse(), fallbackMs), start: from + start, end: from + whole };
}

async function readPiece(file: string, start: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(PIECE_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
