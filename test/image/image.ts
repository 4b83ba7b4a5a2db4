/**
 * An image that was built, and how to start its entry point as SageMaker would: read-only, /opt/ml on top, in mounts of
 * its own. Tools of a shell are hidden, so that a server that needs one fails.
 */
import { readFileSync } from 'node:fs';
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

/** One shell before the image's process, which takes its place: the process id is that of node. */
const MOUNTS = `
set -e
root=$1; ml=$2; dir=$3; shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$ml" "$root/opt/ml"
mount -t tmpfs -o ro,size=4k tmpfs "$root/usr/sbin"
mount -t tmpfs -o ro,size=4k tmpfs "$root/usr/bin"
exec unshare --root="$root" --wd="$dir" -- "$@"
`;

/**
 * The command that starts `entrypoint` with `args` in the image.
 *
 * @param baseDir becomes /opt/ml
 */
export function commandInImage(image: Image, baseDir: string, args: readonly string[]): readonly string[] {
  const inside = [...image.entrypoint, ...args];
  return ['unshare', '--mount', 'sh', '-c', MOUNTS, 'sh', image.root, baseDir, image.workingDir, ...inside];
}
