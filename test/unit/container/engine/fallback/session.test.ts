/**
 * The fallback engine as a session: in worker threads, with wrong inputs, and over artifacts that are not whole.
 */
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { openFallbackSession } from '../../../../../container/src/engine/fallback/session.ts';
import type { NamedTensors } from '../../../../../container/src/engine/session.ts';
import { variablesPrefix } from '../../../../../container/src/savedmodel/saved-model.ts';
import { writeBundle } from '../../../../../container/src/savedmodel/tensor-bundle-writer.ts';
import { pairSettings, randomRows, rowsAsFlatInputs } from '../../object2vec/pair-settings.ts';
import { serveRandomModel } from '../../object2vec/served-model.ts';

const INPUTS = rowsAsFlatInputs(randomRows(5, 30, 1), randomRows(5, 40, 2));

describe('a fallback session', () => {
  it('gives the same answers in several worker threads at once', async () => {
    // Prepare
    const model = await serveRandomModel(pairSettings(), 'js');
    const expected = model.session.run('flat_scores', INPUTS);

    // Act
    const answers = await Promise.all(
      [1, 2, 3].map(async () => {
        const workerData = { modelDir: model.modelDir, signature: 'flat_scores', inputs: INPUTS };
        const worker = new Worker(new URL('./serve-in-worker.ts', import.meta.url), { workerData });
        const [answer] = await once(worker, 'message');
        await once(worker, 'exit');
        return answer as NamedTensors;
      }),
    );

    // Assess
    for (const answer of answers) expect(answer).toEqual(expected);
    await model.close();
  });

  it.each([
    [
      'flat_scores',
      { ...INPUTS, in0_ids: { ...INPUTS.in0_ids!, data: (INPUTS.in0_ids!.data as Int32Array).map(() => 30) } },
      'ModelFailed',
    ],
    [
      'flat_scores',
      { ...INPUTS, in0_ids: { ...INPUTS.in0_ids!, data: (INPUTS.in0_ids!.data as Int32Array).map(() => -1) } },
      'ModelFailed',
    ],
    ['flat_scores', { in0_ids: INPUTS.in0_ids! }, 'InvalidRecord'],
    ['flat_scores', { ...INPUTS, rows: { dtype: 'float32', shape: [], data: Float32Array.of(5) } }, 'InvalidRecord'],
    ['flat_embed_in0', INPUTS, 'InvalidRecord'],
    ['no_such_signature', INPUTS, 'NotFound'],
  ])('refuses wrong inputs of %s with a code (case %#)', async (signature, inputs, code) => {
    // Prepare
    const model = await serveRandomModel(pairSettings(), 'js');

    // Act
    const act = () => model.session.run(signature, inputs as NamedTensors);

    // Assess
    expect(act).toThrow(expect.objectContaining({ code }));
    await model.close();
  });

  it.each([
    ['without a manifest', (dir: string) => rm(join(dir, 'object2vec.json'))],
    ['whose manifest is not JSON', (dir: string) => writeFile(join(dir, 'object2vec.json'), '{')],
    ['without weights', (dir: string) => rm(join(dir, '1', 'variables'), { recursive: true })],
    ['without a version folder', (dir: string) => rename(join(dir, '1'), join(dir, 'one'))],
    [
      'whose weights lack a tensor',
      (dir: string) =>
        writeBundle(variablesPrefix(join(dir, '1')), [{ name: 'other', shape: [1], data: new Float32Array(1) }]),
    ],
    [
      'whose table is smaller than the manifest says',
      (dir: string) =>
        writeBundle(variablesPrefix(join(dir, '1')), [
          { name: 'embed_0_weight', shape: [2, 12], data: new Float32Array(24) },
        ]),
    ],
  ])('does not open an artifact %s', async (_, damage) => {
    // Prepare
    const model = await serveRandomModel(pairSettings(), 'js');
    await damage(model.modelDir);

    // Act
    const opening = openFallbackSession(model.modelDir);

    // Assess
    await expect(opening).rejects.toMatchObject({ code: 'InvalidArtifact' });
    await model.close();
  });
});
