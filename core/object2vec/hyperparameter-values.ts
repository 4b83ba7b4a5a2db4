/**
 * Each hyperparameter's text -> its typed value by the table, one at a time; what does not fit becomes a problem in
 * words. The rules between hyperparameters are in parse-hyperparameters.ts.
 */
import { quoteForMessage } from '#core/errors.ts';
import {
  describeKind,
  HYPERPARAMETERS,
  type HyperparameterKind,
  type HyperparameterName,
  type HyperparameterRule,
} from './hyperparameters.ts';

type ValueOf<Kind> = Kind extends { type: 'integer' | 'float' }
  ? number
  : Kind extends { type: 'boolean' }
    ? boolean
    : Kind extends { type: 'list'; values: readonly (infer Value)[] }
      ? readonly Value[]
      : Kind extends { type: 'choice'; values: readonly (infer Value)[] }
        ? Value
        : string;

/** Typed values, defaults filled in; absent where nothing was given and no default exists, or the text was wrong. */
export type HyperparameterValues = {
  readonly [Name in HyperparameterName]?: ValueOf<(typeof HYPERPARAMETERS)[Name]['kind']>;
};

export interface ReadValues {
  /** The map itself. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly values: HyperparameterValues;
  /** What was given, without JSON quotes and outer blanks. */
  readonly texts: Readonly<Partial<Record<HyperparameterName, string>>>;
  readonly problems: string[];
}

export function readHyperparameterValues(given: Readonly<Record<string, unknown>>): ReadValues {
  const values: Record<string, unknown> = {};
  const texts: Partial<Record<HyperparameterName, string>> = {};
  const problems: string[] = [];
  for (const [key, rule] of Object.entries<HyperparameterRule>(HYPERPARAMETERS)) {
    const name = key as HyperparameterName;
    const text = Object.hasOwn(given, name) ? textOf(given[name]) : undefined;
    if (Object.hasOwn(given, name) && text === undefined) {
      problems.push(`${name} has a value that is not text; allowed: ${describeKind(rule.kind)}`);
      continue;
    }
    if (text !== undefined) texts[name] = text;
    const used = text ?? rule.default;
    if (used === undefined) continue;
    const value = readValue(used, rule.kind);
    if (value === undefined) problems.push(`${name} = ${quoteForMessage(used)}: allowed: ${describeKind(rule.kind)}`);
    else values[name] = value;
  }
  return { given, values: values as HyperparameterValues, texts, problems };
}

/** SDKs JSON-encode values, so that 64 may arrive as `64`, `"64"` with its quotes, or (in a hand-written file) a number. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  if (!/^".*"$/s.test(trimmed)) return trimmed;
  try {
    const unquoted: unknown = JSON.parse(trimmed);
    return typeof unquoted === 'string' ? unquoted.trim() : trimmed;
  } catch {
    return trimmed;
  }
}

/** AWS's pattern; a name of dots alone would be a folder. */
const FILE_NAME = /^(?!\.+$)[A-Za-z0-9._]*$/;
const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function readValue(text: string, kind: HyperparameterKind): number | boolean | string | readonly string[] | undefined {
  switch (kind.type) {
    case 'integer':
      return readNumber(text, INTEGER, kind);
    case 'float':
      return readNumber(text, DECIMAL, kind);
    case 'layers':
      return text === 'auto' || readNumber(text, INTEGER, kind) !== undefined ? text : undefined;
    case 'boolean':
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
    case 'choice':
      return kind.values.includes(text) ? text : undefined;
    case 'list': {
      const items = text.split(',').map((item) => item.trim());
      const allowed = items.every((item) => kind.values.includes(item));
      return allowed && new Set(items).size === items.length ? items : undefined;
    }
    case 'file':
      return FILE_NAME.test(text) ? text : undefined;
    case 'text':
      return text;
  }
}

function readNumber(text: string, form: RegExp, { min, max }: { min: number; max: number }): number | undefined {
  const value = form.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
