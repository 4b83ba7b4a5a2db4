/**
 * More load than the server can carry, against the real process. The ids are those of spec faults 2L. No times are
 * asserted: the counts show that refusals are immediate (they come while the engine is held) and bounded.
 */
import { describe, expect, it } from 'vitest';
import { errorOf, expectStillServing, startSumServer, sumRequest, sums } from '../fixtures/serving/sum-server.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { type RawConnection, rawConnect, rawExchange } from '../raw-http.ts';
import type { ServerProcess } from '../server-process.ts';

const SLOW = sumRequest([[FAULT.slow]]);

async function send(server: ServerProcess, request: string): Promise<RawConnection> {
  return (await rawConnect(server.port)).write(request);
}

describe('a full queue', () => {
  it('L1 L11 refuses what is over its bound with 503 and Retry-After, and loses nothing that it took', async () => {
    // Prepare: one call runs, one is prefetched, four wait
    const server = await startSumServer({
      TWINVEC_ENGINE_WORKERS: '1',
      TWINVEC_BATCHING: 'off',
      TWINVEC_QUEUE_REQUESTS: '4',
    });

    // Act: thirty at once
    const clients = await Promise.all(Array.from({ length: 30 }, () => rawConnect(server.port)));
    for (const client of clients) client.write(SLOW);
    const answers = await Promise.all(clients.map((client) => client.answer()));

    // Assess
    const taken = answers.filter((answer) => answer?.status === 200);
    const refused = answers.filter((answer) => answer?.status === 503);
    expect(taken.length + refused.length).toBe(30);
    expect(taken.length).toBeGreaterThanOrEqual(4);
    expect(taken.length).toBeLessThanOrEqual(6);
    expect(new Set(refused.map((answer) => errorOf(answer).code))).toEqual(new Set(['Overloaded']));
    expect(refused.every((answer) => answer?.headers['retry-after'] === '1')).toBe(true);
    // L2: as soon as the load is gone, everything is taken again.
    await expectStillServing(server);
    await server.stop();
    expect(server.logs.at(-1)).toMatchObject({ failed: 0, cancelled: 0, rejected: refused.length });
  });

  it('L3 takes a sudden step up and down again with no answer lost and none but 200 and 503', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_QUEUE_REQUESTS: '16' });
    const statusesOf = async (count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, (_, n) => sums(server.port, [[n]])));
      return answers.map(({ status, body }, n) =>
        body === `{"sums":[${n}]}` ? status : `${status} ${status === 200}`,
      );
    };

    // Act
    const [before, during, after] = [await statusesOf(10), await statusesOf(100), await statusesOf(10)];
    await server.stop();

    // Assess: a wrong sum would be told as "200 true"
    expect(new Set([...before, ...after])).toEqual(new Set([200]));
    expect(during.filter((status) => status !== 200 && status !== '503 false')).toEqual([]);
    expect(during).toContain(200);
    expect(server.logs.at(-1)).toMatchObject({ failed: 0, cancelled: 0 });
  });

  it('L9 holds the same bounds when all requests are the same and as large as they may be', async () => {
    // Prepare: room for four of the bodies
    const rows = Array.from({ length: 100_000 }, () => [7]);
    const request = sumRequest(rows);
    const server = await startSumServer({ TWINVEC_QUEUE_BYTES: String(4 * request.length) });

    // Act
    const answers = await Promise.all(Array.from({ length: 20 }, () => rawExchange(server.port, request)));

    // Assess
    const statuses = answers.map((answer) => answer?.status);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(statuses).toContain(200);
    await expectStillServing(server);
    await server.stop();
  });

  it('L8 refuses by bytes what is few but large', async () => {
    // Prepare: room for one body of a MiB
    const server = await startSumServer({ TWINVEC_QUEUE_BYTES: '1500000' });
    const body = (bytes: number) => `POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Length: ${bytes}\r\n\r\n`;
    const first = await send(server, body(1_000_000));
    await rawExchange(server.port, 'GET /ping HTTP/1.1\r\nHost: t\r\n\r\n');

    // Act
    const second = await rawExchange(server.port, body(1_000_000));
    first.reset();
    await server.logged('request_refused');

    // Assess
    expect(errorOf(second).code).toBe('Overloaded');
    await expectStillServing(server);
    await server.stop();
  });

  it('L6 answers 504 at the deadline while the engine is held, without engine time', async () => {
    // Prepare
    const server = await startSumServer({
      TWINVEC_ENGINE_WORKERS: '1',
      TWINVEC_BATCHING: 'off',
      TWINVEC_QUEUE_DEADLINE_MS: '50',
    });
    const holding = [await send(server, SLOW), await send(server, SLOW)];

    // Act: the first of all to be answered is the one that waits
    const order: number[] = [];
    const note = (answer: { status: number } | undefined) => order.push(answer!.status);
    const late = sums(server.port, [[1]]);
    await Promise.all([late.then(note), ...holding.map((client) => client.answer().then(note))]);

    // Assess
    expect(order).toEqual([504, 200, 200]);
    expect(errorOf(await late).code).toBe('DeadlineExceeded');
    await expectStillServing(server);
    await server.stop();
  });

  it('L10 /ping is answered while the engine is held and the queue is full', async () => {
    // Prepare
    const server = await startSumServer({
      TWINVEC_ENGINE_WORKERS: '1',
      TWINVEC_BATCHING: 'off',
      TWINVEC_QUEUE_REQUESTS: '2',
    });
    const busy = await Promise.all(Array.from({ length: 6 }, () => send(server, SLOW)));

    // Act
    const first = await Promise.race([
      rawExchange(server.port, 'GET /ping HTTP/1.1\r\nHost: t\r\n\r\n').then((answer) => ['ping', answer?.status]),
      busy[0]!.answer().then((answer) => ['slow', answer?.status]),
    ]);
    for (const client of busy) client.destroy();

    // Assess
    expect(first).toEqual(['ping', 200]);
    await server.stop();
  });

  it('L5 a heavy request lets light ones pass between its calls', async () => {
    // Prepare: ten calls of 200 ms
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1', TWINVEC_BATCH_ROWS: '1' });
    const heavy = await send(server, sumRequest(Array.from({ length: 10 }, () => [FAULT.slow])));
    await rawExchange(server.port, 'GET /ping HTTP/1.1\r\nHost: t\r\n\r\n');

    // Act
    const first = await Promise.race([
      sums(server.port, [[5]]).then((answer) => answer.body),
      heavy.answer().then(() => 'the heavy one'),
    ]);

    // Assess
    expect(first).toBe('{"sums":[5]}');
    await server.stop();
  });

  it('L4 connections over the cap are closed, the others are kept', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_MAX_CONNECTIONS: '10' });
    const kept = await Promise.all(Array.from({ length: 10 }, () => rawConnect(server.port)));

    // Act
    const over = await rawConnect(server.port);
    await over.closed();
    const answers = await Promise.all(kept.map((client) => client.write(sumRequest([[3]])).answer()));
    for (const client of kept) client.destroy();

    // Assess
    expect(answers.map((answer) => answer?.status)).toEqual(Array(10).fill(200));
    await server.stop();
  });
});
