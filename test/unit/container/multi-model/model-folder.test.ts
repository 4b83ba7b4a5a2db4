import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFolder } from '../../../../container/src/multi-model/model-folder.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';

async function folders(): Promise<{ root: string; models: string }> {
  const root = await temporaryFolder();
  const models = join(root, 'models');
  await mkdir(join(models, 'a/model'), { recursive: true });
  await mkdir(join(root, 'models-of-others/a'), { recursive: true });
  await symlink(join(root, 'models-of-others'), join(models, 'link'));
  await symlink(join(models, 'a'), join(models, 'inner'));
  return { root, models };
}

describe('the folder of a model', () => {
  it.each(['a/model', 'a', 'a/../a/model', 'inner/model', './a//model/'])('is %s below the models', async (place) => {
    const { models } = await folders();
    expect(modelFolder(models, 'a', `${models}/${place}`)).toMatch(/\/models\/a(\/model)?$/);
  });

  it.each(['', '..', '../models-of-others/a', 'a/../../models-of-others', 'link', 'link/a', 'a/none', 'a\0b'])(
    'is not %j, which leads elsewhere',
    async (place) => {
      const { models } = await folders();
      expect(() => modelFolder(models, 'a', `${models}/${place}`)).toThrow(
        /^Could not find valid base path .* for servable a: /,
      );
    },
  );

  it('is no relative path', async () => {
    const { models } = await folders();
    expect(() => modelFolder(models, 'a', '.')).toThrow('does not lie below');
  });
});
