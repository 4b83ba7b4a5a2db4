/**
 * One service for each folder: two of them would each overwrite what the other keeps. The lock is a file that names the
 * process; that of a process that is gone is taken over.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TwinvecError } from '#core/errors.ts';

/** Those of this process: in a container a killed service may have had the id that this one has. */
const held = new Set<string>();

/**
 * @returns gives the folder back
 * @throws TwinvecError InvalidConfiguration naming the process that has the folder.
 */
export function lockFolder(dir: string): () => void {
  makeWritable(dir);
  const file = path.join(path.resolve(dir), 'service.pid');
  const holder = holderOf(file);
  if (held.has(file) || (holder !== undefined && holder !== process.pid && isAlive(holder))) {
    throw new TwinvecError(
      'InvalidConfiguration',
      `${dir} is in use by process ${holder}. Stop it or choose another folder; if it is no local service, remove ${file}.`,
    );
  }
  writeFileSync(file, `${process.pid}\n`);
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

/** @throws TwinvecError InvalidConfiguration */
function makeWritable(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TwinvecError('InvalidConfiguration', `${dir} cannot be written (${code}). Choose another folder.`, {
      cause,
    });
  }
}

function holderOf(file: string): number | undefined {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(holder) && holder > 0 ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
