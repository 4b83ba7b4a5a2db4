/** What a model takes on disk, which is about what each copy of it takes in memory. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Handlers and their packages, which run in processes of their own. */
const CODE_FOLDER = 'code';

/** Bytes of a model's files, without those of its handlers. */
export async function modelBytes(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = names.filter((name) => name !== CODE_FOLDER).map((name) => treeBytes(join(folder, name)));
  return sum(await Promise.all(sizes));
}

/** Links count as the file that they lead to: TensorFlow follows them. */
async function treeBytes(path: string): Promise<number> {
  const { size, isFolder } = await stat(path).then(
    (found) => ({ size: found.size, isFolder: found.isDirectory() }),
    () => ({ size: 0, isFolder: false }),
  );
  if (!isFolder || (await lstat(path)).isSymbolicLink()) return isFolder ? 0 : size;
  const names = await readdir(path);
  return sum(await Promise.all(names.map((name) => treeBytes(join(path, name)))));
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
