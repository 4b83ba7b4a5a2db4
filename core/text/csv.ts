/**
 * RFC 4180 records from pieces of text, cut anywhere. Quoting can be off, as text/tab-separated-values has it.
 * Blank lines are skipped; lines end with \n or \r\n; a byte order mark at the start is not data.
 */
import { TwinvecError } from '#core/errors.ts';

export interface DelimitedRow {
  readonly fields: readonly string[];
  /** One-based line on which the row starts. */
  readonly line: number;
}

export interface DelimitedForm {
  readonly delimiter: ',' | '\t' | ';';
  readonly quoting: boolean;
}

export const CSV: DelimitedForm = { delimiter: ',', quoting: true };
export const TSV: DelimitedForm = { delimiter: '\t', quoting: false };

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = '\ufeff';
/** A longer row is a quote that nobody closed. */
const MAX_ROW_CHARACTERS = 16 * 1024 * 1024;

type State = 'start' | 'bare' | 'quoted' | 'quote-in-quoted' | 'return-after-quote';

export class DelimitedReader {
  readonly #delimiter: number;
  readonly #quoting: boolean;
  #state: State = 'start';
  #fields: string[] = [];
  /** What the pieces before brought of the field that is being read. */
  #field = '';
  #rowCharacters = 0;
  #line = 1;
  #rowLine = 1;
  #atStart = true;

  constructor({ delimiter, quoting }: DelimitedForm) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quoting = quoting;
  }

  /**
   * The rows that this piece completes.
   * @throws TwinvecError InvalidTrainingData naming the line, when a quote stands where none may, or a row has no end
   */
  push(piece: string): DelimitedRow[] {
    const text = this.#atStart && piece.startsWith(BYTE_ORDER_MARK) ? piece.slice(1) : piece;
    if (piece.length > 0) this.#atStart = false;
    const rows: DelimitedRow[] = [];
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#state === 'quoted') {
        if (code === NEWLINE) this.#line += 1;
        if (code !== QUOTE) continue;
        this.#field += text.slice(start, at);
        this.#state = 'quote-in-quoted';
        start = at + 1;
      } else if (code === this.#delimiter) {
        this.#refuseStrayReturn();
        this.#endField(text.slice(start, at));
        start = at + 1;
      } else if (code === NEWLINE) {
        this.#endRow(text.slice(start, at), rows);
        start = at + 1;
      } else if (code === QUOTE && this.#quoting) {
        start = this.#quote(at);
      } else {
        start = this.#plain(code, at, start);
      }
    }
    this.#field += text.slice(start);
    this.#rowCharacters += text.length - start;
    if (this.#rowCharacters > MAX_ROW_CHARACTERS) throw this.#problem('the row has no end; is a quote not closed?');
    return rows;
  }

  /** The last row, when no line end follows it. */
  end(): DelimitedRow[] {
    if (this.#state === 'quoted') throw this.#problem('a quote is opened and never closed');
    const rows: DelimitedRow[] = [];
    if (this.#state !== 'start' || this.#fields.length > 0) this.#endRow('', rows);
    return rows;
  }

  /** A quote outside quotes: it opens a field, or doubles the quote before it and so is data. */
  #quote(at: number): number {
    if (this.#state === 'start') {
      this.#state = 'quoted';
      return at + 1;
    }
    this.#refuseStrayReturn();
    if (this.#state !== 'quote-in-quoted')
      throw this.#problem('a quote stands inside a field that does not start with one');
    this.#state = 'quoted';
    return at;
  }

  #plain(code: number, at: number, start: number): number {
    if (this.#state === 'quote-in-quoted' && code === CARRIAGE_RETURN) {
      this.#state = 'return-after-quote';
      return at + 1;
    }
    if (this.#state === 'quote-in-quoted' || this.#state === 'return-after-quote') {
      throw this.#problem('text follows the quote that ends a field');
    }
    this.#state = 'bare';
    return start;
  }

  #refuseStrayReturn(): void {
    if (this.#state === 'return-after-quote') throw this.#problem('text follows the quote that ends a field');
  }

  #endField(tail: string): void {
    this.#fields.push(this.#field + tail);
    this.#field = '';
    this.#state = 'start';
  }

  #endRow(tail: string, rows: DelimitedRow[]): void {
    const bare = this.#state === 'bare';
    const empty = this.#state === 'start' && this.#fields.length === 0;
    this.#endField(tail);
    const last = this.#fields.at(-1)!;
    if (bare && last.endsWith('\r')) this.#fields[this.#fields.length - 1] = last.slice(0, -1);
    const blank = empty || (bare && this.#fields.length === 1 && this.#fields[0] === '');
    if (!blank) rows.push({ fields: this.#fields, line: this.#rowLine });
    this.#fields = [];
    this.#rowCharacters = 0;
    this.#line += 1;
    this.#rowLine = this.#line;
  }

  #problem(what: string): TwinvecError {
    return new TwinvecError('InvalidTrainingData', `line ${this.#rowLine}: ${what}`);
  }
}
