/**
 * Our SavedModels in Python TensorFlow, and Python TensorFlow's in ours. One file, because setting Python up takes long.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNativeSession } from '../../container/src/engine/native/session.ts';
import { offeredSignatures } from '../../container/src/engine/native/signatures.ts';
import { openSession } from '../../container/src/engine/open-session.ts';
import type { NamedTensors, Tensor } from '../../container/src/engine/session.ts';
import { newestVersion } from '../../container/src/engine/version-folder.ts';
import { readSavedModel } from '../../container/src/savedmodel/read-saved-model.ts';
import { variablesPrefix } from '../../container/src/savedmodel/saved-model.ts';
import { openBundle } from '../../container/src/savedmodel/tensor-bundle-reader.ts';
import { zeroCalls } from '../../container/src/tensorflow-serving/zero-calls.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { writeCounter, writeHalfPlusTwo, writeLookup, writeUpperCase } from '../fixtures/savedmodel/small-models.ts';
import { temporaryFolder } from '../fixtures/savedmodel/temporary-folder.ts';
import { nativeEngine } from '../native-engine.ts';
import {
  findPythonTensorFlow,
  predictInPython,
  saveEffectsInPython,
  saveLineInPython,
  saveWordsInPython,
} from './python-tensorflow-setup.ts';

const python = await findPythonTensorFlow();

const floats = (shape: number[], ...values: number[]): Tensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});
const ints = (...values: number[]): Tensor => ({
  dtype: 'int32',
  shape: [values.length],
  data: Int32Array.from(values),
});
const text = (...values: string[]): Tensor => ({
  dtype: 'string',
  shape: [values.length],
  data: values.map((value) => Buffer.from(value)),
});

const CASES: readonly (readonly [string, (dir: string) => Promise<void>, string, NamedTensors, NamedTensors])[] = [
  [
    'half plus two',
    writeHalfPlusTwo,
    'serving_default',
    { x: floats([3], 1, 2, 5) },
    { y: floats([3], 2.5, 3, 4.5), twice: floats([3], 5, 6, 9) },
  ],
  ['a lookup', writeLookup, 'rows', { ids: ints(3, 0) }, { rows: floats([2, 2], 6, 7, 0, 1), ids: ints(3, 0) }],
  ['strings', writeUpperCase, 'upper', { text: text('ab', '') }, { upper: text('AB', ''), same: text('ab', '') }],
  ['a training step', writeCounter, 'step', { value: floats([2], 1, 2) }, { total: floats([2], 11, 22) }],
];

describe.skipIf(!python.available)(`Python TensorFlow${python.note}`, () => {
  it.each(CASES)('loads our model and answers the same: %s', async (_, write, signature, inputs, expected) => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await write(dir);

    // Act
    const answer = await predictInPython(dir, signature, inputs);

    // Assess
    expect(answer).toEqual(expected);
  });

  it('writes models whose signatures and variables we read', async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await saveLineInPython(dir);

    // Act
    const model = readSavedModel(dir);
    const bundle = openBundle(variablesPrefix(dir));

    // Assess
    expect(model.signatures.get('serving_default')?.inputs.get('x')).toMatchObject({
      dtype: 'float32',
      shape: [-1, 2],
    });
    expect(bundle.readFloat32('slope/.ATTRIBUTES/VARIABLE_VALUE')).toEqual(Float32Array.of(2, 3));
    expect(bundle.readFloat32('offset/.ATTRIBUTES/VARIABLE_VALUE')).toEqual(Float32Array.of(1));
    bundle.verify();
    bundle.close();
  });

  it('writes models of which we warm up only what has no effects, though Python hides all of it in functions', async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await saveEffectsInPython(dir);
    const model = readSavedModel(dir);
    const signatures = new Map([...offeredSignatures(model).usable].map(([name, { signature }]) => [name, signature]));

    // Act
    const calls = zeroCalls(model, signatures);

    // Assess
    expect([...signatures.keys()].sort()).toEqual(['count', 'noise', 'plain']);
    expect(calls.map(({ signature }) => signature)).toEqual(['plain']);
  });

  it.skipIf(!nativeEngine.available)(`writes models that our native session runs${nativeEngine.note}`, async () => {
    // Prepare
    const dir = join(await temporaryFolder(), '1');
    await saveLineInPython(dir);

    // Act
    const session = openNativeSession(dir);
    const answer = session.run('serving_default', { x: floats([2, 2], 1, 1, 10, 0) });

    // Assess
    expect(answer).toEqual({ y: floats([2, 1], 6, 21) });
    session.close();
  });

  it.skipIf(!nativeEngine.available)(
    `writes models with tables, assets and 64-bit numbers that our native session runs${nativeEngine.note}`,
    async () => {
      // Prepare
      const folder = await temporaryFolder();
      const words = join(folder, 'words.txt');
      await writeFile(words, 'zero\none\ntwo\n');
      await saveWordsInPython(join(folder, '1'), words);
      await rm(words);
      const inputs: NamedTensors = {
        words: text('two', 'zero', 'unheard'),
        weights: { dtype: 'float64', shape: [3], data: Float64Array.of(0.1, Number.MAX_VALUE, -3) },
        any: { dtype: 'bool', shape: [1, 2], data: Uint8Array.of(0, 1) },
      };

      // Act
      const session = openNativeSession(join(folder, '1'));
      const answer = session.run('serving_default', inputs);

      // Assess
      expect(answer).toEqual({
        ids: { dtype: 'int64', shape: [3], data: BigInt64Array.of(2n ** 60n + 2n, 2n ** 60n, 2n ** 60n + 3n) },
        halves: { dtype: 'float64', shape: [3], data: Float64Array.of(0.05, Number.MAX_VALUE / 2, -1.5) },
        any: { dtype: 'bool', shape: [1, 2], data: Uint8Array.of(1, 0) },
        known: { dtype: 'uint8', shape: [3], data: Int32Array.of(1, 1, 0) },
        counts: { dtype: 'int64', shape: [3], data: BigInt64Array.of(-1n, -1n, -1n) },
      });
      session.close();
    },
  );
});

const TOLERANCE = 1e-5;

/** Ids of three rows of unlike lengths; negative places are padding. */
const IN0: Tensor = { dtype: 'int32', shape: [3, 4], data: Int32Array.of(5, 1, 2, 9, 7, -1, -1, -1, 39, 0, -1, -1) };
const IN1: Tensor = { dtype: 'int32', shape: [3, 2], data: Int32Array.of(3, 3, 8, -1, 11, 12) };

const CALLS: readonly (readonly [signature: string, inputs: NamedTensors, output: string])[] = [
  ['serving_default', { in0: IN0, in1: IN1 }, 'scores'],
  ['embed_in0', { in0: IN0 }, 'embeddings'],
  ['embed_in1', { in1: IN1 }, 'embeddings'],
];

describe.skipIf(!python.available).each(ENGINES)(
  `a model trained with %s, in Python TensorFlow${python.note}`,
  (trainedWith) => {
    let folder = '';
    let modelDir = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'twinvec-test-'));
      modelDir = (await trainPairModel(folder, trainedWith)).folder;
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.each(CALLS)('answers %s as our engines do', async (signature, inputs, output) => {
      // Act
      const judged = await predictInPython(newestVersion(modelDir), signature, inputs);

      // Assess
      for (const engine of ENGINES) {
        const session = await openSession(modelDir, engine, () => {});
        const ours = session.run(signature, inputs);
        expect(largestDifference(ours[output]!, judged[output]!), engine).toBeLessThan(TOLERANCE);
        session.close();
      }
    });
  },
);

function largestDifference(ours: Tensor, judged: Tensor): number {
  expect(ours.shape).toEqual(judged.shape);
  expect(ours.data.length).toBeGreaterThan(0);
  const expected = judged.data as Float32Array;
  return (ours.data as Float32Array).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}
