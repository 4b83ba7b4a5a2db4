/** Large variables are written a group at a time, and the result is one bundle that anything reads. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openNativeSession } from '../../../../container/src/engine/native/session.ts';
import { GraphDefBuilder } from '../../../../container/src/savedmodel/graph-def.ts';
import { addGroupedRestore, addGroupedSave } from '../../../../container/src/savedmodel/grouped-variables.ts';
import { writeSavedModel } from '../../../../container/src/savedmodel/saved-model.ts';
import { openBundle } from '../../../../container/src/savedmodel/tensor-bundle-reader.ts';
import { writeBundle } from '../../../../container/src/savedmodel/tensor-bundle-writer.ts';
import { nativeEngine } from '../../../native-engine.ts';

const tensors = [
  { name: 'a', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  { name: 'b', shape: [3], data: Float32Array.of(5, 6, 7) },
  { name: 'c', shape: [1, 2], data: Float32Array.of(8, 9) },
];

describe.skipIf(!nativeEngine.available)(`variables in groups${nativeEngine.note}`, () => {
  it.each([
    ['each alone', 1, 3],
    ['two together', 28, 2],
    ['all together', 1000, 1],
  ])('are saved as one bundle and restored from it: %s', async (_, groupBytes, dataFiles) => {
    // Prepare
    const dir = await mkdtemp(join(tmpdir(), 'twinvec-grouped-'));
    const graph = new GraphDefBuilder();
    const variables = tensors.map(({ name, shape }) => graph.variable({ name, shape }));
    const endpoint = (node: string) => ({ node: `${node}:0`, dtype: 'string' as const, shape: [] });
    const signature = (name: string, add: (filename: string) => string) => {
      const filename = graph.placeholder(`${name}/filename`, 'string', []);
      return { inputs: { filename: endpoint(filename) }, outputs: { done: endpoint(add(filename)) } };
    };
    const signatures = {
      save: signature('save_all', (file) => addGroupedSave(graph, 'save_all', file, variables, groupBytes)),
      restore: signature('restore_all', (file) => addGroupedRestore(graph, 'restore_all', file, variables, groupBytes)),
    };
    await writeSavedModel(join(dir, 'model'), { graph, signatures, variables: tensors });
    const session = openNativeSession(join(dir, 'model'));
    const path = (name: string) =>
      ({ filename: { dtype: 'string', shape: [], data: [Buffer.from(join(dir, name))] } }) as const;
    const changed = tensors.map((tensor) => ({ ...tensor, data: tensor.data.map((value) => -value) }));
    await writeBundle(join(dir, 'changed'), changed);

    // Act
    session.run('save', path('saved'));
    session.run('restore', path('changed'));
    session.run('save', path('saved-again'));
    session.close();

    // Assess
    for (const [name, expected] of [
      ['saved', tensors],
      ['saved-again', changed],
    ] as const) {
      const bundle = openBundle(join(dir, name));
      bundle.verify();
      expect([...bundle.tensors.keys()]).toEqual(['a', 'b', 'c']);
      for (const tensor of expected) expect(bundle.readFloat32(tensor.name)).toEqual(tensor.data);
      bundle.close();
      const files = (await readdir(dir)).filter((file) => file.startsWith(`${name}.`));
      expect(files.length, files.join()).toBe(dataFiles + 1);
    }
    await rm(dir, { recursive: true });
  });
});
