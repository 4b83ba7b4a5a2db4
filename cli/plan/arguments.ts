/** Times and numbers by instance type, as a person types them after a flag of `twinvec plan`. */
import { InvalidArgumentError } from 'commander';

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** `90min` -> 5400; undefined where it is no time above zero. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|min|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const seconds = Number(number) * SECONDS[unit]!;
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}

type Numbers = Readonly<Record<string, number>>;

/** Gathers `ml.g5.xlarge=9000` into a table, one argument at a time. */
export function instanceNumbers(text: string, before: Numbers = {}): Numbers {
  const [, type, digits] = /^(ml\.[a-z0-9-]+\.[a-z0-9]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (type === undefined || digits === undefined) throw new InvalidArgumentError('Write it as ml.g5.xlarge=NUMBER.');
  const number = Number(digits);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('The number must be above 0.');
  if (Object.hasOwn(before, type)) throw new InvalidArgumentError(`${type} is given twice.`);
  return { ...before, [type]: number };
}
