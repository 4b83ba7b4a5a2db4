/** Lays a model out as SageMaker does before it starts a container: unpacked, in `model/` below the base folder. */
import { mkdir, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { extractArchive } from '../../container/src/model-archive.ts';

/**
 * @param model A model folder, which is used in place, or a model.tar.gz.
 * @throws TwinvecError InvalidArtifact when it is neither.
 */
export async function layOutModel(model: string, baseDir: string): Promise<void> {
  const facts = await stat(model).catch(() => undefined);
  if (!facts) throw new TwinvecError('InvalidArtifact', `there is no model at ${model}`);
  const target = path.join(baseDir, 'model');
  await mkdir(baseDir, { recursive: true });
  if (facts.isDirectory()) await symlink(path.resolve(model), target, 'dir');
  else await extractArchive(model, target);
}
