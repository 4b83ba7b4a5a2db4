/**
 * Initial values of parameters, drawn in TypeScript so that every engine starts from the same numbers. A piece of a
 * table can be filled on its own: a table of any size streams through a small buffer.
 */
import { fillUniform, streamNumber } from '#core/random/philox.ts';

export type Initializer =
  | { readonly kind: 'zeros' }
  /** Every row the same: one number for each column. */
  | { readonly kind: 'columns'; readonly values: readonly number[] }
  /** Uniform in (-limit, limit). */
  | { readonly kind: 'uniform'; readonly limit: number };

/**
 * Uniform with the variance that keeps signals as large after a dense layer as before it, forward and backward
 * (Glorot and Bengio, 2010).
 */
export function glorotUniform(fanIn: number, fanOut: number): Initializer {
  return { kind: 'uniform', limit: Math.sqrt(6 / (fanIn + fanOut)) };
}

/** MXNet's default for every weight (python/mxnet/initializer.py, class Uniform); ours for token vectors that are averaged. */
export const SMALL_UNIFORM: Initializer = { kind: 'uniform', limit: 0.01 };

/** Rows of `width` numbers whose squares sum to 1 on average, whatever the width. */
export function unitRows(width: number): Initializer {
  return { kind: 'uniform', limit: Math.sqrt(3 / width) };
}

/** Elements `start` .. `start + target.length` of the parameter's initial value, in row order. */
export function fillInitial(
  target: Float32Array,
  parameter: { readonly name: string; readonly initializer: Initializer },
  seed: number,
  start = 0,
): void {
  const { initializer, name } = parameter;
  if (initializer.kind === 'zeros') {
    target.fill(0);
    return;
  }
  if (initializer.kind === 'columns') {
    const { values } = initializer;
    for (let i = 0; i < target.length; i++) target[i] = values[(start + i) % values.length]!;
    return;
  }
  fillUniform(target, { seed, stream: streamNumber(name), turn: 0 }, start);
  for (let i = 0; i < target.length; i++) target[i] = (2 * target[i]! - 1) * initializer.limit;
}
