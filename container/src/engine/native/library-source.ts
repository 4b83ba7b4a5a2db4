/**
 * Where libtensorflow comes from and which files of it are needed, and the folder that holds the addon built for it.
 * Both the bootstrap, which makes that folder, and the engine, which loads from it, ask here.
 */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from './cache-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The release of @tensorflow/tfjs-node-gpu whose binding is built, and the way in which it is built. */
const BINDING = 'tfjs-node-gpu-4.22.0-r4';

export const TENSORFLOW_VERSION = '2.21.0';

/** A wheel by its name and content, for one CPython tag whatever Python runs pip: only its libraries are used. */
export interface Wheel {
  readonly distribution: string;
  readonly platform: string;
  readonly sha256: string;
}

/** Linux wheels by Node's name of the processor. */
export const WHEELS: Readonly<Record<string, Wheel>> = {
  x64: {
    distribution: 'tensorflow-cpu',
    platform: 'manylinux_2_27_x86_64',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  },
  // For this processor the plain distribution is the one without CUDA.
  arm64: {
    distribution: 'tensorflow',
    platform: 'manylinux_2_27_aarch64',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  },
};

/** Folders of the headers that the binding includes, directly or not. */
export const HEADER_FOLDERS = ['tensorflow/c', 'tensorflow/core/platform', 'tsl', 'xla/tsl', 'absl'];

/** Files of a TensorFlow library folder, in the layout of a wheel or of the C library's archive. */
export interface LibraryFiles {
  readonly folder: string;
  readonly include: string;
  /** Names of the files to link, in order. */
  readonly libraries: readonly string[];
}

const FRAMEWORK = 'libtensorflow_framework.so.2';
const MAIN_LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];

/** Finds the libraries in `folder` or its `lib`, and the headers beside them; else says what is missing. */
export function findLibraryFiles(folder: string): LibraryFiles | { readonly missing: string } {
  const found = findLibraries(folder);
  if (found === undefined) return { missing: `${MAIN_LIBRARIES.join(' or ')}, and ${FRAMEWORK}` };
  const include = [join(found.folder, 'include'), join(folder, 'include')].find((path) =>
    existsSync(join(path, 'tensorflow', 'c', 'c_api.h')),
  );
  if (include === undefined) return { missing: 'include/tensorflow/c/c_api.h' };
  return { ...found, include: realpathSync(include) };
}

function findLibraries(folder: string): Pick<LibraryFiles, 'folder' | 'libraries'> | undefined {
  for (const place of [folder, join(folder, 'lib')]) {
    const main = MAIN_LIBRARIES.find((name) => existsSync(join(place, name)));
    if (main === undefined || !existsSync(join(place, FRAMEWORK))) continue;
    return { folder: realpathSync(place), libraries: [main, FRAMEWORK] };
  }
  return undefined;
}

/** A folder of the user's own, from `TWINVEC_LIBTENSORFLOW`. */
export function ownLibraryFolder(env: Environment = process.env): string | undefined {
  return env.TWINVEC_LIBTENSORFLOW || undefined;
}

/** Where the wheel's libraries are unpacked. */
export function wheelFolder(wheel: Wheel, env: Environment = process.env): string {
  return join(cacheRoot(env), `libtensorflow-${TENSORFLOW_VERSION}-${wheel.sha256.slice(0, 12)}`);
}

/** Where the libraries lie that the package's own script downloads. */
export function downloadFolder(env: Environment = process.env): string {
  return join(cacheRoot(env), `libtensorflow-of-${BINDING}-${process.arch}`);
}

/** The folder of the addon that was, or is to be, built in this environment: it differs when the libraries differ. */
export function addonFolder(env: Environment = process.env): string {
  return join(cacheRoot(env), `addon-${BINDING}-${process.platform}-${process.arch}-${libraryFingerprint(env)}`);
}

function libraryFingerprint(env: Environment): string {
  const own = ownLibraryFolder(env);
  const wheel = WHEELS[process.arch];
  if (own === undefined) return wheel ? wheel.sha256.slice(0, 12) : 'download';
  const hash = createHash('sha256').update(own);
  // The headers are needed to build and may be gone afterwards, as in the image.
  const found = findLibraries(own);
  for (const name of found?.libraries ?? []) {
    const path = join(found!.folder, name);
    hash.update(`${path} ${statSync(path).size}\n`);
  }
  return hash.digest('hex').slice(0, 12);
}

export const ADDON_FILE = 'tfjs_binding.node';
export const STAMP_FILE = 'built.json';

/** What the bootstrap leaves beside the addon once an op has run. */
export interface Stamp {
  readonly tensorflow: string;
  readonly libraries: readonly string[];
}

/** Beside the addon's folder: why the last bootstrap could not make it. */
export function reasonFile(env: Environment = process.env): string {
  return `${addonFolder(env)}.reason`;
}
