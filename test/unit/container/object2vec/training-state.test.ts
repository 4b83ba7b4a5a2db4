/** The state of a training engine survives in a file: whichever engine wrote it, and whatever the optimiser remembers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Object2VecSettings, OptimizerName } from '#core/object2vec/settings.ts';
import type { EngineKind } from '../../../../container/src/engine/session.ts';
import { createTrainingEngine } from '../../../../container/src/object2vec/training/create-training-engine.ts';
import type { TrainingBatch, TrainingEngine } from '../../../../container/src/object2vec/training/training-engine.ts';
import { openBundle } from '../../../../container/src/savedmodel/tensor-bundle-reader.ts';
import { nativeEngine } from '../../../native-engine.ts';
import { randomIds } from '../graph/random-values.ts';
import { describeEachEngine } from './each-engine.ts';
import { pairSettings, randomRows } from './pair-settings.ts';

const STEPS = 6;

let dir: string;
const opened: TrainingEngine[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'twinvec-state-'));
});
afterEach(async () => {
  for (const engine of opened.splice(0)) engine.close();
  await rm(dir, { recursive: true });
});

async function open(settings: Object2VecSettings, engine: EngineKind): Promise<TrainingEngine> {
  const training = await createTrainingEngine(settings, { engine, seed: 4, workDir: dir });
  opened.push(training);
  return training;
}

function batches({ network }: Object2VecSettings): TrainingBatch[] {
  return Array.from({ length: 2 * STEPS }, (_, i) => ({
    in0: randomRows(16, network.enc0.vocabularySize, 3 * i),
    in1: randomRows(16, network.enc1.vocabularySize, 3 * i + 1),
    labels: Float32Array.from(randomIds(16, 3, i)),
  }));
}

const train = (engine: TrainingEngine, part: readonly TrainingBatch[]): number[] =>
  part.map((batch) => engine.step(batch).loss);

async function weightsOf(engine: TrainingEngine): Promise<Map<string, Float32Array>> {
  const prefix = join(dir, `weights-${opened.indexOf(engine)}`);
  await engine.saveWeights(prefix);
  const bundle = openBundle(prefix);
  const weights = new Map([...bundle.tensors.keys()].map((name) => [name, bundle.readFloat32(name)]));
  bundle.close();
  return weights;
}

const dropout = { dropout: 0.3, mlp: { layers: 2, dim: 8, activation: 'relu' } } as const;
const optimized = (name: OptimizerName, decoupledWeightDecay = false): Object2VecSettings => {
  const settings = pairSettings({ ...dropout, weightDecay: 0.02 });
  return { ...settings, optimizer: { ...settings.optimizer, name, decoupledWeightDecay, warmupSteps: 9 } };
};

const cases: readonly (readonly [string, Object2VecSettings])[] = [
  ['adam', optimized('adam')],
  ['adam with decoupled decay', optimized('adam', true)],
  ['adagrad', optimized('adagrad')],
  ['rmsprop', optimized('rmsprop')],
  ['adadelta', optimized('adadelta')],
  ['sgd', optimized('sgd')],
  ['hcnn', pairSettings({ ...dropout, encoder0: { network: 'hcnn', layers: 2, filterWidth: 3 } })],
  ['bilstm', pairSettings({ ...dropout, encoder0: { network: 'bilstm' } })],
];

describeEachEngine('a saved training state', (engine) => {
  it.each(cases)('goes on to the very same weights: %s', async (_, settings) => {
    // Prepare
    const [all, prefix] = [batches(settings), join(dir, 'state')];
    const straight = await open(settings, engine);
    const losses = train(straight, all).slice(STEPS);
    const first = await open(settings, engine);
    train(first, all.slice(0, STEPS));
    await first.saveState(prefix);

    // Act: in an engine that has been somewhere else meanwhile
    const second = await open(settings, engine);
    train(second, all.slice(3, 5));
    await second.restoreState(prefix, STEPS);

    // Assess
    expect(train(second, all.slice(STEPS))).toEqual(losses);
    expect(second.steps).toBe(2 * STEPS);
    expect(await weightsOf(second)).toEqual(await weightsOf(straight));
  });

  it('is refused by another network or optimizer, which is named', async () => {
    const prefix = join(dir, 'state');
    await (await open(pairSettings(), engine)).saveState(prefix);
    const attempts = [
      [pairSettings({ vocabulary0: 31 }), 'embed_0_weight is float32 [30,12] and not float32 [31,12]'],
      [pairSettings({ mlp: { layers: 3, dim: 8, activation: 'tanh' } }), 'it has no mlp_fc2_weight'],
      [pairSettings({ mlp: { layers: 1, dim: 8, activation: 'tanh' } }), 'it has mlp_fc1_'],
    ] as const;
    for (const [settings, problem] of attempts) {
      const other = await open(settings, engine);
      await expect(other.restoreState(prefix, 1)).rejects.toMatchObject({
        code: 'InvalidArtifact',
        message: expect.stringContaining(problem),
      });
    }
  });
});

describe.skipIf(!nativeEngine.available)(`a training state of the other engine${nativeEngine.note}`, () => {
  it.each([
    ['js', 'tensorflow'],
    ['tensorflow', 'js'],
  ] as const)('written by %s is read by %s to the last bit', async (writer, reader) => {
    // Prepare
    const settings = optimized('adam');
    const [all, prefix] = [batches(settings), join(dir, 'state')];
    const first = await open(settings, writer);
    train(first, all.slice(0, STEPS));
    await first.saveState(prefix);

    // Act
    const second = await open(settings, reader);
    await second.restoreState(prefix, STEPS);

    // Assess
    expect(await weightsOf(second)).toEqual(await weightsOf(first));
    const [one, other] = [train(first, all.slice(STEPS)), train(second, all.slice(STEPS))];
    one.forEach((loss, i) => {
      expect(Math.abs(other[i]! - loss)).toBeLessThan(1e-4);
    });
  });
});
