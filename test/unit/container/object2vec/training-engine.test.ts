/**
 * Training steps on every engine: Adam against a scalar written by hand, tables touched only where the batch uses them,
 * and runs that repeat.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EncoderSettings, Object2VecSettings } from '#core/object2vec/settings.ts';
import type { EngineKind } from '../../../../container/src/engine/session.ts';
import type { Initializer } from '../../../../container/src/graph/initializers.ts';
import { adamOptimizer } from '../../../../container/src/graph/optimizers/adam.ts';
import { servingGraph } from '../../../../container/src/object2vec/serving-graph.ts';
import { createTrainingEngine } from '../../../../container/src/object2vec/training/create-training-engine.ts';
import { type GivenRows, initialValue } from '../../../../container/src/object2vec/training/initial-weights.ts';
import { type StartingPoint, startingPoint } from '../../../../container/src/object2vec/training/starting-point.ts';
import type { TrainingBatch, TrainingEngine } from '../../../../container/src/object2vec/training/training-engine.ts';
import { trainingGraph } from '../../../../container/src/object2vec/training/training-graph.ts';
import { openBundle } from '../../../../container/src/savedmodel/tensor-bundle-reader.ts';
import { randomFloats, randomIds } from '../graph/random-values.ts';
import { describeEachEngine } from './each-engine.ts';
import { DIM, pairSettings, randomRows } from './pair-settings.ts';
import { plainScores, type Weights } from './plain-network.ts';

const SEED = 9;
const BILSTM = { network: 'bilstm', tokenEmbeddingDim: 6 } as const;
const HCNN = { network: 'hcnn', tokenEmbeddingDim: 6, layers: 2, filterWidth: 3 } as const;

describeEachEngine('training', (engine) => {
  it('starts from the same weights for the same seed: predictions are those of the plain loops', async () => {
    // Prepare
    const settings = pairSettings();
    const { in0, in1 } = batchOf(settings, 16, 1);

    // Act
    const predicted = await withEngine(settings, engine, async (training) => training.predict(in0, in1));

    // Assess
    const expected = plainScores(settings.network, startingWeights(settings), in0, in1).flat();
    expect(predicted.length).toBe(expected.length);
    expected.forEach((value, i) => {
      expect(Math.abs(predicted[i]! - value)).toBeLessThan(1e-5);
    });
  });

  it.each([
    ['softmax', pairSettings()],
    ['regression', pairSettings({ output: { kind: 'mean_squared_error' } })],
    ['weight decay', pairSettings({ weightDecay: 0.1 })],
    ['token biases, regression', pairSettings({ tokenBias: true, output: { kind: 'mean_squared_error' } })],
    [
      'token biases of two classes, tied tables',
      pairSettings({
        tokenBias: true,
        output: { kind: 'softmax', classes: 2 },
        tiedTokenEmbedding: true,
        vocabulary0: 25,
        vocabulary1: 25,
        weightDecay: 0.1,
      }),
    ],
    ['tied tables', pairSettings({ tiedTokenEmbedding: true, vocabulary0: 25, vocabulary1: 25, weightDecay: 0.1 })],
    ['hcnn', pairSettings({ encoder0: HCNN, encoder1: HCNN, vocabulary0: 12, vocabulary1: 12 })],
    [
      'hcnn of even filters and pooled_embedding, tied',
      // Where all filters of a layer are silent, the next stands on the kink of relu, which differences cannot tell.
      pairSettings({
        encoder0: { network: 'hcnn', layers: 2, filterWidth: 4 },
        tiedTokenEmbedding: true,
        vocabulary0: 12,
        vocabulary1: 12,
      }),
    ],
    ['bilstm', pairSettings({ encoder0: BILSTM, encoder1: BILSTM, vocabulary0: 12, vocabulary1: 12 })],
    [
      'bilstm of two layers and pooled_embedding, tied',
      pairSettings({
        encoder0: { ...BILSTM, layers: 2, tokenEmbeddingDim: 12 },
        tiedTokenEmbedding: true,
        vocabulary0: 12,
        vocabulary1: 12,
      }),
    ],
  ])('follows Adam, written out by finite differences of the plain loops: %s', async (_, settings) => {
    // Prepare
    const batches = [1, 2, 3].map((seed) => batchOf(settings, 6, seed));

    // Act
    const { losses, weights } = await withEngine(settings, engine, async (training, dir) => {
      const losses = batches.map((batch) => training.step(batch).loss);
      return { losses, weights: await savedWeights(settings, training, dir) };
    });

    // Assess
    const reference = new ReferenceAdam(settings);
    batches.forEach((batch, i) => {
      expect(Math.abs(losses[i]! - reference.step(batch))).toBeLessThan(2e-4);
    });
    for (const [name, { data }] of reference.weights) {
      const far = weights.get(name)!.data.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
      // Three steps of size 0.01 move a weight by up to 0.03.
      expect(far, name).toBeLessThan(6e-4);
    }
  });

  it('starts a regression at the mean label', async () => {
    // Prepare
    const settings = pairSettings({ output: { kind: 'mean_squared_error' } });
    const { in0, in1 } = batchOf(settings, 4, 1);
    const start = startingPoint(settings.network.output, Float32Array.of(1, 2, 6));

    // Act
    const predicted = await withEngine(settings, engine, async (training) => training.predict(in0, in1), SEED, start);

    // Assess: the network's own token vectors are so small that they hardly move it
    expect(predicted.length).toBe(4);
    for (const value of predicted) expect(Math.abs(value - 3)).toBeLessThan(0.1);
  });

  it.each([
    ['pooled_embedding', pairSettings({ weightDecay: 0.5, dropout: 0.2 }), { pretrained0: true, pretrained1: false }],
    ['hcnn', pairSettings({ encoder0: HCNN, encoder1: HCNN }), { pretrained0: true, pretrained1: true }],
    ['bilstm', pairSettings({ encoder0: BILSTM, encoder1: BILSTM }), { pretrained0: false, pretrained1: true }],
    [
      'tied tables',
      pairSettings({ tiedTokenEmbedding: true, vocabulary0: 25, vocabulary1: 25 }),
      { pretrained0: true, pretrained1: true },
    ],
  ])('leaves every bit of a frozen table and trains all else: %s', async (_, base, { pretrained0, pretrained1 }) => {
    // Prepare
    const words = (frozen: boolean) => ({ vocabulary: 'v.json', pretrained: { file: 'g.txt', frozen } });
    const settings = { ...base, words: { enc0: words(pretrained0), enc1: words(pretrained1) } };
    const frozen = new Set([
      ...(pretrained0 ? ['embed_0_weight', 'embed_shared_weight'] : []),
      ...(pretrained1 ? ['embed_1_weight'] : []),
    ]);
    const graph = trainingGraph(settings, adamOptimizer(0), SEED);

    // Act
    const after = await withEngine(settings, engine, async (training, dir) => {
      for (const seed of [1, 2]) training.step(batchOf(settings, 8, seed));
      return savedWeights(settings, training, dir);
    });

    // Assess
    for (const [name, { data }] of startingWeights(settings)) {
      if (frozen.has(name)) expect(after.get(name)!.data).toEqual(data);
      else expect(after.get(name)!.data, name).not.toEqual(data);
    }
    const remembered = graph.parameters.filter(({ role }) => role === 'optimizer_state').map(({ name }) => name);
    expect(remembered.filter((name) => frozen.has(name.split('/')[0]!))).toEqual([]);
    expect(remembered).toContain('output_layer_weight/adam_m');
  });

  it('starts from the rows that are given, and from its own where none is', async () => {
    // Prepare
    const settings = pairSettings();
    const rows = new Map([3, 4, 29].map((id) => [id, randomFloats(DIM, id)]));
    const given = new Map([['embed_0_weight', { width: DIM, row: (id: number) => rows.get(id) }]]);

    // Act
    const saved = await withEngine(
      settings,
      engine,
      (training, dir) => savedWeights(settings, training, dir),
      SEED,
      unitVectors(settings),
      given,
    );

    // Assess
    const own = startingWeights(settings);
    for (let id = 0; id < 30; id++) {
      const row = (weights: Weights) => weights.get('embed_0_weight')!.data.slice(id * DIM, (id + 1) * DIM);
      expect(row(saved)).toEqual(rows.get(id) ?? row(own));
    }
    expect(saved.get('embed_1_weight')!.data).toEqual(own.get('embed_1_weight')!.data);
  });

  it('leaves every bit of a row that no batch uses as it was', async () => {
    // Prepare
    const settings = pairSettings({ vocabulary0: 50, vocabulary1: 60, weightDecay: 0.5, dropout: 0.2 });
    const used = { in0: new Set<number>(), in1: new Set<number>() };
    const batches = [1, 2].map((seed) => batchOf(settings, 3, seed));
    for (const { in0, in1 } of batches) {
      for (const id of in0.ids) used.in0.add(id);
      for (const id of in1.ids) used.in1.add(id);
    }

    // Act
    const after = await withEngine(settings, engine, async (training, dir) => {
      for (const batch of batches) training.step(batch);
      return savedWeights(settings, training, dir);
    });

    // Assess
    const before = startingWeights(settings);
    for (const [name, ids] of [
      ['embed_0_weight', used.in0],
      ['embed_1_weight', used.in1],
    ] as const) {
      const [old, now] = [before.get(name)!, after.get(name)!];
      const width = old.shape[1]!;
      expect(ids.size).toBeLessThan(old.shape[0]!);
      for (let row = 0; row < old.shape[0]!; row++) {
        const same = [...old.data.subarray(row * width, (row + 1) * width)].every(
          (x, i) => x === now.data[row * width + i],
        );
        expect(same, `${name} row ${row}`).toBe(!ids.has(row));
      }
    }
  });

  it.each([
    ['pooled_embedding', pairSettings({ dropout: 0.4 })],
    ['hcnn', pairSettings({ dropout: 0.4, encoder0: HCNN, encoder1: HCNN })],
    ['bilstm', pairSettings({ dropout: 0.4, encoder0: { ...BILSTM, layers: 2 }, encoder1: BILSTM })],
  ])('repeats itself with the same seed, dropout included, and not with another: %s', async (_, settings) => {
    // Prepare
    const run = (seed: number) =>
      withEngine(
        settings,
        engine,
        async (training) => [1, 2, 3].map((i) => training.step(batchOf(settings, 8, i)).loss),
        seed,
      );

    // Act
    const [one, again, other] = [await run(SEED), await run(SEED), await run(SEED + 1)];

    // Assess
    again.forEach((loss, i) => {
      expect(Math.abs(loss - one[i]!)).toBeLessThan(1e-6);
    });
    expect(other).not.toEqual(one);
  });

  it.each([
    ['two classes', pairSettings({ output: { kind: 'softmax', classes: 2 } })],
    ['three classes', pairSettings({ output: { kind: 'softmax', classes: 3 } })],
    ['token biases', pairSettings({ output: { kind: 'softmax', classes: 2 }, tokenBias: true })],
  ])('tells how many rows were right before the step: %s', async (_, settings) => {
    // Prepare
    const batch = batchOf(settings, 32, 6);
    const correctOf = (scores: Float32Array) => {
      const classes = scores.length / batch.labels.length;
      return batch.labels.filter((label, row) => {
        const answer = [...scores.subarray(row * classes, (row + 1) * classes)];
        return answer.indexOf(Math.max(...answer)) === label;
      }).length;
    };

    // Act
    const [told, expected] = await withEngine(settings, engine, async (training) => {
      const before: number[] = [];
      const steps = [1, 2, 3].map(() => {
        before.push(correctOf(training.predict(batch.in0, batch.in1)));
        return training.step(batch).correct;
      });
      return [steps, before];
    });

    // Assess
    expect(told).toEqual(expected);
  });

  it('counts no right rows for regression', async () => {
    const settings = pairSettings({ output: { kind: 'mean_squared_error' } });
    const outcome = await withEngine(settings, engine, async (training) => training.step(batchOf(settings, 8, 1)));
    expect(outcome).toEqual({ loss: expect.any(Number) });
  });

  it('takes steps as large as the schedule says: half of them in the middle of a linear one', async () => {
    // Prepare
    const settings = pairSettings({ learningRate: 0.1 });
    const sgd = { ...settings.optimizer, name: 'sgd', learningRateSchedule: 'linear', warmupSteps: 2 } as const;
    const batch = batchOf(settings, 8, 1);
    const changeAt = (progress: number) =>
      withEngine({ ...settings, optimizer: sgd }, engine, async (training, dir) => {
        training.step(batch, progress);
        const { data } = (await savedWeights(settings, training, dir)).get('output_layer_bias')!;
        return data[0]!;
      });

    // Act: biases start at 0, so what they are is the first step of the warm-up, half as large
    const [full, half, none] = [await changeAt(0), await changeAt(0.5), await changeAt(1)];

    // Assess
    expect(Math.abs(full)).toBeGreaterThan(1e-5);
    expect(half / full).toBeCloseTo(0.5, 5);
    expect(Math.abs(none)).toBe(0);
  });

  it('drops everything with dropout 1 and still answers finite numbers', async () => {
    // Prepare
    const settings = pairSettings({ dropout: 1 });

    // Act
    const losses = await withEngine(settings, engine, async (training) =>
      [1, 2].map((i) => training.step(batchOf(settings, 8, i)).loss),
    );

    // Assess
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['pooled_embedding', pairSettings({ learningRate: 0.02 })],
    ['hcnn', pairSettings({ learningRate: 0.02, encoder0: HCNN, encoder1: HCNN })],
    ['bilstm', pairSettings({ learningRate: 0.02, encoder0: { ...BILSTM, layers: 2 }, encoder1: BILSTM })],
  ])('learns: the loss of one batch falls to a tenth: %s', async (_, settings) => {
    // Prepare
    const batch = batchOf(settings, 16, 4);

    // Act
    const losses = await withEngine(settings, engine, async (training) =>
      Array.from({ length: 120 }, () => training.step(batch).loss),
    );

    // Assess
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 10);
  });
});

async function withEngine<T>(
  settings: Object2VecSettings,
  engine: EngineKind,
  use: (training: TrainingEngine, dir: string) => Promise<T>,
  seed = SEED,
  start = unitVectors(settings),
  given?: ReadonlyMap<string, GivenRows>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'twinvec-training-'));
  const training = await createTrainingEngine(settings, {
    engine,
    seed,
    workDir: dir,
    startingPoint: start,
    ...(given && { given }),
  });
  try {
    expect(training.engine).toBe(engine);
    return await use(training, dir);
  } finally {
    training.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function batchOf({ network }: Object2VecSettings, rows: number, seed: number): TrainingBatch {
  const { output, enc0, enc1 } = network;
  return {
    in0: randomRows(rows, enc0.vocabularySize, 10 * seed, 3),
    in1: randomRows(rows, enc1.vocabularySize, 10 * seed + 5, 3),
    labels:
      output.kind === 'softmax'
        ? Float32Array.from(randomIds(rows, output.classes, seed))
        : randomFloats(rows, seed).map((value) => 3 * value),
  };
}

/**
 * Token vectors of length about 1. From the network's own, which are tiny, Adam's first steps, of full size whatever the
 * gradient, would follow the rounding of finite differences.
 */
function unitVectors({ network: { enc0, enc1 } }: Object2VecSettings): StartingPoint {
  const unit = ({ tokenEmbeddingDim }: EncoderSettings): Initializer => {
    return { kind: 'uniform', limit: Math.sqrt(3 / tokenEmbeddingDim) };
  };
  return new Map([
    ['embed_0_weight', unit(enc0)],
    ['embed_1_weight', unit(enc1)],
    ['embed_shared_weight', unit(enc0)],
  ]);
}

function startingWeights(settings: Object2VecSettings): Weights {
  const start = unitVectors(settings);
  return new Map(
    servingGraph(settings.network).parameters.map((parameter) => {
      const { name, shape } = parameter;
      const initializer = start.get(name) ?? parameter.initializer;
      return [name, { shape, data: initialValue({ ...parameter, initializer }, SEED) }];
    }),
  );
}

async function savedWeights(settings: Object2VecSettings, training: TrainingEngine, dir: string): Promise<Weights> {
  const prefix = join(dir, 'saved');
  await training.saveWeights(prefix);
  const bundle = await openBundle(prefix);
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { name, shape } of servingGraph(settings.network).parameters) {
    weights.set(name, { shape, data: await bundle.readFloat32(name) });
  }
  return weights;
}

/** Lazy Adam as a person would write it down, its gradients by central differences of the plain-loop network. */
class ReferenceAdam {
  readonly weights: Weights;
  readonly #settings: Object2VecSettings;
  readonly #memory = new Map<string, { m: Float64Array; v: Float64Array }>();
  #step = 0;

  constructor(settings: Object2VecSettings) {
    this.#settings = settings;
    this.weights = startingWeights(settings);
  }

  step(batch: TrainingBatch): number {
    this.#step += 1;
    const { learningRate, weightDecay } = this.#settings.optimizer;
    const before = this.#loss(batch);
    const changes: (() => void)[] = [];
    for (const [name, { shape, data }] of this.weights) {
      const memory = this.#memory.get(name) ?? { m: new Float64Array(data.length), v: new Float64Array(data.length) };
      this.#memory.set(name, memory);
      const touched = this.#touchedIds(name, batch);
      for (let i = 0; i < data.length; i++) {
        if (touched && !touched.has(Math.floor(i / shape[1]!))) continue;
        const decay = name.endsWith('_weight') ? weightDecay * data[i]! : 0;
        const gradient = this.#slope(data, i, batch) + decay;
        memory.m[i] = 0.9 * memory.m[i]! + 0.1 * gradient;
        memory.v[i] = 0.999 * memory.v[i]! + 0.001 * gradient * gradient;
        const size = (learningRate * Math.sqrt(1 - 0.999 ** this.#step)) / (1 - 0.9 ** this.#step);
        const change = (size * memory.m[i]!) / (Math.sqrt(memory.v[i]!) + 1e-8);
        changes.push(() => {
          data[i] = data[i]! - change;
        });
      }
    }
    for (const change of changes) change();
    return this.#settings.network.output.kind === 'softmax' ? before : 2 * before;
  }

  /** The ids of a table's rows that the batch uses; undefined for dense weights. */
  #touchedIds(name: string, { in0, in1 }: TrainingBatch): ReadonlySet<number> | undefined {
    if (name === 'embed_0_weight' || name === 'token_0_bias') return new Set(in0.ids);
    if (name === 'embed_1_weight' || name === 'token_1_bias') return new Set(in1.ids);
    return name === 'embed_shared_weight' ? new Set([...in0.ids, ...in1.ids]) : undefined;
  }

  #slope(data: Float32Array, i: number, batch: TrainingBatch): number {
    const middle = data[i]!;
    const sides = [1, -1].map((direction) => {
      data[i] = middle + direction * 1e-3;
      return { at: data[i]!, loss: this.#loss(batch) };
    });
    data[i] = middle;
    return (sides[0]!.loss - sides[1]!.loss) / (sides[0]!.at - sides[1]!.at);
  }

  #loss({ in0, in1, labels }: TrainingBatch): number {
    const scores = plainScores(this.#settings.network, this.weights, in0, in1);
    const losses = scores.map((row, r) =>
      row.length > 1 ? -Math.log(row[labels[r]!]!) : (row[0]! - labels[r]!) ** 2 / 2,
    );
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  }
}
