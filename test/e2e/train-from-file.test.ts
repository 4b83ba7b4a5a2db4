/** Data that is too large for its memory trains from a file, to the very same model; a disk that is full says so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';

const MAIN = fileURLToPath(new URL('../../container/src/main.ts', import.meta.url));

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'twinvec-train-'));
});
afterEach(() => rm(baseDir, { recursive: true, force: true }));

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(baseDir, path)), { recursive: true });
  await writeFile(join(baseDir, path), content);
}

/** Rows of 1 to 40 tokens; the label is whether both sides begin in the same half of the vocabulary. */
function someRows(from: number, count: number): string {
  const row = (i: number): string => {
    const tokens = (salt: number) => Array.from({ length: 1 + ((i * salt) % 40) }, (_, k) => (i * salt * 31 + k) % 100);
    const [in0, in1] = [tokens(7), tokens(11)];
    return JSON.stringify({ label: Number(in0[0]! < 50 === in1[0]! < 50), in0, in1 });
  };
  return `${Array.from({ length: count }, (_, i) => row(from + i)).join('\n')}\n`;
}

async function layOutJob(changes: Record<string, string> = {}): Promise<void> {
  const hyperparameters = {
    enc0_network: 'bilstm',
    enc0_vocab_size: '100',
    enc0_max_seq_len: '40',
    enc0_token_embedding_dim: '6',
    enc_dim: '8',
    mlp_layers: '1',
    mlp_dim: '8',
    epochs: '2',
    ...changes,
  };
  await put('input/config/hyperparameters.json', JSON.stringify(hyperparameters));
  await put('input/data/train/a.jsonl', someRows(0, 700));
  await put('input/data/train/b.jsonl', someRows(700, 50));
  await put('input/data/validation/a.jsonl', someRows(750, 200));
  await put('input/data/test/a.jsonl', someRows(950, 200));
}

/** @param dataMemoryMb one page of ids is 1 MiB, so that 1 never is enough */
async function train(engine: string, dataMemoryMb: string, largestFileKib = 'unlimited') {
  const child = spawn('bash', ['-c', `ulimit -f ${largestFileKib}; exec "$0" "$1" train`, process.execPath, MAIN], {
    env: {
      ...process.env,
      SAGEMAKER_BASE_DIR: baseDir,
      TWINVEC_ENGINE: engine,
      TWINVEC_DATA_MEMORY_MB: dataMemoryMb,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

describe.each(ENGINES)('a job whose data does not fit into its memory, on engine %s', (engine) => {
  it.each([
    ['negatives', { negative_sampling_rate: '2' }],
    ['buckets', { bucket_width: '4', dropout: '0.1' }],
  ])('makes the model of a job that has the memory, byte for byte, with %s', async (_, changes) => {
    // Prepare
    const model = async (dataMemoryMb: string) => {
      await layOutJob(changes);
      const { code, stdout, stderr } = await train(engine, dataMemoryMb);
      expect(code, stderr).toBe(0);
      return {
        notes: stderr.split('\n').filter((line) => line.includes('is read from a file')),
        metrics: stdout.match(/^#quality_metric.*$/gm),
        weights: await readFile(join(baseDir, 'model/1/variables/variables.data-00000-of-00001')),
      };
    };

    // Act
    const [inMemory, fromFile] = [await model('100'), await model('1')];

    // Assess
    expect(inMemory.notes).toEqual([]);
    expect(fromFile.notes.map((line) => line.split('"')[1])).toEqual(['train', 'validation', 'test']);
    expect(fromFile.metrics).toEqual(inMemory.metrics);
    expect(fromFile.weights.equals(inMemory.weights)).toBe(true);
    expect((await readdir(baseDir)).sort()).toEqual(['input', 'model']);
  });
});

describe('a job whose data fits neither into its memory nor on the disk', () => {
  it('names the folder, what is needed and what to do, and leaves nothing behind', async () => {
    // Prepare
    await layOutJob();

    // Act: no file over 8 KiB can be written
    const { code } = await train('js', '1', '8');

    // Assess
    expect(code).toBe(1);
    expect(await readFile(join(baseDir, 'output/failure'), 'utf8')).toMatch(
      /^AlgorithmError: Channel "train" does not fit into the 1\.0 MiB of memory for data \(TWINVEC_DATA_MEMORY_MB\), and there is no space for it in .*: it needs about 1\d\d\.\d KiB there, of which 8\.0 KiB were written\. Give the folder more space, or the data more memory \(EFBIG\)\.$/,
    );
    expect((await readdir(baseDir)).sort()).toEqual(['input', 'output']);
  });
});
