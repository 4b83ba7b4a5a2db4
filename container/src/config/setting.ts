/**
 * One environment variable as data: name, default, what it accepts and what it means. Tables of these are parsed once
 * at the edge, printed by `--help`, and turned into one refusal that lists every problem.
 */
import { quoteForMessage } from '#core/errors.ts';

export interface Setting<T> {
  readonly name: string;
  /** What it accepts, in words: shown by `--help` and in refusals. */
  readonly accepts: string;
  /** Shown by `--help`; the value in force is `fallback` or derived from other settings. */
  readonly defaultText: string;
  readonly doc: string;
  readonly fallback: T;
  /** The value, or undefined when the text is not acceptable. */
  readonly parse: (text: string) => T | undefined;
}

interface Described<T> {
  readonly name: string;
  readonly fallback: T;
  readonly doc: string;
  readonly defaultText?: string;
}

/** Decimal digits only: `Number` would also take '', ' 8 ', '0x10' and '1e3'. */
const DECIMAL = /^(0|[1-9][0-9]{0,15})$/;

/** A whole number from `min` to `max`, both included. */
export function wholeNumber<D>(of: Described<D> & { readonly min: number; readonly max: number }): Setting<number | D> {
  return {
    ...of,
    accepts: `a whole number from ${of.min} to ${of.max}`,
    defaultText: of.defaultText ?? String(of.fallback),
    parse(text) {
      if (!DECIMAL.test(text)) return undefined;
      const value = Number(text);
      return value >= of.min && value <= of.max ? value : undefined;
    },
  };
}

/** A decimal fraction from `min` to `max`, both included. */
export function fraction<D>(of: Described<D> & { readonly min: number; readonly max: number }): Setting<number | D> {
  return {
    ...of,
    accepts: `a number from ${of.min} to ${of.max}`,
    defaultText: of.defaultText ?? String(of.fallback),
    parse(text) {
      if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) return undefined;
      const value = Number(text);
      return value >= of.min && value <= of.max ? value : undefined;
    },
  };
}

/** Names between commas, without spaces. */
export function nameList(of: Omit<Described<readonly string[]>, 'fallback'>): Setting<readonly string[]> {
  return {
    ...of,
    accepts: 'names between commas',
    defaultText: of.defaultText ?? 'none',
    fallback: [],
    parse(text) {
      const names = text.split(',');
      return names.every((name) => /^[A-Za-z0-9_.>]+$/.test(name)) ? names : undefined;
    },
  };
}

/** Whole numbers above 0 between commas, each larger than the one before. */
export function increasingNumbers(of: Omit<Described<undefined>, 'fallback'>): Setting<readonly number[] | undefined> {
  return {
    ...of,
    accepts: 'increasing whole numbers between commas',
    defaultText: of.defaultText ?? 'none',
    fallback: undefined,
    parse(text) {
      const parts = text.split(',');
      const numbers = parts.map(Number);
      const isIncreasing = numbers.every((number, at) => number > (numbers[at - 1] ?? 0));
      return isIncreasing && parts.every((part) => DECIMAL.test(part)) ? numbers : undefined;
    },
  };
}

/** One of a few words, as written; `aliases` maps other spellings to them. */
export function choice<const W extends string, const D extends W | undefined>(
  of: Described<D> & { readonly words: readonly W[]; readonly aliases?: Readonly<Record<string, W>> },
): Setting<W | D> {
  return {
    ...of,
    accepts: of.words.join(' | '),
    defaultText: of.defaultText ?? String(of.fallback),
    parse: (text) => of.words.find((word) => word === text) ?? of.aliases?.[text],
  };
}

/** `true` or `false` in any case: SageMaker sends `true`, its local mode `True`. */
export function flag<D extends boolean | undefined>(of: Described<D>): Setting<boolean | D> {
  return {
    ...of,
    accepts: 'true | false',
    defaultText: String(of.fallback),
    parse: (text) => ({ true: true, false: false })[text.toLowerCase()],
  };
}

/** Any text without white space or control characters. */
export function word<D extends string | undefined>(of: Described<D>): Setting<string | D> {
  return {
    ...of,
    accepts: 'text without spaces',
    defaultText: of.defaultText ?? String(of.fallback),
    parse: (text) => (/^[\x21-\x7e]+$/.test(text) ? text : undefined),
  };
}

/** Reads settings of one environment and gathers what is wrong with them. */
export class SettingsReader {
  readonly problems: string[] = [];
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** The value, or the default after noting a problem: reading goes on so that all problems are found. */
  read<T>(setting: Setting<T>): T {
    const text = this.#env[setting.name];
    if (text === undefined) return setting.fallback;
    const value = setting.parse(text);
    if (value !== undefined) return value;
    this.problems.push(`${setting.name} must be ${setting.accepts}, not ${quoteForMessage(text)}`);
    return setting.fallback;
  }
}
