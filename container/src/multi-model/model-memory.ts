/**
 * The memory that all loaded models may take together, counted by the files that they are loaded from: known before a
 * model is loaded, and free again to the last byte when it goes. What the process holds (its resident size) is neither:
 * freed memory stays with it for the next model.
 */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { formatBytes } from '#core/terminal/format.ts';

export class ModelMemory {
  readonly #limitBytes: number;
  #taken = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** @throws TwinvecError OutOfMemory, on which the platform unloads other models and tries again. */
  take(name: string, bytes: number): void {
    const free = this.#limitBytes - this.#taken;
    if (bytes > free) {
      const sizes = `it takes about ${formatBytes(bytes)}, and ${formatBytes(free)} of ${formatBytes(this.#limitBytes)} are free`;
      throw new TwinvecError('OutOfMemory', `Memory exhausted: not enough memory to load model ${name}: ${sizes}.`);
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

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
