/**
 * RFC 4180 over the bytes of one body, field by field, without strings: for requests, where the reader of streamed text
 * (csv.ts) would make a string of every number (docs/decisions/0022). The same rules: quotes only around whole fields,
 * `""` for a quote, lines end with \n or \r\n, blank lines are skipped.
 */
import { TwinvecError } from '#core/errors.ts';
import { BYTE, ByteCursor } from '#core/json/byte-cursor.ts';
import { skipByteOrderMark } from '#core/json/lines.ts';

export interface CsvRules {
  /** Whether a quoted field may hold line breaks. Where lines are records, as in batch transform, it may not. */
  readonly lineBreaksInQuotes: boolean;
}

export class CsvCursor extends ByteCursor {
  /** Zero-based index of the field being read. */
  column = 0;
  readonly #rules: CsvRules;
  /** Number of the line on which the next byte lies. */
  #nextLine = 1;

  constructor(bytes: Uint8Array, rules: CsvRules) {
    super(bytes);
    this.#rules = rules;
    skipByteOrderMark(this);
  }

  /** Moves to the first field of the next row that is not blank; false when there is none. */
  nextRow(): boolean {
    const { bytes, end } = this;
    while (this.at < end) {
      const next = bytes[this.at] === BYTE.carriageReturn ? this.at + 1 : this.at;
      if (next < end && bytes[next] !== BYTE.newline) break;
      this.at = next + 1;
      this.#nextLine++;
    }
    this.line = this.#nextLine;
    this.column = 0;
    return this.at < end;
  }

  /** After a field: steps over the comma when another field follows. */
  takeComma(): boolean {
    if (this.peek() !== BYTE.comma) return false;
    this.at++;
    this.column++;
    return true;
  }

  /** After the last field: steps over the end of the line. */
  endRow(): void {
    if (this.peek() === BYTE.carriageReturn) this.at++;
    if (this.at < this.end) this.at++;
    this.#nextLine++;
  }

  /** True where a field can end. */
  atFieldEnd(): boolean {
    const { bytes, at, end } = this;
    if (at === end) return true;
    const byte = bytes[at]!;
    if (byte === BYTE.comma || byte === BYTE.newline) return true;
    return byte === BYTE.carriageReturn && (at + 1 === end || bytes[at + 1] === BYTE.newline);
  }

  /** The content of the field at the cursor, which is moved to its end. A view of the body, or a copy without quotes. */
  readField(): Uint8Array {
    return this.peek() === BYTE.quote ? this.#readQuoted() : this.#readBare();
  }

  /** Gives up the rest of the line, for the next row to start behind it. */
  skipLine(): void {
    const newline = this.bytes.indexOf(BYTE.newline, this.at);
    this.at = newline < 0 ? this.end : newline + 1;
    this.#nextLine = this.line + 1;
  }

  /** The row and the field, in the words of a message. */
  fieldPlace(): string {
    return `${this.place()}, column ${this.column}`;
  }

  #readBare(): Uint8Array {
    const from = this.at;
    while (!this.atFieldEnd()) {
      if (this.peek() === BYTE.quote)
        throw this.malformed('a quote stands inside a field that does not start with one');
      this.at++;
    }
    return this.bytes.subarray(from, this.at);
  }

  #readQuoted(): Uint8Array {
    const { bytes, end } = this;
    const from = ++this.at;
    let doubled = 0;
    for (; ; this.at++) {
      if (this.at >= end) throw this.malformed('a quote is opened and never closed');
      const byte = bytes[this.at];
      if (byte === BYTE.newline) this.#lineBreakInQuotes();
      if (byte !== BYTE.quote) continue;
      if (this.at + 1 < end && bytes[this.at + 1] === BYTE.quote) {
        doubled++;
        this.at++;
      } else break;
    }
    const content = bytes.subarray(from, this.at++);
    if (!this.atFieldEnd()) throw this.malformed('text follows the quote that ends a field');
    return doubled === 0 ? content : withoutDoubledQuotes(content, doubled);
  }

  #lineBreakInQuotes(): void {
    if (!this.#rules.lineBreaksInQuotes) {
      const advice = 'split by line, CSV cannot hold a line break within quotes; send JSON Lines';
      throw this.malformed(`a quote is not closed on its line: ${advice}`);
    }
    this.#nextLine++;
  }

  malformed(problem: string): TwinvecError {
    return new TwinvecError('MalformedBody', `${this.fieldPlace()}: ${problem}`, this.errorPlace());
  }
}

function withoutDoubledQuotes(content: Uint8Array, doubled: number): Uint8Array {
  const plain = new Uint8Array(content.length - doubled);
  let at = 0;
  for (let from = 0; from < content.length; from++) {
    plain[at++] = content[from]!;
    if (content[from] === BYTE.quote) from++;
  }
  return plain;
}
