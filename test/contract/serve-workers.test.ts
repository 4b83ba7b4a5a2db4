/**
 * Dying, hanging and misbehaving engine workers behind the real server process. The ids are those of spec faults 2N.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  errorOf,
  expectStillServing,
  launchSumServer,
  startSumServer,
  sumRequest,
  sums,
} from '../fixtures/serving/sum-server.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { rawExchange } from '../raw-http.ts';
import type { ServerProcess } from '../server-process.ts';

async function pingUntil(server: ServerProcess, status: number): Promise<void> {
  for (;;) {
    const ping = await rawExchange(server.port, 'GET /ping HTTP/1.1\r\nHost: t\r\n\r\n');
    if (ping?.status === status) return;
  }
}

describe('a worker that dies', () => {
  it('N1 answers what it held with 503, is replaced, and /ping follows', async () => {
    // Prepare: everything that is sent together shares a batch with the record that kills the worker
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1' });
    const requests = [...Array.from({ length: 31 }, (_, i) => [[i]]), [[FAULT.dies]]];

    // Act
    const answers = await Promise.all(requests.map((rows) => sums(server.port, rows)));
    await pingUntil(server, 200);

    // Assess
    const lost = answers.filter(({ status }) => status === 503);
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost.map((answer) => errorOf(answer).code))).toEqual(new Set(['EngineLost']));
    expect(lost.every(({ headers }) => headers['retry-after'] === '1')).toBe(true);
    expect(answers.filter(({ status }) => status !== 503).every(({ status }) => status === 200)).toBe(true);
    await expectStillServing(server);
    expect((await server.stop()).exitCode).toBe(0);
  });

  it('N2 three deaths within 30 s end the process, so that it is replaced', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1' });

    // Act
    for (let death = 0; death < 3; death++) await rawExchange(server.port, sumRequest([[FAULT.dies]]));
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.filter(({ event }) => event === 'engine_worker_died')).toHaveLength(3);
  });

  it('N3 a hung worker is killed by the watchdog and replaced', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_ENGINE_TIMEOUT_MS: '500' });

    // Act
    const answer = await sums(server.port, [[FAULT.hangs]]);
    await pingUntil(server, 200);

    // Assess
    expect(answer.status).toBe(503);
    expect(errorOf(answer).code).toBe('EngineLost');
    await expectStillServing(server);
    expect((await server.stop()).exitCode).toBe(0);
  });

  it('N6 a GPU that no call can use any more ends the process with 1, and everybody is asked to retry', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_BATCHING: 'off' });
    const requests = [[[FAULT.slow]], [[FAULT.losesDevice]], [[1]], [[2]]];

    // Act: they wait for each other
    const answers = await Promise.all(requests.map((rows) => sums(server.port, rows)));
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    const lost = answers.filter(({ status }) => status !== 200);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.map((answer) => [answer.status, errorOf(answer).code])).toEqual(lost.map(() => [503, 'EngineLost']));
    expect(server.logs.find(({ event }) => event === 'stopping')).toMatchObject({
      code: 'EngineLost',
      message: 'The GPU failed (CUDA_ERROR_ILLEGAL_ADDRESS), and the server is replaced. Retry.',
    });
  });

  it('a request that waits while the worker is replaced is answered by the new one', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1' });

    // Act
    await sums(server.port, [[FAULT.dies]]);
    const answer = await sums(server.port, [[4], [5, 6]]);

    // Assess
    expect(answer).toMatchObject({ status: 200, body: '{"sums":[4,11]}' });
    await server.stop();
  });
});

describe('a model that misbehaves', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1' });
  });

  afterAll(() => server.stop());

  it('N5 a batch that does not fit into memory is halved and answered', async () => {
    // Act
    const answer = await sums(server.port, [[1], [FAULT.outOfMemory]]);

    // Assess
    expect(answer).toMatchObject({ status: 200, body: `{"sums":[1,${FAULT.outOfMemory}]}` });
    await expectStillServing(server);
  });

  it('N5 what does not fit even then gets 507, alone', async () => {
    // Act
    const answer = await sums(server.port, [[FAULT.neverFits]]);

    // Assess
    expect(answer.status).toBe(507);
    expect(errorOf(answer).code).toBe('OutOfMemory');
    await expectStillServing(server);
  });

  it('N7 NaN is an error of its own request only', async () => {
    // Act: sent together, so that they share a batch
    const [good, bad] = await Promise.all([sums(server.port, [[2]]), sums(server.port, [[3], [FAULT.nan]])]);

    // Assess
    expect(good).toMatchObject({ status: 200, body: '{"sums":[2]}' });
    expect(bad?.status).toBe(500);
    expect(errorOf(bad).code).toBe('NonFiniteOutput');
    await expectStillServing(server);
  });

  it("N8 a wrong number of rows is 500, and nobody gets another's row", async () => {
    // Act
    const answer = await sums(server.port, [[FAULT.losesRow], [2]]);

    // Assess
    expect(answer.status).toBe(500);
    expect(errorOf(answer).code).toBe('ModelFailed');
    await expectStillServing(server);
  });

  it('a failing kernel is 500, its text stays in the log', async () => {
    // Act
    const answer = await sums(server.port, [[FAULT.throws]]);
    const line = await server.logged('engine_call_failed', { code: 'ModelFailed' });

    // Assess
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(line.cause).toContain('kernel failed');
    await expectStillServing(server);
  });
});

describe('N9 answers and their owners', () => {
  it('10,000 tagged rows in requests of random sizes all come back to their owners', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '3', TWINVEC_BATCH_ROWS: '64' });
    const requests: number[][][] = [];
    for (let tag = 0, size = 1; tag < 10_000; tag += size, size = (size * 7) % 97) {
      requests.push(Array.from({ length: Math.min(size, 10_000 - tag) }, (_, i) => [tag + i]));
    }
    const answers: string[] = [];

    // Act: 32 clients take one request after the other
    const next = requests.entries();
    const client = async () => {
      for (const [index, rows] of next) answers[index] = (await sums(server.port, rows)).body;
    };
    await Promise.all(Array.from({ length: 32 }, client));

    // Assess
    expect(answers).toEqual(requests.map((rows) => JSON.stringify({ sums: rows.map(([tag]) => tag) })));
    await server.stop();
  });
});

describe('N12 a bug in the server itself', () => {
  it('ends the process with 1 after what was accepted has been answered', async () => {
    // Prepare
    const command = [new URL('../fixtures/serving/serve-sums-and-crash.ts', import.meta.url).pathname];
    const server = await launchSumServer({ TWINVEC_ENGINE_WORKERS: '1' }, command);
    await server.logged('ready');

    // Act: the process crashes on SIGUSR2 while the request is in the engine
    const answer = sums(server.port, [[FAULT.slow]]);
    await pingUntil(server, 200);
    server.signal('SIGUSR2');

    // Assess
    expect((await answer).status).toBe(200);
    expect((await server.exited).exitCode).toBe(1);
    expect(server.logs.find(({ event }) => event === 'crashed')?.cause).toContain('injected');
  });
});
