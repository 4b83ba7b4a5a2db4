/**
 * The order of an epoch's pairs and where it is cut into batches: all pairs shuffled, or within buckets of similar
 * length and the batches shuffled among each other.
 */
import { type RandomDraws, shuffleInPlace } from '#core/random/random-draws.ts';

export interface BatchOrder {
  readonly pairs: Int32Array;
  /** Batch b holds `pairs[starts[b] .. ends[b])`. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Each bucket's last batch is smaller. @param bucketOf without it there is one bucket. */
export function orderBatches(
  count: number,
  miniBatchSize: number,
  random: RandomDraws,
  bucketOf?: (pair: number) => number,
): BatchOrder {
  const shuffled = new Int32Array(count);
  for (let pair = 0; pair < count; pair++) shuffled[pair] = pair;
  shuffleInPlace(shuffled, random);
  if (!bucketOf) return { pairs: shuffled, ...cut([count], miniBatchSize) };
  const { pairs, sizes } = sortIntoBuckets(shuffled, bucketOf);
  const { starts, ends } = cut(sizes, miniBatchSize);
  const batches = Int32Array.from(starts, (_, batch) => batch);
  shuffleInPlace(batches, random);
  return { pairs, starts: batches.map((batch) => starts[batch]!), ends: batches.map((batch) => ends[batch]!) };
}

/** Keeps the order within each bucket. */
function sortIntoBuckets(shuffled: Int32Array, bucketOf: (pair: number) => number) {
  const sizes: number[] = [];
  for (const pair of shuffled) {
    const bucket = bucketOf(pair);
    while (sizes.length <= bucket) sizes.push(0);
    sizes[bucket]! += 1;
  }
  const next: number[] = [];
  sizes.reduce((before, size) => {
    next.push(before);
    return before + size;
  }, 0);
  const pairs = new Int32Array(shuffled.length);
  for (const pair of shuffled) pairs[next[bucketOf(pair)]!++] = pair;
  return { pairs, sizes };
}

function cut(sizes: readonly number[], miniBatchSize: number): Pick<BatchOrder, 'starts' | 'ends'> {
  const batches = sizes.reduce((sum, size) => sum + Math.ceil(size / miniBatchSize), 0);
  const [starts, ends] = [new Int32Array(batches), new Int32Array(batches)];
  let batch = 0;
  let from = 0;
  for (const size of sizes) {
    const end = from + size;
    for (; from < end; from = ends[batch++]!) {
      starts[batch] = from;
      ends[batch] = Math.min(end, from + miniBatchSize);
    }
  }
  return { starts, ends };
}
