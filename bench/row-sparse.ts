/**
 * One training step with a table of 3,000,000 rows against one of 30,000, the same number of distinct tokens in both:
 * what a step costs shall not follow the vocabulary. What remains is the processor's: rows of the small table are in
 * its caches. The image and the command line ask for huge pages, as GLIBC_TUNABLES=glibc.malloc.hugetlb=1 does here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { createRandomDraws, type RandomDraws, shuffleInPlace } from '#core/random/random-draws.ts';
import { createTrainingEngine } from '../container/src/object2vec/training/create-training-engine.ts';
import type { TrainingBatch, TrainingEngine } from '../container/src/object2vec/training/training-engine.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

const SMALL = 30_000;
const LARGE = 3_000_000;
const BATCH = 512;
const TOKENS = 5;
const WARM_UP = 10;
const STEPS = 25;
const ROUNDS = 8;
/** Weights and both moments. */
const COPIES = 3;
const GIB = 1024 ** 3;

export async function benchRowSparse(): Promise<readonly BenchRow[]> {
  return [
    ...(await compare(64, 'own tables')),
    ...(await compare(64, 'one table')),
    ...(await compare(300, 'one table')),
  ];
}

/** Whether both sides read one table or each its own. */
type Tables = 'one table' | 'own tables';

async function compare(dim: number, tables: Tables): Promise<readonly BenchRow[]> {
  const pages = process.env.GLIBC_TUNABLES?.includes('hugetlb=1') ? 'huge pages' : 'small pages';
  const name = `row_sparse step, enc_dim ${dim}, ${tables}, batch ${BATCH}, ${pages}`;
  const count = tables === 'own tables' ? 2 : 1;
  const needed = 1 + (count * COPIES * LARGE * dim * 4) / GIB;
  if (process.availableMemory() / GIB < needed) {
    return [{ name, value: Number.NaN, unit: `${needed.toFixed(1)} GiB have to be free` }];
  }
  const workDir = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  const open = async (vocabulary: number) => ({
    vocabulary,
    engine: await openEngine(vocabulary, dim, tables, workDir),
  });
  const [small, large] = [await open(SMALL), await open(LARGE)];
  try {
    const random = createRandomDraws({ seed: 1, stream: 1, turn: 0 });
    const milliseconds = new Map<number, number[]>([
      [SMALL, []],
      [LARGE, []],
    ]);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { vocabulary, engine } of round % 2 === 0 ? [small, large] : [large, small]) {
        milliseconds.get(vocabulary)!.push(...timeSteps(engine, vocabulary, random, round === 0 ? WARM_UP : 0));
      }
    }
    const [one, other] = [median(milliseconds.get(SMALL)!), median(milliseconds.get(LARGE)!)];
    return [
      { name: `${name}, vocabulary ${SMALL.toLocaleString('en-US')}`, value: one, unit: 'ms of processor time' },
      {
        name: `${name}, vocabulary ${LARGE.toLocaleString('en-US')}`,
        value: other,
        unit: 'ms of processor time',
        ratio: other / one,
        against: `vocabulary ${SMALL.toLocaleString('en-US')}`,
        bar: '<= 1.2 x',
      },
    ];
  } finally {
    small.engine.close();
    large.engine.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

function openEngine(vocabulary: number, dim: number, tables: Tables, workDir: string): Promise<TrainingEngine> {
  const { settings } = parseHyperparameters({
    enc0_network: 'pooled_embedding',
    enc0_vocab_size: String(vocabulary),
    enc0_max_seq_len: '50',
    enc1_vocab_size: String(vocabulary),
    enc1_max_seq_len: '50',
    enc_dim: String(dim),
    tied_token_embedding_weight: String(tables === 'one table'),
    token_embedding_storage_type: 'row_sparse',
  });
  return createTrainingEngine(settings, { engine: 'tensorflow', seed: 1, workDir });
}

/** Processor time of all threads: cache misses count, and other programs on the machine do not. */
function timeSteps(engine: TrainingEngine, vocabulary: number, random: RandomDraws, warmUp: number): number[] {
  const times: number[] = [];
  for (let step = 0; step < warmUp + STEPS; step++) {
    const batch = distinctTokens(vocabulary, random);
    const started = process.cpuUsage();
    engine.step(batch);
    const { user, system } = process.cpuUsage(started);
    if (step >= warmUp) times.push((user + system) / 1000);
  }
  return times;
}

/** As many distinct tokens whatever the vocabulary, spread over all of it and in random order. */
function distinctTokens(vocabulary: number, random: RandomDraws): TrainingBatch {
  const offsets = Int32Array.from({ length: BATCH + 1 }, (_, row) => row * TOKENS);
  const count = BATCH * TOKENS;
  const spacing = Math.floor(vocabulary / (2 * count));
  const places = Int32Array.from({ length: 2 * count }, (_, k) => k);
  shuffleInPlace(places, random);
  const ids = places.map((place) => place * spacing + random.below(spacing));
  return {
    in0: { ids: ids.slice(0, count), offsets },
    in1: { ids: ids.slice(count), offsets },
    labels: Float32Array.from({ length: BATCH }, () => random.below(2)),
  };
}
