/**
 * A stand-in for the public image of Node, for machines that reach no registry of images: Debian from its packages, this
 * project's Node, this machine's npm and certificates, and the same layout. Kept between runs.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CannotBuild, run } from './commands.ts';

export const BASE_IMAGE = `localhost/twinvec-node:${process.versions.node}-bookworm`;
const DEBIAN = 'bookworm';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @returns the image's name */
export function makeBaseImage(): string {
  if (spawnSync('buildah', ['inspect', '--type', 'image', BASE_IMAGE]).status === 0) return BASE_IMAGE;
  process.stderr.write(`Making ${BASE_IMAGE}, once\n`);
  const scratch = mkdtempSync(join(tmpdir(), 'twinvec-base-'));
  const root = join(scratch, 'root');
  try {
    requireDebian(root);
    addNode(root);
    for (const waste of ['debootstrap', 'var/cache/apt/archives', 'var/lib/apt/lists'])
      rmSync(join(root, waste), { recursive: true, force: true });
    commit(root);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return BASE_IMAGE;
}

function requireDebian(root: string): void {
  const { status } = spawnSync('debootstrap', ['--variant=minbase', '--include=ca-certificates', DEBIAN, root], {
    stdio: ['ignore', 2, 'inherit'],
  });
  // It leaves these mounted where it cannot make name spaces of its own.
  for (const mount of ['proc', 'sys']) spawnSync('umount', [join(root, mount)], { stdio: 'ignore' });
  if (status !== 0) throw new CannotBuild(`debootstrap could not make Debian ${DEBIAN} here (it ended with ${status})`);
}

function addNode(root: string): void {
  const local = join(root, 'usr/local');
  copyFileSync(process.execPath, join(local, 'bin/node'));
  const modules = join(local, 'lib/node_modules');
  mkdirSync(modules, { recursive: true });
  cpSync(npmFolder(), join(modules, 'npm'), { recursive: true });
  for (const program of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${program}-cli.js`, join(local, 'bin', program));
  if (existsSync(CERTIFICATES)) copyFileSync(CERTIFICATES, join(root, CERTIFICATES));
  const settings = join(local, 'etc/npmrc');
  mkdirSync(dirname(settings), { recursive: true });
  const registry = run('npm', ['config', 'get', 'registry'], 'read').trim();
  writeFileSync(settings, `cafile=${CERTIFICATES}\nregistry=${registry}\n`);
  appendFileSync(join(root, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/bash\n');
  appendFileSync(join(root, 'etc/group'), 'node:x:1000:\n');
}

/** That of the npm which is found first, whatever Node npm itself would take for its own. */
function npmFolder(): string {
  const [program] = (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'npm'))
    .filter((path) => existsSync(path));
  if (program === undefined) throw new CannotBuild('npm not found');
  return resolve(realpathSync(program), '../..');
}

function commit(root: string): void {
  const container = run('buildah', ['from', 'scratch'], 'read').trim();
  try {
    run('buildah', ['add', '--quiet', container, root, '/']);
    run('buildah', ['config', '--env', `PATH=${PATH}`, container]);
    run('buildah', ['commit', '--quiet', container, BASE_IMAGE]);
  } finally {
    run('buildah', ['rm', container], 'read');
  }
}
