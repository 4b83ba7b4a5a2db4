/**
 * Serving beside disks that are full, without inodes or read-only: the ids are those of spec faults 2P. The real process
 * has small file systems of its own (tmpfs in a mount namespace).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { GOLDEN, post } from '../fixtures/serving/sum-server.ts';
import { ownMounts, withinMounts } from '../own-mounts.ts';
import { rawExchange } from '../raw-http.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

const SUMS = join(import.meta.dirname, '../fixtures/serving/serve-sums.ts');

const FULL = 'mount -t tmpfs -o size=1m tmpfs "$1"; cat /dev/zero > "$1/ballast" 2>/dev/null || true';
/** The folder itself is the first inode. */
const WITHOUT_INODES = 'mount -t tmpfs -o nr_inodes=1 tmpfs "$1"';
const READ_ONLY = 'mount --rbind / /; mount -o remount,ro,bind /; ! touch "$1/proof" 2>/dev/null';

const PAIRS = {
  instances: [
    { in0: [1, 2, 3], in1: [4] },
    { in0: [5], in1: [6, 7] },
  ],
};

async function scoresOf(server: ServerProcess): Promise<unknown> {
  const response = await fetch(`${server.url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(PAIRS),
  });
  return response.json();
}

describe.skipIf(!ownMounts.available).each(ENGINES)(`a disk beside %s${ownMounts.note}`, (engine) => {
  let folder: string;
  let modelDir: string;
  let temporary: string;
  let expected: unknown;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinvec-disk-'));
    temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    modelDir = (await trainPairModel(folder, engine)).folder;
    chmodSync(folder, 0o755);
    const server = await startServer({ modelDir, env: { TWINVEC_ENGINE: engine } });
    expected = await scoresOf(server);
    await server.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['P1 that is full, for temporary files,', FULL],
    ['P2 P3 that is read-only, root and model,', READ_ONLY],
    ['P5 that has no inodes, for temporary files,', WITHOUT_INODES],
  ])('%s changes no answer', async (_, mounts) => {
    // Act
    const within = withinMounts(mounts, temporary);
    const server = await startServer({ modelDir, env: { TWINVEC_ENGINE: engine, TMPDIR: temporary }, within });
    const answer = await scoresOf(server);
    const { exitCode } = await server.stop();

    // Assess
    expect(answer).toEqual(expected);
    expect(exitCode).toBe(0);
  });
});

/** A pipe that nobody reads: full before the first line, or without a reader after it. */
const PIPES = {
  full: 'mkfifo "$1/pipe"; exec 3<> "$1/pipe"; dd if=/dev/zero of=/dev/fd/3 bs=4096 count=16 2>/dev/null; shift; exec "$@" >&3',
  closed: 'mkfifo "$1/pipe"; (read line < "$1/pipe") & exec 3> "$1/pipe"; shift; exec "$@" >&3',
} as const;

describe('standard output', () => {
  it.each(Object.entries(PIPES))('P4 that is a %s pipe stops no answer', async (_, script) => {
    // Prepare
    const folder = mkdtempSync(join(tmpdir(), 'twinvec-pipe-'));
    const port = await freePort();
    const env = { ...process.env, SAGEMAKER_BIND_TO_PORT: String(port), TWINVEC_HOST: '127.0.0.1' };
    const server = spawn('sh', ['-c', script, 'sh', folder, process.execPath, SUMS], { env, stdio: 'ignore' });
    const ended = once(server, 'close');
    await vi.waitUntil(() => isHealthy(port), { timeout: 30_000 });

    // Act: refusals are logged, as far as there is room
    const refused = await Promise.all(Array.from({ length: 50 }, () => rawExchange(port, post('no JSON'))));
    const golden = await rawExchange(port, GOLDEN);
    server.kill('SIGTERM');
    const [exitCode] = await ended;
    rmSync(folder, { recursive: true });

    // Assess
    expect(new Set(refused.map((answer) => answer?.status))).toEqual(new Set([400]));
    expect(golden).toMatchObject({ status: 200, body: '{"sums":[6,40,14]}' });
    expect(exitCode).toBe(0);
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function isHealthy(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/ping`).then(
    ({ ok }) => ok,
    () => false,
  );
}
