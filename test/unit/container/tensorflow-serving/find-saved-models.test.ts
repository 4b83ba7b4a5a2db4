import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSavedModels } from '../../../../container/src/tensorflow-serving/find-saved-models.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';

async function folderWith(...files: readonly string[]): Promise<string> {
  const root = await temporaryFolder();
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), '');
  }
  return root;
}

const graphs = (...dirs: readonly string[]) => folderWith(...dirs.map((dir) => `${dir}/saved_model.pb`));

describe('the SavedModels of a model folder', () => {
  it.each<[string, string[], [string, string, string][]]>([
    ['a bare version is the model "model"', ['123'], [['model', '123', '123']]],
    ['the parent folder names the model', ['export/Servo/1'], [['Servo', '1', 'export/Servo/1']]],
    ['leading zeros go', ['half_plus_three/00000123'], [['half_plus_three', '123', 'half_plus_three/00000123']]],
    [
      'all models and all versions count, in order',
      ['b/10', 'b/9', 'a/1'],
      [
        ['a', '1', 'a/1'],
        ['b', '9', 'b/9'],
        ['b', '10', 'b/10'],
      ],
    ],
    [
      'versions beyond 2^53 stay apart',
      ['m/9007199254740993', 'm/9007199254740992'],
      [
        ['m', '9007199254740992', 'm/9007199254740992'],
        ['m', '9007199254740993', 'm/9007199254740993'],
      ],
    ],
    [
      'hidden folders, code and what has no number are passed over',
      ['m/1', 'm/.00000111', 'm/2.old', 'm/-3', '.git/1', 'code/1'],
      [['m', '1', 'm/1']],
    ],
  ])('%s', async (_, dirs, expected) => {
    const root = await graphs(...dirs);
    const found = findSavedModels(root);
    expect(found).toEqual(expected.map(([name, version, dir]) => ({ name, version, dir: join(root, dir) })));
  });

  it('J5 are not those of numeric folders without a graph, which are searched on', async () => {
    const root = await folderWith('2026/m/1/saved_model.pb', '7/readme.txt');
    expect(findSavedModels(root)).toEqual([{ name: 'm', version: '1', dir: join(root, '2026/m/1') }]);
  });

  it.each<[string, string[], string]>([
    ['one version twice', ['m/1', 'm/01'], 'Version 1 of model m is there twice: "m/01" and "m/1".'],
    ['two folders of one name', ['a/m/1', 'b/m/2'], 'Two folders are named for the model m: "a/m/1" and "b/m/2".'],
    ['a bare version beside a folder "model"', ['1', 'model/2'], 'Two folders are named for the model model'],
    ['a name that no request can write', ['my model/1'], '"my model/1": a model\'s name has only letters'],
    ['a version beyond int64', ['m/9223372036854775808'], 'a version is at most 9223372036854775807'],
  ])('J5 refuses %s', async (_, dirs, message) => {
    const root = await graphs(...dirs);
    expect(() => findSavedModels(root)).toThrow(expect.objectContaining({ code: 'InvalidArtifact' }));
    expect(() => findSavedModels(root)).toThrow(message);
  });

  it('J1 must be there', async () => {
    // Prepare
    const [empty, top, unnumbered] = [await folderWith(), await folderWith('saved_model.pb'), await graphs('export')];

    // Assess
    expect(() => findSavedModels(empty)).toThrow('It holds neither object2vec.json nor a SavedModel');
    expect(() => findSavedModels(top)).toThrow('"saved_model.pb" is not in a numeric version folder');
    expect(() => findSavedModels(unnumbered)).toThrow('"export/saved_model.pb" is not in a numeric version folder');
    expect(() => findSavedModels(join(empty, 'absent'))).toThrow('The model folder cannot be read (ENOENT).');
  });

  it('J2 do not lie behind links', async () => {
    const [elsewhere, root] = [await graphs('1'), await graphs('m/1')];
    await symlink(elsewhere, join(root, 'other'));
    expect(findSavedModels(root).map(({ name }) => name)).toEqual(['m']);
  });

  it('J3 are not searched for without end', async () => {
    const root = await graphs(`${Array.from({ length: 20 }, (_, i) => `d${i}`).join('/')}/1`);
    expect(() => findSavedModels(root)).toThrow('nested deeper than 16 folders');
  });
});
