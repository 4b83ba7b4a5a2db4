/**
 * What a response holds: how many records, and which of them are placeholders for records that could not be used.
 * Lines are found with `indexOf` over the bytes, so a response is never decoded as a whole.
 */
export interface ResponseRecords {
  readonly count: number;
  readonly placeholders: readonly Placeholder[];
}

export interface Placeholder {
  /** Zero-based index of the record within the response. */
  readonly index: number;
  /** The placeholder line, cut to {@link QUOTED_CHARACTERS}. */
  readonly text: string;
}

/** How a placeholder line of the Twinvec server starts (spec faults D3). */
const PLACEHOLDER_START = Buffer.from('{"error":');
const QUOTED_CHARACTERS = 512;
const NEWLINE = 0x0a;

/** One record per line that is not blank; the last line may have no newline. */
export function recordsOfLines(body: Uint8Array): ResponseRecords {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const placeholders: Placeholder[] = [];
  let count = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isBlankLine(bytes, start, end)) {
      if (startsWithPlaceholder(bytes, start, end)) {
        const text = bytes.toString('utf8', start, Math.min(end, start + QUOTED_CHARACTERS)).trimEnd();
        placeholders.push({ index: count, text });
      }
      count += 1;
    }
    start = end + 1;
  }
  return { count, placeholders };
}

function startsWithPlaceholder(bytes: Buffer, start: number, end: number): boolean {
  const length = PLACEHOLDER_START.length;
  return end - start >= length && bytes.compare(PLACEHOLDER_START, 0, length, start, start + length) === 0;
}

function isBlankLine(bytes: Buffer, start: number, end: number): boolean {
  return end === start || (end === start + 1 && bytes[start] === 0x0d);
}
