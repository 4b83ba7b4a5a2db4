/**
 * The same seed and batches on both engines: losses agree to 1e-4 of their size over 20 steps, dropout included, because
 * both draw the same masks.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OptimizerName, OptimizerSettings } from '#core/object2vec/settings.ts';
import type { EngineKind } from '../../../../container/src/engine/session.ts';
import { createTrainingEngine } from '../../../../container/src/object2vec/training/create-training-engine.ts';
import { nativeEngine } from '../../../native-engine.ts';
import { randomFloats, randomIds } from '../graph/random-values.ts';
import { pairSettings, randomRows } from './pair-settings.ts';

/** With weight decay, so that every term of its rule counts. */
const withOptimizer = (name: OptimizerName, changes: Partial<OptimizerSettings> = {}) => ({
  ...pairSettings(),
  optimizer: { ...pairSettings().optimizer, name, weightDecay: 0.02, ...changes },
});

const STEPS = 20;
const ROWS = 32;

describe('both training engines', () => {
  it.skipIf(!nativeEngine.available).each([
    ['softmax', pairSettings()],
    [
      'regression',
      pairSettings({ output: { kind: 'mean_squared_error' }, mlp: { layers: 1, dim: 16, activation: 'tanh' } }),
    ],
    ['dropout', pairSettings({ dropout: 0.3, mlp: { layers: 2, dim: 16, activation: 'relu' } })],
    [
      'hcnn and dropout',
      pairSettings({
        dropout: 0.3,
        encoder0: { network: 'hcnn', layers: 3, filterWidth: 3 },
        encoder1: { network: 'hcnn', layers: 4, filterWidth: 2 },
      }),
    ],
    [
      'bilstm and dropout',
      pairSettings({ dropout: 0.3, encoder0: { network: 'bilstm', layers: 2 }, encoder1: { network: 'bilstm' } }),
    ],
    ['tied', pairSettings({ tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30, weightDecay: 0.01 })],
    ['token biases', pairSettings({ tokenBias: true, output: { kind: 'mean_squared_error' } })],
    ['adam with decoupled decay', withOptimizer('adam', { decoupledWeightDecay: true })],
    ['a cosine after a warm-up', withOptimizer('adam', { learningRateSchedule: 'cosine', warmupSteps: 5 })],
    ['clipped gradients', withOptimizer('sgd', { learningRate: 0.5, gradientClip: 0.1 })],
    ['sgd', withOptimizer('sgd')],
    ['adagrad', withOptimizer('adagrad')],
    ['rmsprop', withOptimizer('rmsprop')],
    ['adadelta', withOptimizer('adadelta')],
  ])(`report the same losses: %s${nativeEngine.note}`, async (_, settings) => {
    // Prepare
    const { output, enc0, enc1 } = settings.network;
    const batches = Array.from({ length: STEPS }, (_, i) => ({
      in0: randomRows(ROWS, enc0.vocabularySize, 3 * i),
      in1: randomRows(ROWS, enc1.vocabularySize, 3 * i + 1),
      labels: output.kind === 'softmax' ? Float32Array.from(randomIds(ROWS, output.classes, i)) : randomFloats(ROWS, i),
    }));
    const lossesOf = async (engine: EngineKind) => {
      const workDir = await mkdtemp(join(tmpdir(), 'twinvec-agree-'));
      const training = await createTrainingEngine(settings, { engine, seed: 4, workDir });
      const losses = batches.map((batch, i) => training.step(batch, i / STEPS).loss);
      training.close();
      await rm(workDir, { recursive: true });
      return losses;
    };

    // Act
    const [js, tensorflow] = [await lossesOf('js'), await lossesOf('tensorflow')];

    // Assess
    js.forEach((loss, i) => {
      expect(Math.abs(tensorflow[i]! - loss) / Math.max(1, loss), `step ${i + 1}`).toBeLessThan(1e-4);
    });
  });
});
