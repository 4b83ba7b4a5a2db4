/** Python packages for tests: installed once, in Twinvec's cache, without touching the machine's own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, makeFolder } from '../container/src/engine/native/cache-folder.ts';
import { runProgram, tellingLine } from '../container/src/engine/native/run-program.ts';

const PIP_OPTIONS = ['--quiet', '--no-input', '--disable-pip-version-check', '--only-binary=:all:', '--retries', '2'];

/**
 * A folder for PYTHONPATH; the packages lie in it without a virtual environment, which not every Python can make.
 *
 * @param name Names the versions too: a folder that is there is not looked into.
 * @throws Error when pip is not there or cannot install them.
 */
export async function pythonPackages(name: string, requirements: readonly string[]): Promise<string> {
  const folder = join(cacheRoot(), `python-${name}`);
  if (!existsSync(folder)) await makeFolder(folder, (temporary) => install(temporary, requirements));
  return folder;
}

async function install(folder: string, requirements: readonly string[]): Promise<void> {
  const { status, output } = await runProgram('python3', [
    ...['-m', 'pip', 'install', ...PIP_OPTIONS, '--target', folder, ...requirements],
  ]);
  if (status !== 0) throw new Error(`pip could not install ${requirements.join(', ')}: ${tellingLine(output)}`);
}
