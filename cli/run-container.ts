/**
 * Runs the container's entry point as the child process that it is on SageMaker, with this terminal. It has a channel to
 * this process, by which it sees that this one is gone, so that nothing outlives `kill -9` of the command.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENTRY_POINT = fileURLToPath(new URL('../container/src/main.ts', import.meta.url));

/** Resolves with the exit code; signals to this process are passed on, so that Ctrl-C ends the job in order. */
export function runContainer(verb: 'serve' | 'train', environment: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(process.execPath, [ENTRY_POINT, verb], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // As the image: huge pages for token tables, whose rows lie far apart.
    env: { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1', ...process.env, ...environment },
  });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', pass).on('SIGINT', pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', pass).off('SIGINT', pass);
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}
