/** The loop keeps the best epoch, stops when it should and survives what goes wrong, around a real small model. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import type { Dataset } from '../../../../container/src/object2vec/data/dataset.ts';
import { asItIs, withNegatives } from '../../../../container/src/object2vec/data/scored-channel.ts';
import type { StopRequest } from '../../../../container/src/object2vec/training/stop-request.ts';
import type { StepOutcome, TrainingEngine } from '../../../../container/src/object2vec/training/training-engine.ts';
import { type TrainingInput, trainEpochs } from '../../../../container/src/object2vec/training/training-loop.ts';
import { createTrainingReport } from '../../../../container/src/object2vec/training/training-report.ts';
import { datasetOf, type Row } from './rows-as-dataset.ts';

/** Logistic regression on a weight for each token of both sides: small, and it really learns. */
class LogisticEngine implements TrainingEngine {
  readonly engine = 'js';
  readonly #weights = new Float64Array(20);
  readonly #learningRate: number;
  readonly weightBytes = 160;
  readonly stateBytes = 160;
  steps = 0;

  constructor(learningRate: number) {
    this.#learningRate = learningRate;
  }

  step({ in0, in1, labels }: Parameters<TrainingEngine['step']>[0]): StepOutcome {
    this.steps += 1;
    const scores = this.predict(in0, in1);
    let loss = 0;
    let correct = 0;
    labels.forEach((label, row) => {
      const probability = scores[2 * row + 1]!;
      if (probability > 0.5 === (label === 1)) correct += 1;
      loss -= Math.log(label === 1 ? probability : 1 - probability) / labels.length;
      for (const token of this.#tokens(in0, in1, row)) {
        this.#weights[token]! += (this.#learningRate * (label - probability)) / labels.length;
      }
    });
    return { loss, correct };
  }

  predict(in0: TokenRows, in1: TokenRows): Float32Array {
    const rows = in0.offsets.length - 1;
    const scores = new Float32Array(2 * rows);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (const token of this.#tokens(in0, in1, row)) sum += this.#weights[token]!;
      scores[2 * row + 1] = 1 / (1 + Math.exp(-sum));
      scores[2 * row] = 1 - scores[2 * row + 1]!;
    }
    return scores;
  }

  saveWeights(prefix: string): Promise<void> {
    return writeFile(`${prefix}.index`, JSON.stringify([...this.#weights]));
  }

  saveState(prefix: string): Promise<void> {
    return this.saveWeights(prefix);
  }

  async restoreState(prefix: string, steps: number): Promise<void> {
    this.#weights.set(JSON.parse(await readFile(`${prefix}.index`, 'utf8')));
    this.steps = steps;
  }

  close(): void {}

  #tokens(in0: TokenRows, in1: TokenRows, row: number): number[] {
    return [in0.ids[in0.offsets[row]!]!, 10 + in1.ids[in1.offsets[row]!]!];
  }
}

/** `label(i)` for pairs of tokens 0..9. */
function dataset(rows: number, label: (in0: number, in1: number) => number): Dataset {
  return datasetOf(
    Array.from({ length: rows }, (_, i): Row => {
      const [in0, in1] = [i % 10, Math.floor(i / 10) % 10];
      return [[in0], [in1], label(in0, in1)];
    }),
  );
}

const learnable = dataset(100, (a, b) => (a + b > 9 ? 1 : 0));
const contrary = dataset(100, (a, b) => (a + b > 9 ? 0 : 1));

let weightsDir: string;
beforeEach(async () => {
  weightsDir = await mkdtemp(join(tmpdir(), 'twinvec-loop-'));
});
afterEach(() => rm(weightsDir, { recursive: true }));

function inputFor(given: Record<string, string>, parts: Partial<TrainingInput> & { learningRate?: number } = {}) {
  const lines: string[] = [];
  const { settings } = parseHyperparameters({
    enc0_network: 'pooled_embedding',
    enc0_vocab_size: '10',
    enc0_max_seq_len: '1',
    mini_batch_size: '10',
    ...given,
  });
  const sink = { write: (text: string) => void lines.push(...text.trimEnd().split('\n')) };
  const input: TrainingInput = {
    engine: new LogisticEngine(parts.learningRate ?? 1),
    settings,
    train: learnable,
    validation: asItIs(learnable),
    report: createTrainingReport('algo-1', sink, sink),
    stop: { requested: false },
    weightsDir,
    ...parts,
  };
  return { input, lines };
}

/** Becomes true once the engine has made so many steps. */
function stopAfter(steps: number, engine: LogisticEngine): StopRequest {
  return {
    get requested() {
      return engine.steps >= steps;
    },
  };
}

/** Remembers how much of the job was said to be done at each step. */
class ProgressEngine extends LogisticEngine {
  readonly progress: number[] = [];

  override step(batch: Parameters<TrainingEngine['step']>[0], progress = Number.NaN): StepOutcome {
    this.progress.push(progress);
    return super.step(batch);
  }
}

describe('the training loop', () => {
  it('tells the engine how much of all epochs is done, for schedules', async () => {
    // Prepare
    const engine = new ProgressEngine(1);
    const { input } = inputFor({ epochs: '2', mini_batch_size: '40' }, { engine });

    // Act
    await trainEpochs(input);

    // Assess: batches of 40, 40 and 20 of 100 rows, twice
    [0, 0.2, 0.4, 0.5, 0.7, 0.9].forEach((done, i) => {
      expect(engine.progress[i]).toBeCloseTo(done, 12);
    });
    expect(engine.progress.length).toBe(6);
  });

  it('prints the accuracy of the training rows, each before its step', async () => {
    // Prepare: one step an epoch, so that the weights of one epoch answer for the next
    const { input, lines } = inputFor({ epochs: '2', mini_batch_size: '100' });

    // Act
    await trainEpochs(input);

    // Assess
    const told = (epoch: number, split: string) =>
      lines
        .find((line) => line.startsWith(`#quality_metric: host=algo-1, epoch=${epoch}, ${split} accuracy <score>=`))
        ?.split('>=')[1];
    const halves = learnable.labels.filter((label) => label === 0).length / learnable.rows;
    expect(told(0, 'train')).toBe(String(halves));
    expect(told(1, 'train')).toBe(told(0, 'validation'));
  });

  it('keeps the weights of the best epoch, and only those', async () => {
    const { input, lines } = inputFor({ epochs: '12', early_stopping_tolerance: '0.000001' });

    const result = await trainEpochs(input);

    expect(result).toMatchObject({ end: 'all epochs', epochs: 12, weights: { epoch: 11 } });
    expect(await readdir(weightsDir)).toEqual([`${result.weights!.prefix.split('/').at(-1)}.index`]);
    const losses = lines.filter((line) => line.includes('validation cross_entropy'));
    expect(losses.length).toBe(12);
    expect(losses.at(-1)).toContain(`<loss>=${result.weights!.loss}`);
    expect(lines).toContain('#progress_metric: host=algo-1, completed 100 % of epochs');
  });

  it('stops early when validation gets worse, and keeps the first epoch', async () => {
    const { input, lines } = inputFor({ epochs: '30', early_stopping_patience: '2' }, { validation: asItIs(contrary) });

    const result = await trainEpochs(input);

    expect(result).toMatchObject({ end: 'early stopping', epochs: 5, weights: { epoch: 0 } });
    expect(lines).toContain('Early stopping criterion met! Stopping training at epoch: 4');
  });

  it('prints how positives rank among negatives of validation, which count in its loss', async () => {
    // Prepare: two positives of one in0; the others of its ten pairs are negatives
    const positives = dataset(100, (a, b) => (a === 9 && b > 7 ? 1 : 0));
    const drawn = { channel: 'validation', rate: 4, seed: 1 } as const;
    const plain = inputFor({ epochs: '1' }, { validation: asItIs(positives) });
    const ranked = inputFor({ epochs: '1' }, { validation: withNegatives(positives, positives, drawn) });

    // Act
    await trainEpochs(plain.input);
    await trainEpochs(ranked.input);

    // Assess
    const told = (lines: readonly string[], metric: string) =>
      Number(lines.find((line) => line.includes(`epoch=0, validation ${metric}=`))?.split('>=')[1]);
    expect(told(ranked.lines, 'hits_at_5 <score>')).toBe(1);
    expect(told(ranked.lines, 'mean_rank <loss>')).toBeGreaterThanOrEqual(1);
    expect(told(ranked.lines, 'mean_rank <loss>')).toBeLessThanOrEqual(5);
    expect(told(ranked.lines, 'mean_reciprocal_rank <score>')).toBeGreaterThan(0.2);
    expect(told(ranked.lines, 'cross_entropy <loss>')).not.toBe(told(plain.lines, 'cross_entropy <loss>'));
    expect(plain.lines.some((line) => line.includes('mean_rank'))).toBe(false);
  });

  it('keeps the last epoch without a validation channel', async () => {
    const { input } = inputFor({ epochs: '3' }, { validation: undefined });
    const result = await trainEpochs(input);
    expect(result.end).toBe('all epochs');
    expect(result.weights).toEqual({ prefix: expect.any(String), epoch: 2 });
  });

  it('gives the same metrics and weights for the same seed', async () => {
    const run = async (seed: string) => {
      const { input, lines } = inputFor({ epochs: '2', seed, negative_sampling_rate: '2' });
      const { weights } = await trainEpochs(input);
      return [lines.filter((line) => line.startsWith('#quality')), await readFile(`${weights!.prefix}.index`, 'utf8')];
    };
    const first = await run('3');
    expect(await run('3')).toEqual(first);
    expect(await run('4')).not.toEqual(first);
  });

  it('stops after the current step on request, with what it has learnt so far', async () => {
    const engine = new LogisticEngine(1);
    const { input } = inputFor({}, { engine, stop: stopAfter(3, engine) });

    const result = await trainEpochs(input);

    expect(engine.steps).toBe(3);
    expect(result).toMatchObject({ end: 'stop request', epochs: 0, weights: { epoch: 0 } });
    expect(result.weights).not.toHaveProperty('loss');
  });

  it('keeps the best epoch so far when a stop comes later', async () => {
    const engine = new LogisticEngine(1);
    const { input } = inputFor({}, { engine, stop: stopAfter(25, engine) });
    const result = await trainEpochs(input);
    expect(engine.steps).toBe(25);
    expect(result).toMatchObject({ end: 'stop request', epochs: 2, weights: { epoch: 1 } });
  });

  it('has no weights when a stop comes before the first step', async () => {
    const { input } = inputFor({}, { stop: { requested: true } });
    expect(await trainEpochs(input)).toEqual({ end: 'stop request', epochs: 0, weights: undefined });
  });

  it('ends with the epoch and the likely cause when the loss is not finite', async () => {
    const { input } = inputFor({ learning_rate: '1' }, { learningRate: 1e9 });
    await expect(trainEpochs(input)).rejects.toMatchObject({
      code: 'NonFiniteOutput',
      message: expect.stringMatching(/epoch 0, batch \d+\. Likely learning_rate=1 is too high/),
    });
  });

  it.each([
    [{ learning_rate: '1', weight_decay: '3' }, 'Likely learning_rate=1 or weight_decay=3 is too high.'],
    [
      { output_layer: 'mean_squared_error', optimizer: 'adadelta', weight_decay: '3' },
      'Likely weight_decay=3 is too high, or labels are very large: scale them to about -1 to 1.',
    ],
    [{ optimizer: 'adadelta' }, 'Try another optimizer than adadelta.'],
  ])('names what the job has set that can make the loss not finite: %j', async (changes, cause) => {
    const engine = new LogisticEngine(1);
    engine.step = () => ({ loss: Number.NaN });
    const { input } = inputFor(changes, { engine });
    await expect(trainEpochs(input)).rejects.toThrow(`epoch 0, batch 0. ${cause}`);
  });

  it('keeps an earlier epoch when the loss is not finite later', async () => {
    // Prepare: an engine whose loss overflows in its third epoch
    const engine = new LogisticEngine(1);
    const step = engine.step.bind(engine);
    engine.step = (batch) => (engine.steps >= 25 ? { loss: Number.NaN } : step(batch));
    const { input, lines } = inputFor({}, { engine });

    // Act
    const result = await trainEpochs(input);

    // Assess
    expect(result).toMatchObject({ end: 'diverged', epochs: 2, weights: { epoch: 1 } });
    expect(lines.find((line) => line.includes('not a finite number'))).toContain('The model is that of epoch 1.');
  });
});
