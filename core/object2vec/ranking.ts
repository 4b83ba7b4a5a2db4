/** How high the right candidate ranks among many: hits@k, mean and median rank, mean reciprocal rank. */
export interface RankingQuality {
  readonly hitsAt1: number;
  readonly hitsAt5: number;
  readonly hitsAt10: number;
  readonly hitsAt20: number;
  readonly hitsAt50: number;
  readonly meanRank: number;
  readonly medianRank: number;
  readonly meanReciprocalRank: number;
}

/**
 * Rank of the right candidate, from 1. Of those with the same score, half count as ahead of it: the mean rank over all
 * orders of the tied, so that a model which scores everything alike gains nothing. Hence a rank may end in .5.
 */
export function rankOf(gold: number, scores: Float32Array): number {
  const goldScore = scores[gold]!;
  let better = 0;
  let equal = -1;
  for (const score of scores) {
    if (score > goldScore) better += 1;
    else if (score === goldScore) equal += 1;
  }
  return 1 + better + equal / 2;
}

/** @param ranks one for each query, at least one */
export function summarizeRanks(ranks: readonly number[]): RankingQuality {
  const hits = (limit: number) => ranks.filter((rank) => rank <= limit).length / ranks.length;
  const mean = (of: (rank: number) => number) => ranks.reduce((sum, rank) => sum + of(rank), 0) / ranks.length;
  const sorted = [...ranks].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return {
    hitsAt1: hits(1),
    hitsAt5: hits(5),
    hitsAt10: hits(10),
    hitsAt20: hits(20),
    hitsAt50: hits(50),
    meanRank: mean((rank) => rank),
    medianRank: sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    meanReciprocalRank: mean((rank) => 1 / rank),
  };
}
