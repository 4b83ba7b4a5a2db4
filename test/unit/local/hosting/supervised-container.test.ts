/** A container that is kept up, over a server whose /ping and whose end the test decides. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ContainerOptions, ContainerProcess } from '../../../../local/hosting/container-process.ts';
import { type SupervisedContainer, superviseContainer } from '../../../../local/hosting/supervised-container.ts';

const POLL = { timeout: 60_000, interval: 5 };

let folder: string;
let logFile: string;
/** What the next pings are answered with; the last one stays. */
let answers: (200 | 503)[];
let pings: number;
let server: http.Server;
let started: { readonly stops: () => number; end(): void }[];
let supervised: SupervisedContainer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-supervised-'));
  logFile = path.join(folder, 'log');
  answers = [200];
  pings = 0;
  started = [];
  server = http.createServer((_request, response) => {
    pings += 1;
    response.writeHead(answers.length > 1 ? answers.shift()! : answers[0]!).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const options = { baseDir: folder, environment: {}, logFile };
  supervised = await superviseContainer(options, { start: startScripted, pingEveryMs: 1 });
});

afterEach(async () => {
  await supervised.stop();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await rm(folder, { recursive: true });
});

async function startScripted({ signal }: ContainerOptions): Promise<ContainerProcess> {
  const ended = new AbortController();
  signal?.addEventListener('abort', () => ended.abort());
  let stops = 0;
  started.push({ stops: () => stops, end: () => ended.abort() });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pid: started.length,
    ended: ended.signal,
    describeEnd: () => (ended.signal.aborted ? 'the server process ended (SIGTERM)' : undefined),
    async stop() {
      stops += 1;
      ended.abort();
    },
  };
}

const seenPings = (count: number): Promise<void> =>
  expect.poll(() => pings, POLL).toBeGreaterThanOrEqual(pings + count);

it('is stopped and started again after three pings in a row without a 200, and its log says so', async () => {
  // Act
  answers = [503, 503, 503, 200];
  await expect.poll(() => supervised.starts, POLL).toBe(2);

  // Assess
  expect(started.map(({ stops }) => stops())).toEqual([1, 0]);
  expect({ pid: supervised.pid, problem: supervised.describeEnd() }).toEqual({ pid: 2, problem: undefined });
  const log = await readFile(logFile, 'utf8');
  expect(log).toContain('3 pings without a 200; the container is stopped and started again');
  expect(log).toContain('the server process ended (SIGTERM); starting it again in 0.25 s');
});

it('is left alone when pings fail, but never three in a row', async () => {
  answers = [503, 503, 200, 503, 503, 200];
  await seenPings(10);

  expect(supervised.starts).toBe(1);
  expect(started[0]!.stops()).toBe(0);
});

it('has no address while it is being started again after its end', async () => {
  started[0]!.end();
  await expect.poll(() => supervised.url, POLL).toBeUndefined();
  const problem = supervised.describeEnd();
  await expect.poll(() => supervised.url, POLL).toBeDefined();

  expect(problem).toBe('the server process ended (SIGTERM)');
  expect(supervised.starts).toBe(2);
});
