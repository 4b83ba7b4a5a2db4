/**
 * The server process where the machine gives it too little: heap, processor, file descriptors, threads, shared memory.
 * The ids are those of spec faults 2N.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import {
  COMMAND,
  errorOf,
  expectStillServing,
  startSumServer,
  sumRequest,
  sums,
} from '../fixtures/serving/sum-server.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { type RawConnection, rawConnect } from '../raw-http.ts';
import { startServer } from '../server-process.ts';

async function connect(port: number, count: number): Promise<readonly RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => rawConnect(port)));
}

describe('N11 a heap that is nearly full', () => {
  it('refuses requests instead of ending the process, and takes them again when there is room', async () => {
    // Prepare: 300 bodies come to about three times the heap, and the first call holds the engine. The young generation,
    // which V8 counts apart, is as small beside it as it is in a heap of usual size.
    const command = ['--max-old-space-size=96', '--max-semi-space-size=1', ...COMMAND];
    const env = { TWINVEC_ENGINE_WORKERS: '1', TWINVEC_BATCHING: 'off', TWINVEC_QUEUE_REQUESTS: '1024' };
    const server = await startSumServer(env, { command });
    const request = sumRequest([Array.from({ length: 100_000 }, () => 7)]);
    const clients = await connect(server.port, 301);

    // Act
    const [first, ...others] = clients;
    first!.write(sumRequest([[FAULT.slow]]));
    for (const client of others) client.write(request);
    const answers = await Promise.all(others.map((client) => client.answer()));
    for (const client of clients) client.destroy();

    // Assess
    expect(server.noise).toEqual([]);
    const refused = answers.filter((answer) => answer?.status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.map((answer) => errorOf(answer).message)).toContain(
      'The server has no memory for another request. Retry with backoff.',
    );
    expect(answers.filter((answer) => answer?.status === 200).length).toBe(answers.length - refused.length);
    await expect.poll(async () => (await sums(server.port, [[1]])).status, { timeout: 30_000 }).toBe(200);
    await expectStillServing(server);
    expect((await server.stop()).exitCode).toBe(0);
  });
});

describe('N13 a main thread that is held up for 3 s', () => {
  it('is told in the log, beside the time in which /ping should have answered', async () => {
    // Prepare
    const command = [new URL('../fixtures/serving/serve-sums-and-block.ts', import.meta.url).pathname];
    const server = await startSumServer({}, { command });

    // Act
    server.signal('SIGUSR2');
    const line = await server.logged('event_loop_blocked', { pingMissed: true });
    await expectStillServing(server);
    await server.stop();

    // Assess
    expect(line).toMatchObject({ level: 'warn', pingMs: 2000 });
    expect(Number(line.blockedMs)).toBeGreaterThan(2000);
    const [stopped] = server.logs.filter(({ event }) => event === 'stopped');
    expect(Number(stopped?.longestBlockMs)).toBeGreaterThanOrEqual(Number(line.blockedMs));
  });
});

describe('N14 a process that may open 64 files', () => {
  it('closes the connections for which there is none, answers the others, and takes new ones afterwards', async () => {
    // Prepare
    const within = ['sh', '-c', 'ulimit -n 64; exec "$0" "$@"'];
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1' }, { within });

    // Act
    const clients = await connect(server.port, 200);
    const answers = await Promise.all(clients.map((client) => client.write(sumRequest([[1]])).answer()));
    for (const client of clients) client.destroy();

    // Assess
    const answered = answers.filter((answer) => answer !== undefined);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.length).toBeLessThan(64);
    expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200]));
    await expect.poll(() => sums(server.port, [[1]]).catch(() => undefined)).toMatchObject({ status: 200 });
    await expectStillServing(server);
    expect((await server.stop()).exitCode).toBe(0);
  });
});

/** Some number that no other process here has: limits of threads count for all processes of a user. */
const USER = 54_321;
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(
  `N15 a user that has no threads left${isRoot ? '' : ' (skipped: only root can be one)'}`,
  () => {
    it('gets no new worker; after three tries the process ends with 1 and says why', async () => {
      // Prepare
      const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_RUN_AS: String(USER) });
      execFileSync('prlimit', ['--pid', String(server.pid), '--nproc=1:1'], { uid: USER, gid: USER });

      // Act
      const answer = await sums(server.port, [[FAULT.dies]]);
      const { exitCode } = await server.exited;

      // Assess
      expect([answer.status, errorOf(answer).code]).toEqual([503, 'EngineLost']);
      expect(exitCode).toBe(1);
      const reasons = server.logs.filter(({ event }) => event === 'engine_worker_died').map(({ reason }) => reason);
      const noThread = expect.stringMatching(/^no thread could be started: /);
      expect(reasons).toEqual(['exited with 3', noThread, noThread]);
      expect(server.logs.find(({ event }) => event === 'stopping')).toMatchObject({ code: 'EngineLost' });
    });
  },
);

const probe = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/dev/shm'], { encoding: 'utf8' });
const canMount = probe.status === 0;

describe.skipIf(!canMount)(`N16 a /dev/shm of 64 MB${canMount ? '' : ` (skipped: ${probe.stderr})`}`, () => {
  let work: string;
  let model: string;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'twinvec-shm-'));
    model = (await trainPairModel(work, 'js')).folder;
  });
  afterAll(() => rm(work, { recursive: true }));

  it.each(ENGINES)('is left alone by the %s engine', async (engine) => {
    // Prepare
    const within = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=64m tmpfs /dev/shm; exec "$0" "$@"'];
    const server = await startServer({ modelDir: model, env: { TWINVEC_ENGINE: engine }, within });
    const instances = Array.from({ length: 10_000 }, () => ({ in0: [1, 2, 3], in1: [4, 5, 6] }));

    // Act
    const answer = await fetch(`${server.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances }),
    });
    const { predictions } = (await answer.json()) as { predictions: unknown[] };

    // Assess
    expect(predictions).toHaveLength(instances.length);
    expect(await readdir(`/proc/${server.pid}/root/dev/shm`)).toEqual([]);
    expect(await readFile(`/proc/${server.pid}/maps`, 'utf8')).not.toContain('/dev/shm');
    expect((await server.stop()).exitCode).toBe(0);
  });
});
