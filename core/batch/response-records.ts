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
const CARRIAGE_RETURN = 0x0d;

/** One record per line that is not blank; the last line may have no newline. */
export function recordsOfLines(body: Uint8Array): ResponseRecords {
  const placeholders: Placeholder[] = [];
  let count = 0;
  for (const line of linesOf(body)) {
    if (isPlaceholder(line)) placeholders.push({ index: count, text: quoteLine(line) });
    count += 1;
  }
  return { count, placeholders };
}

/** The lines that are not blank, as views without their line ends. */
export function* linesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const next = newline < 0 ? body.length : newline + 1;
    let end = newline < 0 ? body.length : newline;
    if (end > start && body[end - 1] === CARRIAGE_RETURN) end -= 1;
    if (end > start) yield body.subarray(start, end);
    start = next;
  }
}

export function isPlaceholder(line: Uint8Array): boolean {
  const length = PLACEHOLDER_START.length;
  return line.length >= length && PLACEHOLDER_START.equals(line.subarray(0, length));
}

export function quoteLine(line: Uint8Array): string {
  return Buffer.from(line.subarray(0, QUOTED_CHARACTERS)).toString('utf8').trimEnd();
}

/** The same count for a response that comes in parts and is never held as a whole. */
export class StreamedRecords {
  readonly #mostListed: number;
  readonly #listed: Placeholder[] = [];
  #count = 0;
  #placeholders = 0;
  /** The start of the line that is being read, and how long it is so far. */
  #head: Uint8Array = new Uint8Array(0);
  #lineBytes = 0;
  #lastByte = -1;

  constructor(mostListed: number) {
    this.#mostListed = mostListed;
  }

  push(part: Uint8Array): void {
    let start = 0;
    for (let newline = part.indexOf(NEWLINE); newline >= 0; newline = part.indexOf(NEWLINE, start)) {
      this.#extend(part.subarray(start, newline));
      this.#endLine();
      start = newline + 1;
    }
    this.#extend(part.subarray(start));
    this.#lastByte = part.at(-1) ?? this.#lastByte;
  }

  end(): ResponseRecords & { readonly placeholderCount: number; readonly endsWithNewline: boolean } {
    this.#endLine();
    return {
      count: this.#count,
      placeholders: this.#listed,
      placeholderCount: this.#placeholders,
      endsWithNewline: this.#lastByte === NEWLINE,
    };
  }

  #extend(bytes: Uint8Array): void {
    this.#lineBytes += bytes.length;
    const missing = QUOTED_CHARACTERS - this.#head.length;
    if (missing > 0 && bytes.length > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, missing)]);
  }

  #endLine(): void {
    const blank = this.#lineBytes === 0 || (this.#lineBytes === 1 && this.#head[0] === CARRIAGE_RETURN);
    if (!blank) {
      if (isPlaceholder(this.#head)) {
        this.#placeholders += 1;
        if (this.#listed.length < this.#mostListed)
          this.#listed.push({ index: this.#count, text: quoteLine(this.#head) });
      }
      this.#count += 1;
    }
    this.#head = new Uint8Array(0);
    this.#lineBytes = 0;
  }
}
