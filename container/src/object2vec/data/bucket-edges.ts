/**
 * Rows of similar length share batches (hyperparameter `bucket_width`). The buckets are those of the built-in
 * algorithm's ancestor (Sockeye, spec object2vec 2): an edge every `width` tokens on the side whose rows are longer on
 * average, on the other side as many times closer as its rows are shorter; the last edge is max_seq_len.
 */
import type { Dataset } from './dataset.ts';

/** The bucket, from 0, of a pair with so many tokens of in0 and of in1: the first whose edges neither is over. */
export type BucketOf = (length0: number, length1: number) => number;

/** @param width more than 0 */
export function bucketsOf(dataset: Dataset, width: number): BucketOf {
  const ratio = meanLengthRatio(dataset);
  const step0 = ratio >= 1 ? Math.max(1, Math.round(width / ratio)) : width;
  const step1 = ratio >= 1 ? width : Math.max(1, Math.round(width * ratio));
  return (length0, length1) => Math.max(Math.ceil(length0 / step0), Math.ceil(length1 / step1)) - 1;
}

/** The mean over the rows of tokens of in1 for each token of in0. */
function meanLengthRatio(dataset: Dataset): number {
  let sum = 0;
  for (let row = 0; row < dataset.rows; row++) sum += dataset.lengthOf(1, row) / dataset.lengthOf(0, row);
  return sum / dataset.rows;
}
