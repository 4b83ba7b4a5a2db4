/** From the text of a filter to its steps. A mistake is named with its column, because filters are typed by hand. */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { JsonPath, Position, SliceEnd, Step } from './json-path.ts';

export interface ParseOptions {
  /** @default 'exclusive' */
  readonly sliceEnd?: SliceEnd;
}

const NAME = /[^\s.[\]'"*,:()?@$]+/y;
const INTEGER = /-?\d{1,9}/y;

/**
 * @example
 * parseJsonPath("$['id','SageMakerOutput']"); parseJsonPath('$[0,-1]'); parseJsonPath('$.features[1:]');
 * @throws TwinvecError ValidationFailed with the column, from 1, of the first character that does not fit
 */
export function parseJsonPath(text: string, options: ParseOptions = {}): JsonPath {
  return new Parser(text, options.sliceEnd ?? 'exclusive').parse();
}

class Parser {
  readonly #text: string;
  readonly #sliceEnd: SliceEnd;
  #at = 0;

  constructor(text: string, sliceEnd: SliceEnd) {
    this.#text = text;
    this.#sliceEnd = sliceEnd;
  }

  parse(): JsonPath {
    this.#expect('$', 'the root, $');
    const steps: Step[] = [];
    while (this.#at < this.#text.length) steps.push(this.#step());
    return { text: this.#text, steps };
  }

  #step(): Step {
    if (this.#take('[')) return this.#brackets();
    this.#expect('.', '. or [');
    // AWS writes `$.features.['a','b']`.
    if (this.#take('[')) return this.#brackets();
    if (this.#take('*')) return { kind: 'wildcard' };
    return { kind: 'names', names: [this.#match(NAME, 'a name, * or [')] };
  }

  #brackets(): Step {
    this.#skipSpaces();
    const step = this.#insideBrackets();
    this.#skipSpaces();
    this.#expect(']', step.kind === 'wildcard' ? ']' : ', or ]');
    return step;
  }

  #insideBrackets(): Step {
    if (this.#take('*')) return { kind: 'wildcard' };
    const next = this.#text[this.#at];
    if (next !== "'" && next !== '"') return { kind: 'positions', positions: this.#list(() => this.#position()) };
    const names = this.#list(() => this.#quotedName());
    this.#refuseNesting(names);
    return { kind: 'names', names: names.map(({ name }) => name) };
  }

  #list<Item>(readItem: () => Item): Item[] {
    const items = [readItem()];
    for (;;) {
      this.#skipSpaces();
      if (!this.#take(',')) return items;
      this.#skipSpaces();
      items.push(readItem());
    }
  }

  #quotedName(): { readonly name: string; readonly column: number } {
    const column = this.#at + 1;
    const quote = this.#text[this.#at];
    if (quote !== "'" && quote !== '"') throw this.#wrong('a name in quotes');
    this.#at += 1;
    let name = '';
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#wrong(`the closing ${quote}`);
      this.#at += 1;
      if (character === quote) return { name, column };
      if (character === '\\' && this.#at < this.#text.length) {
        name += this.#text[this.#at];
        this.#at += 1;
      } else {
        name += character;
      }
    }
  }

  /** `['a','b.c']` means grandchildren at AWS, which refuses it; alone, a name may hold a dot. */
  #refuseNesting(names: readonly { readonly name: string; readonly column: number }[]): void {
    const nested = names.length > 1 ? names.find(({ name }) => name.includes('.')) : undefined;
    if (nested) throw this.#problem(nested.column, 'several names between brackets may not be nested with a dot');
  }

  #position(): Position {
    const start =
      this.#text[this.#at] === ':'
        ? undefined
        : Number(this.#match(INTEGER, 'an index, a slice, a name in quotes or *'));
    this.#skipSpaces();
    if (!this.#take(':')) return { kind: 'index', index: start! };
    this.#skipSpaces();
    INTEGER.lastIndex = this.#at;
    const end = INTEGER.test(this.#text) ? Number(this.#match(INTEGER, 'an index')) : undefined;
    if (this.#text[this.#at] === ':')
      throw this.#problem(this.#at + 1, 'slices with a step are not part of the subset');
    return { kind: 'slice', start, end: this.#exclusive(end) };
  }

  #exclusive(end: number | undefined): number | undefined {
    if (this.#sliceEnd === 'exclusive' || end === undefined) return end;
    return end === -1 ? undefined : end + 1;
  }

  #match(pattern: RegExp, expected: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw this.#wrong(expected);
    this.#at += found.length;
    return found;
  }

  #skipSpaces(): void {
    while (this.#text[this.#at] === ' ') this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string, expected: string): void {
    if (!this.#take(character)) throw this.#wrong(expected);
  }

  #wrong(expected: string): TwinvecError {
    const found = this.#text[this.#at];
    const what = found === undefined ? 'the end' : quoteForMessage(found);
    return this.#problem(this.#at + 1, `expected ${expected}, found ${what}`);
  }

  #problem(column: number, problem: string): TwinvecError {
    return new TwinvecError(
      'ValidationFailed',
      `the JSONPath ${quoteForMessage(this.#text)}, column ${column}: ${problem}`,
    );
  }
}
