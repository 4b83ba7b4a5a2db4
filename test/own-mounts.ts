/** Whether tests can have file systems of their own: a mount namespace for a process and what it starts. */
import { spawnSync } from 'node:child_process';

const probe = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'], { encoding: 'utf8' });
const reason = (probe.error?.message ?? probe.stderr).trim().split('\n')[0];

export const ownMounts = {
  available: probe.status === 0,
  /** For the name of tests that are skipped. */
  note: probe.status === 0 ? '' : ` (skipped: no mounts of one's own here: ${reason})`,
} as const;

/** Runs a command line after a shell script in a mount namespace; the script sees `args` as $1 and on. */
export function withinMounts(script: string, ...args: readonly string[]): string[] {
  const shifted = `set -e; ${script}; shift ${args.length}; exec "$@"`;
  return ['unshare', '-rm', 'sh', '-c', shifted, 'sh', ...args];
}
