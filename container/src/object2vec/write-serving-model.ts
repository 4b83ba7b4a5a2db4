/**
 * Turns trained weights into the SavedModel of the artifact.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Object2VecManifest } from '#core/object2vec/manifest.ts';
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import { lowerGraph } from '../graph/tensorflow/lower-graph.ts';
import { linkBundle } from '../savedmodel/bundle-files.ts';
import { variablesPrefix, writeSavedModel } from '../savedmodel/saved-model.ts';
import { servingGraph } from './serving-graph.ts';

/**
 * @param weightsPrefix a bundle that a training engine saved
 * @param versionDir the numeric folder of the artifact; made when it does not exist
 * @returns the tensors of the model, for the manifest
 */
export async function writeServingModel(
  settings: Pick<Object2VecSettings, 'network'>,
  weightsPrefix: string,
  versionDir: string,
): Promise<Object2VecManifest['tensors']> {
  const serving = servingGraph(settings.network);
  const prefix = variablesPrefix(versionDir);
  await mkdir(dirname(prefix), { recursive: true });
  await linkBundle(weightsPrefix, prefix);
  const { graph, signatures } = lowerGraph(serving);
  await writeSavedModel(versionDir, { graph, signatures });
  return serving.parameters.map(({ name, shape }) => ({ name, shape: [...shape] }));
}
