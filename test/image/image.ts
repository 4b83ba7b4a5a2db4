/**
 * An image that was built, and how to start its entry point as SageMaker would: read-only, /opt/ml on top, in mounts of
 * its own. Tools of a shell are hidden, so that a server that needs one fails.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from './commands.ts';

/** Names the file that describes the image under test; without it, servers start from the sources. */
export const IMAGE_VARIABLE = 'TWINVEC_TEST_IMAGE';

export interface Image {
  /** Where its files lie on this machine. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** Of the layer that the public image of Node stands for. */
  readonly baseBytes: number;
  readonly variant: 'cpu' | 'gpu';
}

interface Inspected {
  readonly OCIv1: {
    readonly config: {
      readonly Env: readonly string[];
      readonly Entrypoint: readonly string[];
      readonly Cmd: readonly string[];
      readonly WorkingDir: string;
      readonly Labels: Readonly<Record<string, string>>;
    };
  };
}

/** @param root where `buildah mount` shows it */
export function inspectImage(name: string, root: string): Omit<Image, 'variant'> {
  const { OCIv1 } = JSON.parse(run('buildah', ['inspect', '--type', 'image', name], 'read')) as Inspected;
  const { Env, Entrypoint, Cmd, WorkingDir, Labels } = OCIv1.config;
  const env = Object.fromEntries(
    Env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const added = ['app', 'opt'].reduce((sum, folder) => sum + bytesBelow(`${root}/${folder}`), 0);
  const bytes = bytesBelow(root);
  return {
    ...{ root, env, entrypoint: Entrypoint, command: Cmd, workingDir: WorkingDir, labels: Labels },
    ...{ bytes, baseBytes: bytes - added },
  };
}

function bytesBelow(folder: string): number {
  return Number(run('du', ['--summarize', '--bytes', '--one-file-system', folder], 'read').split('\t')[0]);
}

/** The image under test, or undefined. */
export function imageUnderTest(): Image | undefined {
  const path = process.env[IMAGE_VARIABLE];
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as Image);
}

/** Where SageMaker unpacks the models of a multi-model endpoint. */
export const MODELS_IN_IMAGE = '/opt/ml/models';

/** Folders of this machine, by the place that they have in the image. */
export type Mounts = Readonly<Record<string, string>>;

/** One shell before the image's process, which takes its place: the process id is that of node. */
const MOUNTS = `
set -e
root=$1; dir=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
until [ "$1" = -- ]; do
  mkdir -p "$root$1"
  mount --bind "$2" "$root$1"
  shift 2
done
mount -t tmpfs -o ro,size=4k tmpfs "$root/usr/sbin"
mount -t tmpfs -o ro,size=4k tmpfs "$root/usr/bin"
mount -o remount,bind,ro "$root"
exec unshare --root="$root" --wd="$dir" "$@"
`;

/** The command that starts `entrypoint` with `args` in the image; of /opt/ml there is what the mounts bring. */
export function commandInImage(image: Image, mounts: Mounts, args: readonly string[]): readonly string[] {
  const inside = [...Object.entries(mounts).flat(), '--', ...image.entrypoint, ...args];
  return ['unshare', '--mount', 'sh', '-c', MOUNTS, 'sh', image.root, image.workingDir, ...inside];
}

export interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs the command of `commandInImage` to its end, in the image's environment and these variables. */
export async function runInImage(
  image: Image,
  mounts: Mounts,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const [program, ...rest] = commandInImage(image, mounts, args);
  const child = spawn(program!, rest, { env: { ...image.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode, out, errors };
}

/** Every file and link below a folder of the image, as paths from its root. */
export function filesOf(image: Image, folder: string): string[] {
  return readdirSync(join(image.root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(image.root.length));
}
