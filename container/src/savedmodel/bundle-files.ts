/**
 * The files of a bundle, `<prefix>.index` and `<prefix>.data-*`, as things to give another name or to remove. The index
 * knows data files by number, so they may be called anything.
 */
import { constants } from 'node:fs';
import { copyFile, link, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What follows the prefix in each file's name. Empty when there is no such bundle. */
export async function bundleSuffixes(prefix: string): Promise<string[]> {
  const name = basename(prefix);
  const files = await readdir(dirname(prefix));
  return files
    .filter((file) => /^\.(index|data-\d+-of-\d+)$/.test(file.slice(name.length)) && file.startsWith(name))
    .map((file) => file.slice(name.length))
    .sort();
}

/**
 * A second name for a bundle, in a folder that exists: hard links where both folders are on one disk, copies elsewhere.
 * Nobody ever writes into a bundle that is whole, so sharing the bytes is safe.
 */
export async function linkBundle(from: string, to: string): Promise<void> {
  for (const suffix of await bundleSuffixes(from)) {
    await link(`${from}${suffix}`, `${to}${suffix}`).catch(() =>
      copyFile(`${from}${suffix}`, `${to}${suffix}`, constants.COPYFILE_EXCL),
    );
  }
}

export async function removeBundle(prefix: string): Promise<void> {
  for (const suffix of await bundleSuffixes(prefix)) await rm(`${prefix}${suffix}`);
}

/** Bytes of all its files. */
export async function bundleBytes(prefix: string): Promise<number> {
  const sizes = (await bundleSuffixes(prefix)).map(async (suffix) => (await stat(join(`${prefix}${suffix}`))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
