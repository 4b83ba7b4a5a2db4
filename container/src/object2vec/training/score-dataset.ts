/**
 * The quality of predictions over a whole channel, part by part, leaving the event loop a turn between parts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GroupRanks } from '#core/object2vec/group-ranks.ts';
import { createMetricSums, type Metrics, rankingValues } from '#core/object2vec/metrics.ts';
import { type OutputSettings, outputWidth } from '#core/object2vec/settings.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import type { ScoredChannel } from '../data/scored-channel.ts';
import type { StopRequest } from './stop-request.ts';

/** [rows x output width]: probabilities or predicted values. */
export type Predict = (in0: TokenRows, in1: TokenRows) => Float32Array;

/** @returns undefined when a stop was requested before the last row. */
export async function scoreDataset(
  predict: Predict,
  channel: ScoredChannel,
  output: OutputSettings,
  stop: StopRequest,
): Promise<Metrics | undefined> {
  const sums = createMetricSums(output);
  const ranks = new GroupRanks(outputWidth(output));
  for (const { in0, in1, labels, drawn } of channel.batches()) {
    const predictions = predict(in0, in1);
    sums.add(predictions, labels);
    if (drawn) ranks.add(predictions, labels, drawn);
    await nextTurn();
    if (stop.requested) return undefined;
  }
  const metrics = sums.result();
  const ranking = ranks.result();
  return ranking ? { ...metrics, values: { ...metrics.values, ...rankingValues(ranking) } } : metrics;
}
