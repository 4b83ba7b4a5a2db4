/**
 * How a request asks for the nearest candidates in place of embeddings: `neighbours=10`, and if need be `metric=dot`, as
 * parameters of Accept (batch transform can set it) or in X-Amzn-SageMaker-Custom-Attributes (InvokeEndpoint's
 * CustomAttributes). Attributes of other names are somebody else's.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { acceptParameters } from '#core/http/accept.ts';
import { LIMITS } from '#core/limits.ts';
import type { Metric } from './nearest.ts';

export interface NeighbourWish {
  /** 1 to {@link LIMITS}.neighbours. */
  readonly k: number;
  readonly metric: Metric;
}

const COUNT = /^[1-9][0-9]{0,3}$/;

/**
 * Undefined when neighbours are not asked for.
 * @throws InvalidNeighbours for a count out of range, another metric, or two different wishes
 */
export function neighbourWish(
  accept: string | undefined,
  customAttributes: string | undefined,
): NeighbourWish | undefined {
  if (accept === undefined && customAttributes === undefined) return undefined;
  const given = [...acceptParameters(accept), ...attributesIn(customAttributes)];
  const count = onlyValue(given, 'neighbours');
  if (count === undefined) return undefined;
  const k = COUNT.test(count) ? Number(count) : 0;
  if (k < 1 || k > LIMITS.neighbours.value) {
    throw invalid(`neighbours is ${quoteForMessage(count)}; give a whole number from 1 to ${LIMITS.neighbours.value}`);
  }
  const metric = onlyValue(given, 'metric') ?? 'cosine';
  if (metric === 'cosine' || metric === 'dot') return { k, metric };
  throw invalid(`metric is ${quoteForMessage(metric)}; give cosine or dot`);
}

interface Given {
  readonly name: string;
  readonly value: string;
}

function attributesIn(text: string | undefined): readonly Given[] {
  return (text ?? '').split(/[;,]/).flatMap((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? [] : [{ name: part.slice(0, equals).trim(), value: part.slice(equals + 1).trim() }];
  });
}

function onlyValue(given: readonly Given[], wanted: string): string | undefined {
  const [first, ...others] = given.filter(({ name }) => name === wanted).map(({ value }) => value);
  const other = others.find((value) => value !== first);
  if (other === undefined) return first;
  throw invalid(`${wanted} is asked for twice, as ${quoteForMessage(first!)} and as ${quoteForMessage(other)}`);
}

function invalid(problem: string): TwinvecError {
  return new TwinvecError('InvalidNeighbours', `In Accept and CustomAttributes, ${problem}.`);
}
