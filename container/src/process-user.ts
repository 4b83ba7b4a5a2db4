/**
 * The user that a container's process runs as. SageMaker starts containers as root and prepares /opt/ml for root; after
 * that nothing needs its rights, and code that a model or a request brings should not have them.
 */
import { type Dirent, lstatSync, readdirSync, statSync } from 'node:fs';
import { lchown } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '#core/limits.ts';

/** Why the process is still root, or undefined. */
export type KeptRoot = string | undefined;

const WRITTEN_BY_TRAINING = ['model', 'output', 'checkpoints'];
const READ_BY_OTHERS = 0o004;
const ENTER_BY_OTHERS = 0o005;

/** Becomes `userId` for good, where the process is root and every file below `folder` may be read by others. */
export function becomeReader(userId: number | undefined, folder: string): KeptRoot {
  if (!isRoot(userId)) return undefined;
  const closed = firstClosed(folder);
  if (closed !== undefined) return `${closed} may be read by root alone`;
  become(userId);
  return undefined;
}

/**
 * The same for training below `baseDir`: what it writes is given to the user first, with what lies in it. A file system
 * that refuses that (some network shares do) keeps the process root.
 */
export async function becomeTrainer(userId: number | undefined, baseDir: string): Promise<KeptRoot> {
  if (!isRoot(userId)) return undefined;
  const closed = firstClosed(join(baseDir, 'input'));
  if (closed !== undefined) return `${closed} may be read by root alone`;
  const written = WRITTEN_BY_TRAINING.map((name) => join(baseDir, name));
  for (const path of [baseDir, ...written, ...written.flatMap((folder) => [...entriesBelow(folder)])]) {
    const code = await give(path, userId);
    if (code !== undefined) return `${path} cannot be given to user ${userId} (${code})`;
  }
  become(userId);
  return undefined;
}

/** @returns the code of what went wrong; what is not there needs no owner */
async function give(path: string, userId: number): Promise<string | undefined> {
  try {
    // A link is given away itself, never what it leads to.
    await lchown(path, userId, userId);
    return undefined;
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : code;
  }
}

function isRoot(userId: number | undefined): userId is number {
  return userId !== undefined && userId !== 0 && process.getuid?.() === 0;
}

/** Groups first: without root they could not be left any more. */
function become(userId: number): void {
  process.setgroups!([userId]);
  process.setgid!(userId);
  process.setuid!(userId);
}

/** The first file or folder that others may not read; links count as what they lead to. */
function firstClosed(folder: string): string | undefined {
  for (const path of [folder, ...entriesBelow(folder)]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    const needed = found.isDirectory() ? ENTER_BY_OTHERS : READ_BY_OTHERS;
    if ((found.mode & needed) !== needed) return path;
  }
  return undefined;
}

/** Every path below a folder, itself not among them; a folder with more entries than a model may have ends early. */
function* entriesBelow(folder: string): Generator<string> {
  const waiting = [folder];
  let count = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const entry of entriesOf(at)) {
      if (++count > LIMITS.modelFolderEntries.value) return;
      const path = join(at, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      yield path;
    }
  }
}

function entriesOf(folder: string): Dirent[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })) return [];
  return statSync(folder).isDirectory() ? readdirSync(folder, { withFileTypes: true }) : [];
}
