/** Which variant of an endpoint answers a request, and which of its instances. */
import type { HostedInstance } from '../hosting/hosted-instance.ts';

export interface Weighted {
  readonly weight: number;
}

/**
 * By weight / sum of weights, each equally likely when all weights are 0. Undefined when there is none.
 *
 * @param draw in [0, 1)
 */
export function chooseByWeight<T extends Weighted>(choices: readonly T[], draw: number): T | undefined {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return choices[Math.floor(draw * choices.length)];
  let left = draw * total;
  for (const choice of choices) {
    left -= choice.weight;
    if (left < 0) return choice;
  }
  // Rounding may leave a crumb after the last one that has a weight.
  return choices.findLast(({ weight }) => weight > 0);
}

export type RoutingStrategy = 'RANDOM' | 'LEAST_OUTSTANDING_REQUESTS';

/** Counts the requests that each instance is working on. */
export class Outstanding {
  readonly #counts = new WeakMap<HostedInstance, number>();

  of(instance: HostedInstance): number {
    return this.#counts.get(instance) ?? 0;
  }

  /** @returns what to call when the request is over */
  begin(instance: HostedInstance): () => void {
    this.#counts.set(instance, this.of(instance) + 1);
    return () => void this.#counts.set(instance, this.of(instance) - 1);
  }
}

/** One of those that answer; undefined when none does. */
export function chooseInstance(
  instances: readonly HostedInstance[],
  strategy: RoutingStrategy,
  outstanding: Outstanding,
  draw: number,
): HostedInstance | undefined {
  const healthy = instances.filter((instance) => instance.describeEnd() === undefined);
  const least = Math.min(...healthy.map((instance) => outstanding.of(instance)));
  const able = strategy === 'RANDOM' ? healthy : healthy.filter((instance) => outstanding.of(instance) === least);
  return able[Math.floor(draw * able.length)];
}
