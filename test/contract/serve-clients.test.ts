/**
 * Slow, broken and vanished clients against the real server process. The ids are those of spec faults 2L and 2M.
 */
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorOf, expectStillServing, GOLDEN, startSumServer, sumRequest } from '../fixtures/serving/sum-server.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { type RawConnection, rawConnect, rawExchange } from '../raw-http.ts';
import type { ServerProcess } from '../server-process.ts';

const HEAD = 'POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Length: 14\r\n\r\n';

let server: ServerProcess;

beforeAll(async () => {
  server = await startSumServer({ TWINVEC_REQUEST_TIMEOUT_MS: '1500' });
});

afterEach(() => expectStillServing(server));

afterAll(() => server.stop());

async function connections(count: number): Promise<RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => rawConnect(server.port)));
}

/** The counters of the server, which it logs as its last line. */
async function stopAndCount(stopped: ServerProcess): Promise<Record<string, number>> {
  await stopped.stop();
  return stopped.logs.at(-1) as unknown as Record<string, number>;
}

describe('slow clients', () => {
  it('M1 headers that never end are answered 408 and closed, and good clients are unharmed', async () => {
    // Prepare
    const slow = await connections(100);
    for (const connection of slow) connection.write('POST /invocations HTTP/1.1\r\nHost: t\r\nX-A: ');

    // Act
    const good = await rawExchange(server.port, GOLDEN);
    const answers = await Promise.all(slow.map((connection) => connection.answer()));
    await Promise.all(slow.map((connection) => connection.closed()));

    // Assess
    expect(good?.status).toBe(200);
    expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([408]));
    expect(errorOf(answers[0]).code).toBe('RequestTimeout');
  });

  it('M2 a body that never ends is answered 408 and closed', async () => {
    // Prepare
    const connection = await rawConnect(server.port);

    // Act
    const answer = await connection.write(HEAD, '{').answer();
    await connection.closed();

    // Assess
    expect(answer?.status).toBe(408);
    expect(errorOf(answer)).toMatchObject({ code: 'RequestTimeout', message: expect.stringContaining('1500 ms') });
  });

  it('M8 a connection that sends nothing is closed', async () => {
    // Prepare
    const connection = await rawConnect(server.port);

    // Act
    await connection.closed();

    // Assess
    expect(connection.socket.readableEnded).toBe(true);
  });

  it('M3 a client that never reads its large answers is disconnected', async () => {
    // Prepare: four answers of 5 MB are more than the kernel's buffers take
    const connection = await rawConnect(server.port);
    const request = sumRequest(Array.from({ length: 600_000 }, () => [8_388_607]));
    const requests = [request, request, request, request];

    // Act: reading nothing, it learns that the server has cut it off when it cannot write any more
    connection.socket.pause();
    connection.write(...requests);
    while (!connection.socket.destroyed) {
      connection.write(GOLDEN);
      await expectStillServing(server);
    }

    // Assess: the golden request after every test
    await connection.closed();
  });
});

describe('many clients', () => {
  it('M9 that come and go leave no descriptor behind', async () => {
    // Prepare
    const descriptors = () => readdirSync(`/proc/${server.pid}/fd`).length;
    const churn = async () => {
      const clients = await connections(50);
      clients.forEach((connection, at) => {
        if (at % 2 === 0) connection.write(HEAD);
        connection.reset();
      });
      await Promise.all(clients.map((connection) => connection.closed()));
      await expectStillServing(server);
    };
    await churn();
    const before = descriptors();

    // Act
    for (let round = 0; round < 40; round++) await churn();

    // Assess: the server may still be closing a few
    await vi.waitUntil(() => descriptors() <= before, { timeout: 10_000 });
  });

  it('M10 that read nothing of their answers do not keep others from theirs', async () => {
    // Prepare
    const request = sumRequest(Array.from({ length: 20_000 }, () => [8_388_607]));
    const stalled = await connections(200);

    // Act
    for (const connection of stalled) {
      connection.socket.pause();
      connection.write(request);
    }
    const good = await Promise.all(Array.from({ length: 20 }, () => rawExchange(server.port, GOLDEN)));
    for (const connection of stalled) connection.destroy();

    // Assess
    expect(new Set(good.map((answer) => answer?.status))).toEqual(new Set([200]));
  });
});

describe('broken clients', () => {
  it('M4 a reset in the middle of an upload costs nothing', async () => {
    // Prepare
    const uploads = await connections(20);

    // Act
    for (const connection of uploads)
      connection.write('POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Length: 99\r\n\r\n{');
    for (const connection of uploads) connection.reset();

    // Assess: the golden request after every test
    expect(uploads).toHaveLength(20);
  });

  it('M5 a reset while the answer is being made costs nothing', async () => {
    // Prepare
    const clients = await connections(20);

    // Act
    for (const connection of clients) connection.write(sumRequest([[FAULT.slow]]));
    for (const connection of clients) connection.reset();

    // Assess: the golden request after every test
    expect(clients).toHaveLength(20);
  });

  it('M6 a client that closes its sending side and waits is answered', async () => {
    // Prepare
    const connection = await rawConnect(server.port);

    // Act
    connection.write(sumRequest([[FAULT.slow], [5]]));
    connection.socket.end();
    const answer = await connection.answer();

    // Assess
    expect(answer).toMatchObject({ status: 200, body: `{"sums":[${FAULT.slow},5]}` });
  });
});

describe('clients that are gone', () => {
  it.each([
    ['by RST', (connection: RawConnection) => connection.reset()],
    ['by closing both sides', (connection: RawConnection) => connection.destroy()],
  ])(
    'L7 a client gone %s while queued is dropped before a batch, and its batch-mates are intact',
    async (_name, leave) => {
      // Prepare: one worker with one prefetched call, both slow, so that everything else waits
      const own = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_BATCH_ROWS: '4' });
      const open = (rows: number[][]) => rawConnect(own.port).then((connection) => connection.write(sumRequest(rows)));
      const busy = [await open([[FAULT.slow]]), await open([[FAULT.slow], [FAULT.slow], [FAULT.slow]])];
      busy.push(await open([[FAULT.slow], [FAULT.slow], [FAULT.slow], [FAULT.slow]]));

      // Act
      const gone = await Promise.all([1, 2, 3].map((id) => open([[id]])));
      const staying = await open([[4]]);
      for (const connection of gone) leave(connection);
      const answers = await Promise.all([...busy, staying].map((connection) => connection.answer()));
      const counted = await stopAndCount(own);

      // Assess
      expect(answers.map((answer) => answer?.status)).toEqual([200, 200, 200, 200]);
      expect(answers.at(-1)?.body).toBe('{"sums":[4]}');
      expect(counted).toMatchObject({ received: 7, ok: 4, cancelled: 3, cancelledBeforeEngine: 3, failed: 0 });
    },
  );
});
