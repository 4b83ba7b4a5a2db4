/**
 * Compiles the unmodified binding of @tensorflow/tfjs-node-gpu against the libraries that were found: one compiler
 * call, without node-gyp and without a download of Node's headers.
 */

import { readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TextSink } from '#core/terminal/progress.ts';
import { makeFolder } from './cache-folder.ts';
import { ADDON_FILE, type LibraryFiles, STAMP_FILE, type Stamp } from './library-source.ts';
import { runProgram, tellingLine } from './run-program.ts';

const require = createRequire(import.meta.url);
/** Of our own, beside the binding's sources, which are compiled as they are. */
const OWN_SOURCES = ['quiet-start.cc', 'host-context.cc'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const PROOF = fileURLToPath(new URL('prove-addon.ts', import.meta.url));

/** The folder of an installed package. */
export function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/**
 * Makes `folder` with the addon and its stamp, after the addon has computed one sum in a process of its own.
 *
 * @throws Error with a one-line reason.
 */
export async function buildAddon(folder: string, library: LibraryFiles, sink: TextSink): Promise<Stamp> {
  let stamp: Stamp = { tensorflow: '', libraries: [] };
  await makeFolder(folder, async (partial) => {
    sink.write('Building the TensorFlow binding (about 10 s, once)\n');
    const addon = join(partial, ADDON_FILE);
    await compile(addon, library);
    stamp = {
      tensorflow: await proveAddon(addon),
      libraries: library.libraries.map((name) => join(library.folder, name)),
    };
    await writeFile(join(partial, STAMP_FILE), `${JSON.stringify(stamp, null, 2)}\n`);
  });
  return stamp;
}

async function compile(addon: string, library: LibraryFiles): Promise<void> {
  const binding = join(packageFolder('@tensorflow/tfjs-node-gpu'), 'binding');
  const sources = (await readdir(binding)).filter((name) => name.endsWith('.cc')).map((name) => join(binding, name));
  const includes = [join(packageFolder('node-api-headers'), 'include'), library.include, binding];
  const parameters = [
    ...['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8'],
    ...includes.flatMap((folder) => ['-I', folder]),
    ...sources,
    ...OWN_SOURCES,
    ...['-o', addon, '-L', library.folder],
    ...library.libraries.map((name) => `-l:${name}`),
    // nodelete: Node unloads the addon with the last thread that has it, and TensorFlow's handlers for the end of the
    // process would point to where it was.
    `-Wl,-rpath,${library.folder},-z,initfirst,-z,nodelete,--wrap=TFE_NewContext`,
  ];
  const compilers = process.env.CXX ? [process.env.CXX] : ['g++', 'c++', 'clang++'];
  for (const compiler of compilers) {
    const { status, output } = await runProgram(compiler, parameters);
    if (status === 0) return;
    if (status !== undefined) throw new Error(`${compiler} could not build the binding: ${tellingLine(output)}`);
  }
  throw new Error(`there is no C++ compiler (tried ${compilers.join(', ')})`);
}

/** @returns the version of TensorFlow that computed the sum. */
async function proveAddon(addon: string): Promise<string> {
  const { status, output } = await runProgram(process.execPath, [PROOF, addon]);
  if (status !== 0) throw new Error(`the built binding does not run: ${tellingLine(output)}`);
  return output.trim().split('\n').at(-1) ?? '';
}
