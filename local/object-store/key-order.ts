/** S3 lists keys in the order of their UTF-8 bytes, which is not the order of JavaScript's strings for all of Unicode. */

/** Negative, 0 or positive, as `Array.sort` wants it. */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return byteOrder(left) - byteOrder(right);
  }
  return a.length - b.length;
}

/** Characters above U+FFFF (surrogate pairs here) come after all others. */
function byteOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The first position whose key is not before `key`. */
export function lowerBound<Item>(sorted: readonly Item[], key: string, keyOf: (item: Item) => string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(keyOf(sorted[middle]!), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
