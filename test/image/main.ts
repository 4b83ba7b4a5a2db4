/**
 * Program, `npm run image:check`: builds container/Dockerfile with buildah, without a Docker daemon and without a
 * registry, and holds what came out to the server's contract. Ends with 3, and the reason, where it cannot build here:
 * that an image was not checked must be seen.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BASE_IMAGE, makeBaseImage } from './base-image.ts';
import { CannotBuild, run } from './commands.ts';
import { IMAGE_VARIABLE, inspectImage } from './image.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const USAGE = 'Usage: npm run image:check -- [--variant cpu|gpu] [--install] [--base IMAGE]\n';
const NOT_CHECKED = 3;
const PACKAGES = ['buildah', 'debootstrap'];

interface Options {
  readonly variant: 'cpu' | 'gpu';
  /** Whether what is missing may be installed with apt-get. */
  readonly install: boolean;
  /** An image to build on, in place of one that is made here. */
  readonly base: string | undefined;
}

function readOptions(argv: readonly string[]): Options | undefined {
  const rest = [...argv];
  const options = { variant: 'cpu' as Options['variant'], install: false, base: undefined as string | undefined };
  for (let option = rest.shift(); option !== undefined; option = rest.shift()) {
    const value = option === '--install' ? '' : rest.shift();
    if (option === '--install') options.install = true;
    else if (option === '--variant' && (value === 'cpu' || value === 'gpu')) options.variant = value;
    else if (option === '--base' && value) options.base = value;
    else return undefined;
  }
  return options;
}

/** @throws CannotBuild where this machine cannot build images, whatever is in the Dockerfile */
function requireMachine({ install }: Options): void {
  if (process.platform !== 'linux') throw new CannotBuild('buildah builds images on Linux only');
  if (process.getuid?.() !== 0) throw new CannotBuild('it has to be run as root, to mount what was built');
  const command = `apt-get install --yes --no-install-recommends ${PACKAGES.join(' ')}`;
  if (install && absentPrograms().length > 0) installPrograms(command);
  const absent = absentPrograms();
  if (absent.length > 0) throw new CannotBuild(`${absent.join(' and ')} not found; ${command}, or add --install`);
  requireMounts();
}

function absentPrograms(): string[] {
  return PACKAGES.filter((name) => spawnSync(name, ['--version']).error !== undefined);
}

function installPrograms(command: string): void {
  const { status } = spawnSync('sh', ['-c', `apt-get update --quiet && ${command}`], {
    stdio: ['ignore', 2, 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) throw new CannotBuild(`\`${command}\` ended with ${status}`);
}

/** Root of a container without CAP_SYS_ADMIN has buildah, and no step of a build would run. */
function requireMounts(): void {
  const attempt = ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()];
  const { status, stderr, error } = spawnSync('unshare', attempt, { encoding: 'utf8' });
  if (status !== 0) throw new CannotBuild(`root may mount nothing here (${(error?.message ?? stderr).trim()})`);
}

/** @returns the image's name */
function build({ variant, base }: Options): string {
  const name = `localhost/twinvec:${variant}`;
  const node = base ?? makeBaseImage();
  process.stderr.write(`Building ${name} on ${node}\n`);
  run('buildah', [
    ...['bud', '--isolation', 'chroot', '--layers', '--ignorefile', '.dockerignore', '-f', 'container/Dockerfile'],
    ...['--build-arg', `NODE_IMAGE=${node}`, '--build-arg', `VARIANT=${variant}`, '--tag', name, '.'],
  ]);
  return name;
}

/** @returns 0 when all tests have passed, else 1: no other code may read as NOT_CHECKED. */
async function check(name: string, options: Options): Promise<number> {
  const container = run('buildah', ['from', '--pull-never', name], 'read').trim();
  const scratch = await mkdtemp(join(tmpdir(), 'twinvec-image-'));
  try {
    const image = inspectImage(name, run('buildah', ['mount', container], 'read').trim());
    const description = join(scratch, 'image.json');
    writeFileSync(description, JSON.stringify({ ...image, variant: options.variant }));
    const { status } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'test/image/vitest.config.ts'],
      { cwd: ROOT, stdio: 'inherit', env: { ...process.env, [IMAGE_VARIABLE]: description } },
    );
    process.stdout.write(
      `\n${name}: ${(image.bytes / 1e9).toFixed(2)} GB, of which ${options.base ?? BASE_IMAGE} is ${(image.baseBytes / 1e9).toFixed(2)}\n`,
    );
    return status === 0 ? 0 : 1;
  } finally {
    run('buildah', ['rm', container], 'read');
    rmSync(scratch, { recursive: true });
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    requireMachine(options);
    return await check(build(options), options);
  } catch (failure) {
    if (!(failure instanceof CannotBuild)) throw failure;
    process.stdout.write(`IMAGE NOT CHECKED: ${failure.message}\n`);
    return NOT_CHECKED;
  }
}

process.exitCode = await main();
