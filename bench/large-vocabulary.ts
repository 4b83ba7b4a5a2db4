/**
 * The largest vocabulary, 3,000,000 tokens of 300 numbers in one table of 3.35 GiB, with Adam's two moments: trained,
 * exported, scored and served, with the memory that each of them takes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../test/server-process.ts';
import type { BenchRow } from './bench-row.ts';
import { folderBytes, layOutJob, memoryOf, watchTraining } from './training-process.ts';

const GIB = 1024 ** 3;
const VOCABULARY = 3_000_000;
const LIMIT_GIB = 16;
const STEPS = 300;
const BATCH = 512;
/** 13.4 GiB of tables, the engine, and something for everyone else on the machine. */
const FREE_GIB = 15;

export async function benchLargeVocabulary(): Promise<readonly BenchRow[]> {
  const free = process.availableMemory() / GIB;
  if (free < FREE_GIB) {
    const reason = `${FREE_GIB} GiB have to be free, and ${free.toFixed(1)} are`;
    return [{ name: 'vocabulary 3,000,000 x 300', value: Number.NaN, unit: reason }];
  }
  const baseDir = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  try {
    const rows = { vocabulary: VOCABULARY, shortest: 10, longest: 10 };
    await layOutJob(
      baseDir,
      { train: { ...rows, rows: STEPS * BATCH }, validation: { ...rows, rows: 2000 }, test: { ...rows, rows: 2000 } },
      {
        enc0_network: 'pooled_embedding',
        enc0_vocab_size: String(VOCABULARY),
        enc0_max_seq_len: '50',
        enc_dim: '300',
        tied_token_embedding_weight: 'true',
        token_embedding_storage_type: 'row_sparse',
        optimizer: 'adam',
        mini_batch_size: String(BATCH),
        epochs: '1',
      },
    );
    return [...(await measureTraining(baseDir)), ...(await measureServing(join(baseDir, 'model')))];
  } finally {
    await rm(baseDir, { recursive: true, force: true });
  }
}

async function measureTraining(baseDir: string): Promise<readonly BenchRow[]> {
  const { exitCode, stderr, stdout, seconds, peakBytes, phases } = await watchTraining(baseDir, {
    variables: { TWINVEC_ENGINE: 'tensorflow' },
  });
  if (exitCode !== 0) throw new Error(`train ended with ${exitCode}: ${stderr}`);
  const throughput = Number(/train throughput=(\S+) records/.exec(stdout)?.[1]);
  return [
    { name: 'train, whole job', value: seconds, unit: 's' },
    { name: `train, peak memory (VmHWM)`, value: peakBytes / GIB, unit: 'GiB', bar: `<= ${LIMIT_GIB} GiB` },
    ...[...phases].flatMap(([phase, { peakBytes: peak, seconds: lasted }]): BenchRow[] => [
      { name: `${phase}, peak memory`, value: peak / GIB, unit: 'GiB' },
      { name: `${phase}, time`, value: lasted, unit: 's' },
    ]),
    { name: `training, batch ${BATCH}, 10 + 10 tokens a row`, value: throughput, unit: 'records/s' },
    { name: 'model folder', value: folderBytes(join(baseDir, 'model')) / GIB, unit: 'GiB' },
  ];
}

async function measureServing(modelDir: string): Promise<readonly BenchRow[]> {
  const started = performance.now();
  const server = await startServer({ modelDir, env: { TWINVEC_ENGINE: 'tensorflow' } });
  try {
    const ready = (performance.now() - started) / 1000;
    const answer = async (record: object): Promise<string> => {
      const response = await fetch(`${server.url}/invocations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ instances: [record] }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`The server answered ${response.status}: ${text}`);
      return text;
    };
    const { scores } = JSON.parse(await answer({ in0: [1, 2_999_999], in1: [1_500_000] })).predictions[0];
    const { embeddings } = JSON.parse(await answer({ in0: [2_999_999] })).predictions[0];
    return [
      { name: 'serve, start to ready', value: ready, unit: 's' },
      { name: `serve, ${scores.length} scores of a pair, their sum`, value: scores[0] + scores[1], unit: '' },
      { name: 'serve, length of an embedding', value: embeddings.length, unit: 'numbers' },
      { name: 'serve, peak memory (VmHWM)', value: memoryOf(server.pid)!.peak / GIB, unit: 'GiB' },
    ];
  } finally {
    await server.stop();
  }
}
