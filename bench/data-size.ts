/**
 * Training from memory against training from a file: rows gathered and steps made a second, in alternating rounds of one
 * run, and the peak memory of the real process both ways.
 */
import { link, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { createEpochs } from '../container/src/object2vec/data/batches.ts';
import { DataMemory } from '../container/src/object2vec/data/data-memory.ts';
import type { LoadedChannel } from '../container/src/object2vec/data/dataset.ts';
import { loadChannel } from '../container/src/object2vec/data/load-channel.ts';
import { createTrainingEngine } from '../container/src/object2vec/training/create-training-engine.ts';
import type { TrainingBatch } from '../container/src/object2vec/training/training-engine.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';
import { type GeneratedRows, layOutJob, watchTraining } from './training-process.ts';

/** 0.3 GB of JSON Lines, 0.2 GB of ids. */
const DATA: GeneratedRows = { rows: 500_000, vocabulary: 50_000, shortest: 1, longest: 99 };
const HYPERPARAMETERS = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: String(DATA.vocabulary),
  enc0_max_seq_len: '100',
  enc_dim: '64',
  mlp_layers: '1',
  mlp_dim: '64',
  mini_batch_size: '512',
  epochs: '1',
};
const ROUNDS = 7;
const BATCHES = 20;
const MIB = 1024 ** 2;

type Form = 'memory' | 'file';
const MEMORY_MB: Readonly<Record<Form, number>> = { memory: 8192, file: 16 };

export async function benchDataSize(): Promise<readonly BenchRow[]> {
  const baseDir = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  try {
    await layOutJob(baseDir, { train: DATA }, HYPERPARAMETERS);
    return [...(await measureRates(baseDir)), ...(await measureMemory(baseDir)), ...(await measureUnderLimit(baseDir))];
  } finally {
    await rm(baseDir, { recursive: true, force: true });
  }
}

async function measureRates(baseDir: string): Promise<readonly BenchRow[]> {
  const { settings } = parseHyperparameters(HYPERPARAMETERS);
  const path = join(baseDir, 'input/data/train/rows.jsonl');
  const load = async (form: Form) => {
    const started = performance.now();
    const memory = new DataMemory(MEMORY_MB[form] * MIB, baseDir);
    const data = await loadChannel('train', [{ path, name: 'train/rows.jsonl' }], settings.network, memory);
    return { data, seconds: (performance.now() - started) / 1000 };
  };
  const loaded = { memory: await load('memory'), file: await load('file') };
  const engine = await createTrainingEngine(settings, { engine: 'tensorflow', seed: 1, workDir: baseDir });
  try {
    const rates = { gather: { memory: [], file: [] }, train: { memory: [], file: [] } } as Record<
      'gather' | 'train',
      Record<Form, number[]>
    >;
    const batches = { memory: batchesOf(loaded.memory.data), file: batchesOf(loaded.file.data) };
    for (let round = 0; round < ROUNDS; round++) {
      for (const form of round % 2 === 0 ? (['memory', 'file'] as const) : (['file', 'memory'] as const)) {
        rates.gather[form].push(rateOf(batches[form], () => {}));
        rates.train[form].push(rateOf(batches[form], (batch) => engine.step(batch)));
      }
    }
    return [
      ...compare('batches without steps', rates.gather),
      ...compare('training', rates.train),
      { name: 'reading the channel into memory', value: loaded.memory.seconds, unit: 's' },
      {
        name: 'reading the channel into a file',
        value: loaded.file.seconds,
        unit: 's',
        ratio: loaded.file.seconds / loaded.memory.seconds,
        against: 'into memory',
      },
    ];
  } finally {
    engine.close();
    loaded.memory.data.close();
    loaded.file.data.close();
  }
}

function batchesOf(data: LoadedChannel): Iterator<TrainingBatch> {
  const plan = { miniBatchSize: 512, negativeSamplingRate: 0, bucketWidth: 0, seed: 1 };
  return createEpochs(data, plan).epoch(0).batches()[Symbol.iterator]();
}

/** Rows a second. */
function rateOf(batches: Iterator<TrainingBatch>, use: (batch: TrainingBatch) => void): number {
  let rows = 0;
  const started = performance.now();
  for (let batch = 0; batch < BATCHES; batch++) {
    const { value } = batches.next() as IteratorYieldResult<TrainingBatch>;
    use(value);
    rows += value.labels.length;
  }
  return rows / ((performance.now() - started) / 1000);
}

function compare(name: string, { memory, file }: Readonly<Record<Form, readonly number[]>>): BenchRow[] {
  return [
    { name: `${name}, ids in memory`, value: median(memory), unit: 'records/s' },
    {
      name: `${name}, ids in a file`,
      value: median(file),
      unit: 'records/s',
      ratio: median(file) / median(memory),
      against: 'in memory',
    },
  ];
}

/** The process is told to stop after its first hundred batches: by then it has read all data. */
async function measureMemory(baseDir: string): Promise<readonly BenchRow[]> {
  const peak = async (form: Form): Promise<number> => {
    const { exitCode, stderr, peakBytes } = await watchTraining(baseDir, {
      variables: { TWINVEC_ENGINE: 'tensorflow', TWINVEC_DATA_MEMORY_MB: String(MEMORY_MB[form]) },
      stopAt: 'batches: 100,',
    });
    if (exitCode !== 0) throw new Error(`train ended with ${exitCode}: ${stderr}`);
    return peakBytes / MIB;
  };
  const [memory, file] = [await peak('memory'), await peak('file')];
  const ids = (DATA.rows * (DATA.shortest + DATA.longest) * Int32Array.BYTES_PER_ELEMENT) / MIB;
  return [
    { name: 'ids of these data', value: ids, unit: 'MiB' },
    { name: 'train, peak memory (VmHWM), ids in memory', value: memory, unit: 'MiB' },
    { name: 'train, peak memory (VmHWM), TWINVEC_DATA_MEMORY_MB=16', value: file, unit: 'MiB' },
  ];
}

/** Parts of the larger data: each is the same file under another name. */
const PARTS = 6;
const LIMIT_MIB = 1000;

/** Data that is larger than all memory that the process can have. */
async function measureUnderLimit(baseDir: string): Promise<readonly BenchRow[]> {
  const folder = join(baseDir, 'input/data/train');
  for (let part = 1; part < PARTS; part++) await link(join(folder, 'rows.jsonl'), join(folder, `rows-${part}.jsonl`));
  const run = (form: Form) =>
    watchTraining(baseDir, {
      variables: { TWINVEC_ENGINE: 'tensorflow', TWINVEC_DATA_MEMORY_MB: String(MEMORY_MB[form]) },
      stopAt: 'batches: 100,',
      limitBytes: LIMIT_MIB * MIB,
    });
  const [file, memory] = [await run('file'), await run('memory')];
  const ids = (PARTS * DATA.rows * (DATA.shortest + DATA.longest) * Int32Array.BYTES_PER_ELEMENT) / MIB;
  return [
    {
      name: `ids of ${PARTS} times these data, with ${LIMIT_MIB} MiB for the process (ulimit -d)`,
      value: ids,
      unit: 'MiB',
    },
    { name: 'exit code, ids in a file', value: file.exitCode ?? Number.NaN, unit: '', bar: '0' },
    { name: 'peak memory (VmHWM), ids in a file', value: file.peakBytes / MIB, unit: 'MiB' },
    {
      name: 'exit code, TWINVEC_DATA_MEMORY_MB=8192: there is not that much',
      value: memory.exitCode ?? Number.NaN,
      unit: '',
    },
  ];
}
