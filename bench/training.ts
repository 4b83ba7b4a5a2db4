/**
 * Training speed on AWS's MovieLens rating network, against PyTorch on the same network in the same run.
 *
 * PyTorch is not installed by Twinvec: set TWINVEC_TORCH_PYTHON to a Python that has it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import type { EngineKind } from '../container/src/engine/session.ts';
import { createTrainingEngine } from '../container/src/object2vec/training/create-training-engine.ts';
import type { TrainingBatch } from '../container/src/object2vec/training/training-engine.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

const BATCH = 64;
const STEPS = 150;
const WARM_UP = 20;
const ROUNDS = 3;
const PYTORCH_SCRIPT = fileURLToPath(new URL('./pytorch-rating.py', import.meta.url));

/** Spec object2vec 5.1, the rating task: AWS's very settings. */
const RATING: Object2VecSettings = {
  network: {
    enc0: {
      network: 'pooled_embedding',
      vocabularySize: 944,
      maxSeqLen: 1,
      tokenEmbeddingDim: 1024,
      layers: 1,
      filterWidth: 1,
    },
    enc1: {
      network: 'pooled_embedding',
      vocabularySize: 1684,
      maxSeqLen: 1,
      tokenEmbeddingDim: 1024,
      layers: 1,
      filterWidth: 1,
    },
    encDim: 1024,
    tiedTokenEmbedding: false,
    tokenBias: false,
    comparators: ['hadamard', 'concat', 'abs_diff'],
    mlp: { layers: 1, dim: 256, activation: 'tanh' },
    output: { kind: 'mean_squared_error' },
    dropout: 0,
  },
  words: { enc0: {}, enc1: {} },
  optimizer: {
    name: 'adam',
    learningRate: 0.001,
    weightDecay: 0,
    decoupledWeightDecay: false,
    gradientClip: 0,
    learningRateSchedule: 'constant',
    warmupSteps: 0,
  },
  loop: {
    epochs: 1,
    miniBatchSize: BATCH,
    negativeSamplingRate: 0,
    validationNegativeSamplingRate: 0,
    bucketWidth: 0,
    earlyStoppingPatience: 3,
    earlyStoppingTolerance: 0.01,
    seed: 1,
  },
};

export async function benchTraining(): Promise<readonly BenchRow[]> {
  const native: number[] = [];
  const torchDense: number[] = [];
  const torchSparse: number[] = [];
  const python = process.env.TWINVEC_TORCH_PYTHON;
  for (let round = 0; round < ROUNDS; round++) {
    native.push(await measure('tensorflow'));
    if (python) {
      torchDense.push(await measurePyTorch(python, []));
      torchSparse.push(await measurePyTorch(python, ['--sparse']));
    }
  }
  const ours = median(native);
  const against = (rates: readonly number[], name: string, bar?: string): BenchRow =>
    rates.length === 0
      ? { name: `training, ${name}`, value: Number.NaN, unit: 'TWINVEC_TORCH_PYTHON is not set' }
      : {
          name: `training, ${name}`,
          value: median(rates),
          unit: 'records/s',
          ratio: ours / median(rates),
          against: 'Twinvec native / this',
          ...(bar ? { bar } : {}),
        };
  return [
    { name: 'training, Twinvec native', value: ours, unit: 'records/s' },
    { name: 'training, Twinvec fallback', value: await measure('js'), unit: 'records/s' },
    against(torchDense, 'PyTorch with Adam', '>= 3 x'),
    against(torchSparse, 'PyTorch with SparseAdam for the tables'),
  ];
}

async function measure(engine: EngineKind): Promise<number> {
  const workDir = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  const training = await createTrainingEngine(RATING, { engine, seed: 1, workDir });
  try {
    const batches = Array.from({ length: WARM_UP + STEPS }, (_, step) => ratingBatch(step));
    for (const batch of batches.slice(0, WARM_UP)) training.step(batch);
    const started = performance.now();
    for (const batch of batches.slice(WARM_UP)) training.step(batch);
    return (STEPS * BATCH) / ((performance.now() - started) / 1000);
  } finally {
    training.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

/** One user, one movie and a rating from 1 to 5 a row; fixed by the step, spread over the tables by a multiplier. */
function ratingBatch(step: number): TrainingBatch {
  const offsets = Int32Array.from({ length: BATCH + 1 }, (_, row) => row);
  const draw = (row: number, prime: number, size: number) => 1 + (((step * BATCH + row) * prime) % (size - 1));
  const column = (prime: number, size: number) =>
    Int32Array.from({ length: BATCH }, (_, row) => draw(row, prime, size));
  return {
    in0: { ids: column(7919, 944), offsets },
    in1: { ids: column(104_729, 1684), offsets },
    labels: Float32Array.from({ length: BATCH }, (_, row) => draw(row, 1_299_709, 6)),
  };
}

async function measurePyTorch(python: string, flags: readonly string[]): Promise<number> {
  const { network } = RATING;
  const sizes = {
    vocab0: network.enc0.vocabularySize,
    vocab1: network.enc1.vocabularySize,
    'enc-dim': network.encDim,
    'mlp-dim': network.mlp.dim,
    batch: BATCH,
    steps: STEPS,
    warmup: WARM_UP,
  };
  const args = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(python, [PYTORCH_SCRIPT, ...args, ...flags]);
  return (JSON.parse(stdout) as { recordsPerSecond: number }).recordsPerSecond;
}
