/**
 * The local S3 alone: small objects by plain HTTP on kept connections, and one of 2 GB with the server's peak memory.
 * The server's processor time per request says more than the rate, which other work on the machine halves.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

const SERVER = fileURLToPath(new URL('./object-store-server.ts', import.meta.url));
const CONNECTIONS = 8;
const OBJECTS = 20_000;
const ROUNDS = 5;
const SMALL = Buffer.alloc(500, '{"in0":[1,2,3]}\n');
const LARGE_BYTES = 2 * 1024 ** 3;
const BLOCK = Buffer.alloc(1024 * 1024, 'twinvec');
const KEYS_PER_PAGE = 1000;

interface Client {
  readonly child: ChildProcess;
  send(method: string, url: string, body?: Buffer | Readable, bytes?: number): Promise<string>;
}

export async function benchObjectStore(): Promise<readonly BenchRow[]> {
  return [...(await withService(smallObjects)), ...(await withService(largeObject))];
}

async function withService<Rows>(measure: (client: Client) => Promise<Rows>): Promise<Rows> {
  const dir = await mkdtemp(path.join(tmpdir(), 'twinvec-bench-s3-'));
  const child = fork(SERVER, [dir]);
  try {
    const [url] = (await once(child, 'message')) as [string];
    const client: Client = { child, send: sender(url) };
    await client.send('PUT', '/data');
    return await measure(client);
  } finally {
    const closed = once(child, 'close');
    child.kill();
    await closed;
    await rm(dir, { recursive: true });
  }
}

async function smallObjects(client: Client): Promise<readonly BenchRow[]> {
  const key = (n: number): string => `/data/in/part-${n}.jsonl`;
  const each = OBJECTS / ROUNDS;
  const range = (round: number): readonly number[] => Array.from({ length: each }, (_, n) => round * each + n);
  const rows = [
    ...(await rate(client, 'PUT, new object of 500 bytes', range, (n) => client.send('PUT', key(n), SMALL))),
    ...(await rate(client, 'PUT, over an object', range, (n) => client.send('PUT', key(n), SMALL))),
    ...(await rate(client, 'GET, 500 bytes', range, (n) => client.send('GET', key(n)))),
    ...(await rate(client, 'HEAD', range, (n) => client.send('HEAD', key(n)))),
  ];
  const pages = await timed(client, async () => {
    let token = '';
    for (let page = 0; page < OBJECTS / KEYS_PER_PAGE; page++) {
      const text = await client.send('GET', `/data?list-type=2${token && `&continuation-token=${token}`}`);
      token = /<NextContinuationToken>(.*?)</.exec(text)?.[1] ?? '';
    }
  });
  return [
    ...rows,
    { name: 'LIST in pages of 1,000, keys', value: OBJECTS / pages.seconds, unit: 'keys/s' },
    { name: 'LIST, server processor time', value: (pages.cpuSeconds / OBJECTS) * 1e6, unit: 'µs/key' },
  ];
}

async function rate(
  client: Client,
  name: string,
  range: (round: number) => readonly number[],
  one: (n: number) => Promise<unknown>,
): Promise<readonly BenchRow[]> {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const left = [...range(round)];
    const count = left.length;
    const used = await timed(client, async () => {
      const connection = async (): Promise<void> => {
        for (let n = left.pop(); n !== undefined; n = left.pop()) await one(n);
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    });
    rounds.push({ perSecond: count / used.seconds, cpuMicros: (used.cpuSeconds / count) * 1e6 });
  }
  const cpuMicros = median(rounds.map((round) => round.cpuMicros));
  return [
    { name, value: median(rounds.map((round) => round.perSecond)), unit: 'requests/s' },
    { name: `${name}: server processor time`, value: cpuMicros, unit: 'µs/request', bar: 'below 200 (5,000/s a core)' },
  ];
}

async function largeObject(client: Client): Promise<readonly BenchRow[]> {
  const content = Readable.from(Array.from({ length: LARGE_BYTES / BLOCK.length }, () => BLOCK));
  const put = await timed(client, () => client.send('PUT', '/data/large', content, LARGE_BYTES));
  const afterPut = peakMebibytes(client.child);
  const get = await timed(client, () => client.send('GET', '/data/large'));
  const mebibytes = LARGE_BYTES / 1024 ** 2;
  return [
    { name: 'PUT of 2 GiB', value: mebibytes / put.seconds, unit: 'MiB/s' },
    { name: 'GET of 2 GiB', value: mebibytes / get.seconds, unit: 'MiB/s' },
    { name: 'peak memory of the process after the PUT', value: afterPut, unit: 'MiB', bar: 'far below the object' },
    { name: 'peak memory of the process after the GET', value: peakMebibytes(client.child), unit: 'MiB' },
  ];
}

async function timed(
  { child }: Client,
  work: () => Promise<unknown>,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const cpuBefore = await cpuSeconds(child);
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, cpuSeconds: (await cpuSeconds(child)) - cpuBefore };
}

async function cpuSeconds(child: ChildProcess): Promise<number> {
  child.send('used');
  const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return (user + system) / 1e6;
}

function peakMebibytes({ pid }: ChildProcess): number {
  const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return match ? Number(match[1]) / 1024 : Number.NaN;
}

/** Answers give their text when it is short; of a large one only the length counts, and is checked. */
function sender(url: string): Client['send'] {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return (method, place, body, bytes) =>
    new Promise((resolve, reject) => {
      const headers = bytes === undefined ? {} : { 'content-length': bytes };
      const request = http.request(url + place, { method, agent, headers }, (response) => {
        const parts: Buffer[] = [];
        let received = 0;
        response.on('data', (part: Buffer) => {
          received += part.length;
          if (received < BLOCK.length) parts.push(part);
        });
        response.once('error', reject);
        response.once('end', () => {
          const isWhole = method === 'HEAD' || received === Number(response.headers['content-length']);
          if (response.statusCode === 200 && isWhole) resolve(Buffer.concat(parts).toString());
          else reject(new Error(`${method} ${place} was answered ${response.statusCode} with ${received} bytes`));
        });
      });
      request.once('error', reject);
      if (body instanceof Readable) pipeline(body, request).catch(reject);
      else request.end(body);
    });
}
