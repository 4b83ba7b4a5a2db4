/**
 * Starting and stopping the real server process. The ids are those of spec faults 2J, 2K and 2O.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  expectStillServing,
  launchSumServer,
  startSumServer,
  sumRequest,
  sums,
} from '../fixtures/serving/sum-server.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { rawConnect, rawExchange } from '../raw-http.ts';
import { launchServer } from '../server-process.ts';

const PING = 'GET /ping HTTP/1.1\r\nHost: t\r\n\r\n';

describe('starting', () => {
  it('J1 a model that cannot be opened ends the process with 1 and says why', async () => {
    // Act
    const server = await launchServer({
      modelDir: '.',
      command: [new URL('../fixtures/serving/serve-broken.ts', import.meta.url).pathname],
    });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.find(({ event }) => event === 'model_not_loaded')?.message).toContain('no saved_model.pb');
    expect(server.logs.some(({ event }) => event === 'ready')).toBe(false);
  });

  it('J9 a model that does not fit into memory ends the process with 1 and says so', async () => {
    // Act
    const server = await launchServer({
      modelDir: '.',
      command: [new URL('../fixtures/serving/serve-too-large.ts', import.meta.url).pathname],
    });
    const { exitCode } = await server.exited;

    // Assess: the code of 507, TensorFlow's own words in the log, and no second attempt
    expect(exitCode).toBe(1);
    const refused = server.logs.filter(({ event }) => event === 'model_not_loaded');
    expect(refused).toEqual([
      expect.objectContaining({
        code: 'OutOfMemory',
        message: 'The model does not fit into memory.',
        cause: expect.stringContaining('OOM when allocating tensor with shape[4194304,4096]'),
      }),
    ]);
    expect(server.logs.find(({ event }) => event === 'stopping')).toMatchObject({ code: 'OutOfMemory' });
  });

  it('J12 a model whose warm-up gives NaN is never ready: the process ends with 1 and says why', async () => {
    // Act
    const server = await launchServer({
      modelDir: '.',
      command: [new URL('../fixtures/serving/serve-nan.ts', import.meta.url).pathname],
    });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.find(({ event }) => event === 'model_not_loaded')).toMatchObject({
      code: 'NonFiniteOutput',
      message: 'The warm-up inference gave NaN or infinity.',
    });
    expect(server.logs.some(({ event }) => event === 'ready')).toBe(false);
  });

  it('J1 a missing manifest ends the process with 1 and names the file', async () => {
    // Act
    const server = await launchServer({ modelDir: import.meta.dirname });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.at(-1)).toMatchObject({ event: 'start_failed', code: 'InvalidArtifact' });
    expect(server.logs.at(-1)?.message).toContain('object2vec.json');
  });

  it('O11 a taken port ends the process with 1 and EADDRINUSE', async () => {
    // Prepare
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };

    // Act
    const server = await launchSumServer({ SAGEMAKER_BIND_TO_PORT: String(port) });
    const { exitCode } = await server.exited;
    taken.close();

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.at(-1)).toMatchObject({ event: 'start_failed', code: 'EADDRINUSE' });
  });

  it('K2 H14 bad variables end the process with 1, all named at once', async () => {
    // Act
    const server = await launchSumServer({ TWINVEC_BATCH_ROWS: '0x10', INFERENCE_PREFERRED_MODE: 'fast' });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.at(-1)?.message).toMatch(/TWINVEC_BATCH_ROWS.*1 to 1048576/);
    expect(server.logs.at(-1)?.message).toMatch(/INFERENCE_PREFERRED_MODE.*embedding \| classification/);
  });

  it('O9 before the model is ready /ping and /invocations are 503', async () => {
    // Prepare
    const server = await launchServer({
      modelDir: '.',
      command: [new URL('../fixtures/serving/serve-never-ready.ts', import.meta.url).pathname],
    });

    // Act
    const ping = await rawExchange(server.port, PING);
    const answer = await sums(server.port, [[1]]);
    const { exitCode } = await server.stop();

    // Assess
    expect(ping).toMatchObject({ status: 503, body: '' });
    expect(errorOf(answer).code).toBe('NotReady');
    // O3: SIGTERM during loading is a clean stop.
    expect(exitCode).toBe(0);
  });
});

describe('O10 twelve starts, four at a time', () => {
  it('all become ready, and /ping of none says so before', async () => {
    // Act
    const seen: (number | undefined)[][] = [];
    const startOnes = async (): Promise<void> => {
      for (let n = 0; n < 3; n++) {
        const server = await launchSumServer({});
        const statuses: (number | undefined)[] = [];
        while (statuses.at(-1) !== 200) statuses.push((await rawExchange(server.port, PING))?.status);
        await server.logged('ready');
        await expectStillServing(server);
        seen.push(statuses);
        expect((await server.stop()).exitCode).toBe(0);
      }
    };
    await Promise.all(Array.from({ length: 4 }, startOnes));

    // Assess: 503 while the model loads, then 200
    expect(seen).toHaveLength(12);
    for (const statuses of seen)
      expect(new Set(statuses.slice(0, -1))).toEqual(new Set(statuses.length > 1 ? [503] : []));
  });
});

describe('stopping', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('O1 O5 %s on an idle server exits 0', async (signal) => {
    // Prepare
    const server = await startSumServer();

    // Act
    server.signal(signal);

    // Assess
    expect(await server.exited).toEqual({ exitCode: 0, signal: null });
  });

  it('O2 O6 everything accepted is answered, idle and busy connections do not hold the end', async () => {
    // Prepare: batches of one slow row, so that most requests wait
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_BATCHING: 'off' });
    const idle = await rawConnect(server.port);
    const clients = await Promise.all(Array.from({ length: 6 }, () => rawConnect(server.port)));
    for (const client of clients) client.write(sumRequest([[FAULT.slow]]));
    await rawExchange(server.port, PING);

    // Act: two signals, as an impatient operator sends them
    server.signal('SIGTERM');
    await server.logged('stopping');
    server.signal('SIGTERM');
    const answers = await Promise.all(clients.map((client) => client.answer()));
    const { exitCode } = await server.exited;

    // Assess
    expect(answers.map((answer) => answer?.status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(answers.every((answer) => answer?.headers.connection === 'close')).toBe(true);
    expect(exitCode).toBe(0);
    expect(server.logs.at(-1)).toMatchObject({ event: 'stopped', received: 6, ok: 6, refused: 0 });
    idle.destroy();
  });

  it('O4 an upload that began before the signal is finished and answered', async () => {
    // Prepare
    const server = await startSumServer();
    const client = await rawConnect(server.port);
    const request = sumRequest([[1, 2]]);
    client.write(request.slice(0, -5));
    await rawExchange(server.port, PING);

    // Act
    server.signal('SIGTERM');
    await server.logged('stopping');
    client.write(request.slice(-5));
    const answer = await client.answer();

    // Assess
    expect(answer).toMatchObject({ status: 200, body: '{"sums":[3]}' });
    expect((await server.exited).exitCode).toBe(0);
  });

  it('O9 /ping on a kept connection is 503 once the signal has come', async () => {
    // Prepare: an unfinished upload holds the drain open
    const server = await startSumServer();
    const upload = await rawConnect(server.port);
    upload.write(sumRequest([[1]]).slice(0, -1));
    const pinger = await rawConnect(server.port);
    pinger.write('GET /ping HTTP/1.1\r\nHost: t\r\n');
    await rawExchange(server.port, PING);

    // Act
    server.signal('SIGTERM');
    await server.logged('stopping');
    const ping = await pinger.write('\r\n').answer();
    upload.destroy();

    // Assess
    expect(ping?.status).toBe(503);
    expect((await server.exited).exitCode).toBe(0);
  });

  it('O7 what cannot be answered in time is refused, counted, and the exit code says so', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_DRAIN_MS: '300' });
    const client = await rawConnect(server.port);
    client.write(sumRequest([[FAULT.hangs]]));
    await rawExchange(server.port, PING);

    // Act
    server.signal('SIGTERM');
    const answer = await client.answer();

    // Assess
    expect(answer?.status).toBe(503);
    expect(errorOf(answer).code).toBe('Draining');
    expect((await server.exited).exitCode).toBe(1);
    expect(server.logs.at(-1)).toMatchObject({ event: 'stopped', refused: 1 });
  });

  it('O12 SIGHUP is ignored', async () => {
    // Prepare
    const server = await startSumServer();

    // Act
    server.signal('SIGHUP');
    const answer = await sums(server.port, [[9]]);

    // Assess
    expect(answer.status).toBe(200);
    expect((await server.stop()).exitCode).toBe(0);
  });
});
