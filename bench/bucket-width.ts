/**
 * What `bucket_width` does for bilstm, whose batches are padded to their longest row: an epoch of rows of 1 to 100
 * tokens with and without it, in alternating rounds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { createRandomDraws } from '#core/random/random-draws.ts';
import { createEpochs } from '../container/src/object2vec/data/batches.ts';
import { ChannelData } from '../container/src/object2vec/data/channel-data.ts';
import { DataMemory } from '../container/src/object2vec/data/data-memory.ts';
import { createTrainingEngine } from '../container/src/object2vec/training/create-training-engine.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

const ROWS = 2048;
const BATCH = 64;
const LONGEST = 100;
const VOCABULARY = 10_000;
const WIDTHS = [0, 10] as const;
const ROUNDS = 5;

export async function benchBucketWidth(): Promise<readonly BenchRow[]> {
  const { settings } = parseHyperparameters({
    enc0_network: 'bilstm',
    enc0_vocab_size: String(VOCABULARY),
    enc0_max_seq_len: String(LONGEST),
    enc0_token_embedding_dim: '100',
    enc_dim: '128',
    mlp_layers: '1',
  });
  const data = generatedRows();
  const workDir = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  const engine = await createTrainingEngine(settings, { engine: 'tensorflow', seed: 1, workDir });
  try {
    const rates = new Map<number, number[]>(WIDTHS.map((width) => [width, []]));
    // The first epoch of each warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const bucketWidth of WIDTHS) {
        const plan = { miniBatchSize: BATCH, negativeSamplingRate: 0, bucketWidth, seed: 1 };
        const epoch = createEpochs(data, plan).epoch(round);
        const started = performance.now();
        for (const batch of epoch.batches()) engine.step(batch);
        if (round > 0) rates.get(bucketWidth)!.push(ROWS / ((performance.now() - started) / 1000));
      }
    }
    const [plain, bucketed] = WIDTHS.map((width) => median(rates.get(width)!));
    const network = `bilstm 100 -> 128, rows of 1 to ${LONGEST} tokens, batch ${BATCH}`;
    return [
      { name: `${network}, bucket_width 0`, value: plain!, unit: 'records/s' },
      {
        name: `${network}, bucket_width 10`,
        value: bucketed!,
        unit: 'records/s',
        ratio: bucketed! / plain!,
        against: 'bucket_width 0',
      },
    ];
  } finally {
    engine.close();
    data.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

/** Both sides of a row are about equally long, as those of a translation or a paraphrase. */
function generatedRows(): ChannelData {
  const random = createRandomDraws({ seed: 1, stream: 1, turn: 0 });
  const data = new ChannelData('train', new DataMemory(Number.POSITIVE_INFINITY, tmpdir()));
  for (let row = 0; row < ROWS; row++) {
    const length = 1 + random.below(LONGEST);
    const side = (tokens: number) => ({
      ids: Int32Array.from({ length: tokens }, () => random.below(VOCABULARY)),
      offsets: Int32Array.of(0, tokens),
    });
    const other = Math.min(LONGEST, Math.max(1, length - 5 + random.below(11)));
    data.append({ in0: side(length), in1: side(other), labels: Float32Array.of(random.below(2)) }, (row + 1) / ROWS);
  }
  data.finish(0);
  return data;
}
