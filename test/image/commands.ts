/** Programs of the system that the image check runs. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The image cannot be built on this machine, which says nothing about the image. */
export class CannotBuild extends Error {}

/**
 * Runs a program in the repository's root; what it prints is shown, or given back.
 *
 * @throws Error with the command and its exit status
 */
export function run(program: string, args: readonly string[], output: 'show' | 'read' = 'show'): string {
  const { status, stdout, error } = spawnSync(program, [...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', output === 'read' ? 'pipe' : 2, 'inherit'],
    maxBuffer: 64 << 20,
  });
  if (error) throw new CannotBuild(`${program} does not run here (${error.message})`);
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${status}`);
  return stdout ?? '';
}
