/** How far predictions and values move together: Pearson's correlation, and Spearman's, which is Pearson's of the ranks. */

/** NaN when either side does not vary. */
export function pearson(one: ArrayLike<number>, other: ArrayLike<number>): number {
  const [mean0, mean1] = [meanOf(one), meanOf(other)];
  let products = 0;
  let squares0 = 0;
  let squares1 = 0;
  for (let i = 0; i < one.length; i++) {
    const [d0, d1] = [one[i]! - mean0, other[i]! - mean1];
    products += d0 * d1;
    squares0 += d0 * d0;
    squares1 += d1 * d1;
  }
  return products / Math.sqrt(squares0 * squares1);
}

export function spearman(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return pearson(ranksOf(one), ranksOf(other));
}

/** From 1; equal values share the mean of their ranks. */
function ranksOf(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (let at = from; at < to; at++) ranks[order[at]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
