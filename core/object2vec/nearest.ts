/**
 * Exact search for the nearest of many embeddings. Candidates are taken in blocks that stay in the cache while four
 * queries at a time pass over them, so that each value is loaded once for four products.
 */
import { type Neighbour, TopK } from './top-k.ts';

export type Metric = 'cosine' | 'dot';

/** About half of a core's second-level cache. */
const BLOCK_FLOATS = 64 * 1024;
const QUERIES_AT_ONCE = 4;

export interface Matrix {
  readonly rows: number;
  readonly width: number;
  /** [rows x width] */
  readonly values: Float32Array;
}

/** A copy with rows of length 1, whose dot products are cosines. A row of zeros stays: its cosine with all is 0. */
export function toUnitRows({ rows, width, values }: Matrix): Matrix {
  const unit = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let squares = 0;
    for (let at = start; at < start + width; at++) squares += values[at]! * values[at]!;
    const length = Math.sqrt(squares) || 1;
    for (let at = start; at < start + width; at++) unit[at] = values[at]! / length;
  }
  return { rows, width, values: unit };
}

/**
 * 1 / length of each row; 0 for a row of zeros, whose cosine with all is 0. For cosines without a second copy of the
 * values; NaN or 0 shows a row that is not finite.
 * @param into [rows]
 */
export function inverseLengths(
  { rows, width, values }: Matrix,
  into: Float64Array = new Float64Array(rows),
): Float64Array {
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let at = row * width; at < (row + 1) * width; at++) squares += values[at]! * values[at]!;
    into[row] = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  }
  return into;
}

/** Dot product of one query with every row of a [rows x width] matrix. */
export function dotProducts(query: Float32Array, matrix: Float32Array): Float32Array {
  const width = query.length;
  const scores = new Float32Array(matrix.length / width);
  for (let row = 0; row < scores.length; row++) {
    const at = row * width;
    let sum = 0;
    for (let c = 0; c < width; c++) sum += query[c]! * matrix[at + c]!;
    scores[row] = sum;
  }
  return scores;
}

export interface SearchRules {
  /** Which candidates a query may get, such as all but itself; absent: all. */
  readonly isCandidate?: ((query: number, candidate: number) => boolean) | undefined;
  /** A factor for the dot products of each candidate, such as 1 / its length; absent: 1. */
  readonly factors?: Float64Array | undefined;
}

/**
 * @returns for each query its `k` candidates with the highest dot product, best first; fewer when there are not so many
 */
export function findNearest(
  queries: Matrix,
  candidates: Matrix,
  k: number,
  { isCandidate, factors }: SearchRules = {},
): Neighbour[][] {
  const best = Array.from({ length: queries.rows }, () => new TopK(k));
  eachProduct(queries, candidates, (query, count, candidate, scores) => {
    const factor = factors ? factors[candidate]! : 1;
    for (let lane = 0; lane < count; lane++) {
      const top = best[query + lane]!;
      const score = scores[lane]! * factor;
      if (score <= top.bar) continue;
      if (isCandidate && !isCandidate(query + lane, candidate)) continue;
      top.offer(candidate, score);
    }
  });
  return best.map((top) => top.sorted());
}

/**
 * The rank of each query's right candidate, by dot product, from 1; of those with the same product, half count as ahead
 * of it (ranking.ts).
 * @param golds the right candidate of each query
 * @param isCandidate says which others it is ranked among
 */
export function ranksAmong(
  queries: Matrix,
  golds: Int32Array,
  candidates: Matrix,
  isCandidate: (query: number, candidate: number) => boolean,
): Float64Array {
  const ranks = new Float64Array(queries.rows).fill(1);
  const scores = new Float64Array(QUERIES_AT_ONCE);
  const goldScores = Float64Array.from(golds, (gold, query) => {
    fourProducts(queries, query, candidates, gold, scores);
    return scores[0]!;
  });
  eachProduct(queries, candidates, (query, count, candidate, products) => {
    for (let lane = 0; lane < count; lane++) {
      const at = query + lane;
      if (!(products[lane]! >= goldScores[at]!) || candidate === golds[at] || !isCandidate(at, candidate)) continue;
      ranks[at]! += products[lane]! > goldScores[at]! ? 1 : 0.5;
    }
  });
  return ranks;
}

/**
 * Every candidate with every query, a block of candidates that stays in the cache at a time.
 * @param visit gets the products of `count` queries, from `query` on, with one candidate
 */
function eachProduct(
  queries: Matrix,
  candidates: Matrix,
  visit: (query: number, count: number, candidate: number, products: Float64Array) => void,
): void {
  const products = new Float64Array(QUERIES_AT_ONCE);
  const blockRows = Math.max(1, Math.floor(BLOCK_FLOATS / candidates.width));
  for (let block = 0; block < candidates.rows; block += blockRows) {
    const end = Math.min(block + blockRows, candidates.rows);
    for (let query = 0; query < queries.rows; query += QUERIES_AT_ONCE) {
      const count = Math.min(QUERIES_AT_ONCE, queries.rows - query);
      for (let candidate = block; candidate < end; candidate++) {
        fourProducts(queries, query, candidates, candidate, products);
        visit(query, count, candidate, products);
      }
    }
  }
}

/** Lanes beyond the last query repeat it; their products are not used. */
function fourProducts(queries: Matrix, query: number, candidates: Matrix, candidate: number, into: Float64Array): void {
  const { values: q, width } = queries;
  const { values: c } = candidates;
  const last = queries.rows - 1;
  let at = candidate * width;
  const end = at + width;
  let q0 = query * width;
  let q1 = Math.min(query + 1, last) * width;
  let q2 = Math.min(query + 2, last) * width;
  let q3 = Math.min(query + 3, last) * width;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  while (at < end) {
    const value = c[at++]!;
    sum0 += value * q[q0++]!;
    sum1 += value * q[q1++]!;
    sum2 += value * q[q2++]!;
    sum3 += value * q[q3++]!;
  }
  into[0] = sum0;
  into[1] = sum1;
  into[2] = sum2;
  into[3] = sum3;
}
