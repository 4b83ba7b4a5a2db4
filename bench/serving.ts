/**
 * Serving on the reference model: the engine in its worker, the server over HTTP against it, what batching gives to
 * single-instance requests, and what ten times too many requests do.
 */
import { mergeObject2Vec, object2VecJob } from '../container/src/object2vec/serving/serving-job.ts';
import type { BenchRow } from './bench-row.ts';
import { engineRate, okPerSecond, residentBytes, withServer } from './bench-server.ts';
import { Client, closedLoop, openLoop, postBytes, quantile, timeOnce } from './http-load.ts';
import { median } from './median.ts';
import { referenceRows, SEQUENCE_LENGTH, withReferenceModel } from './reference-model.ts';

const OBJECT2VEC_SESSIONS = import.meta.resolve('../container/src/object2vec/serving/open-serving-session.ts');
const ROWS = 64;
const SECONDS = 5;
const ROUNDS = 3;
/** Distinct requests, so that no cache of one batch flatters a run. */
const DISTINCT = 20;
const OVERLOAD_SECONDS = 10;
const OVERLOAD_FACTOR = 10;
/** Large, cheap-to-send requests keep the generator's share of the two cores small. */
const OVERLOAD_ROWS = 1536;
const OVERLOAD_CLIENTS = 256;
/** TensorFlow's own variables for its thread pools. */
const ONE_CORE = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };

export function benchServing(): Promise<readonly BenchRow[]> {
  return withReferenceModel(async (modelDir) => [
    ...(await benchHttp(modelDir)),
    ...(await benchBatching(modelDir)),
    ...(await benchOverload(modelDir, 'engine on one core', ONE_CORE)),
    ...(await benchOverload(modelDir, 'engine on both cores', {})),
  ]);
}

/** Rows a second of the engine in its worker thread, and of the server in front of the same engine. */
export async function benchHttp(modelDir: string): Promise<readonly BenchRow[]> {
  const engineRates: number[] = [];
  const serverRates: number[] = [];
  const requests = Array.from({ length: DISTINCT }, (_, i) => pairRequest(ROWS, SEQUENCE_LENGTH, i));
  for (let round = 0; round < ROUNDS; round++) {
    engineRates.push(await engineRowRate(modelDir));
    const result = await withServer(modelDir, {}, async ({ port }) => {
      await closedLoop(port, requests, 16, 1);
      return closedLoop(port, requests, 16, SECONDS);
    });
    serverRates.push(okPerSecond(result) * ROWS);
  }
  const [alone, served] = [median(engineRates), median(serverRates)];
  return [
    { name: 'engine alone in a worker, 64 rows a call', value: alone, unit: 'rows/s' },
    {
      name: 'server, 64-instance JSON, 16 connections',
      value: served,
      unit: 'rows/s',
      against: 'engine alone',
      ratio: served / alone,
      bar: '>= 0.70 x',
    },
  ];
}

/** Single-instance requests over 64 connections, with batching and without. */
export async function benchBatching(modelDir: string): Promise<readonly BenchRow[]> {
  const requests = Array.from({ length: 640 }, (_, i) => pairRequest(1, SEQUENCE_LENGTH, i));
  const rates: Record<'on' | 'off', number[]> = { on: [], off: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const batching of ['on', 'off'] as const) {
      const result = await withServer(modelDir, { TWINVEC_BATCHING: batching }, async ({ port }) => {
        await closedLoop(port, requests, 64, 1);
        return closedLoop(port, requests, 64, SECONDS);
      });
      rates[batching].push(okPerSecond(result));
    }
  }
  const [on, off] = [median(rates.on), median(rates.off)];
  return [
    { name: 'single-instance JSON, 64 connections, batching off', value: off, unit: 'requests/s' },
    {
      name: 'single-instance JSON, 64 connections, batching on',
      value: on,
      unit: 'requests/s',
      against: 'batching off',
      ratio: on / off,
      bar: '>= 4 x',
    },
  ];
}

interface OverloadRun {
  readonly capacity: number;
  readonly goodput: number;
  readonly refusals: number;
  readonly otherAnswers: number;
  readonly unsent: number;
  readonly refusalP99Ms: number;
  readonly slowestPingMs: number;
  readonly grownMebibytes: number;
}

/**
 * Ten times the requests that the server can answer, arriving at a fixed rate; medians of {@link ROUNDS} runs. The
 * generator runs on the same machine: with the engine on one core it has the other; with the engine on both, its own
 * work is taken from the engine's, and from the capacity that was measured without it.
 */
export async function benchOverload(
  modelDir: string,
  where: string,
  engineEnv: Readonly<Record<string, string>>,
): Promise<readonly BenchRow[]> {
  const runs: OverloadRun[] = [];
  for (let round = 0; round < ROUNDS; round++) runs.push(await overload(modelDir, engineEnv));
  const middle = (read: (run: OverloadRun) => number) => median(runs.map(read));
  const name = (measure: string) => `10x overload, ${where}: ${measure}`;
  return [
    { name: `capacity, 1,536-instance requests, ${where}`, value: middle((run) => run.capacity), unit: 'requests/s' },
    {
      name: name('goodput'),
      value: middle((run) => run.goodput),
      unit: 'requests/s',
      against: 'capacity',
      ratio: middle((run) => run.goodput / run.capacity),
      bar: '>= 0.95 x',
    },
    { name: name('refusals'), value: middle((run) => run.refusals), unit: 'answers 503' },
    { name: name('other answers'), value: middle((run) => run.otherAnswers), unit: 'answers', bar: '0' },
    { name: name('arrivals without a free connection'), value: middle((run) => run.unsent), unit: 'requests' },
    { name: name('refusal, p99'), value: middle((run) => run.refusalP99Ms), unit: 'ms', bar: '< 10 ms' },
    { name: name('/ping, slowest'), value: middle((run) => run.slowestPingMs), unit: 'ms', bar: '< 100 ms' },
    { name: name('memory grown by'), value: middle((run) => run.grownMebibytes), unit: 'MiB', bar: '<= 64 MiB' },
  ];
}

function overload(modelDir: string, engineEnv: Readonly<Record<string, string>>): Promise<OverloadRun> {
  const request = pairRequest(OVERLOAD_ROWS, 1, 1);
  const env = { TWINVEC_QUEUE_REQUESTS: '16', TWINVEC_BATCH_ROWS: String(OVERLOAD_ROWS), ...engineEnv };
  return withServer(modelDir, env, async ({ port, pid }) => {
    await closedLoop(port, [request], 4, 1);
    const capacity = okPerSecond(await closedLoop(port, [request], 4, SECONDS));
    const rssBefore = residentBytes(pid);
    const pings = new PingSampler(await Client.open(port));
    const result = await openLoop(port, request, capacity * OVERLOAD_FACTOR, OVERLOAD_SECONDS, OVERLOAD_CLIENTS);
    const slowestPingMs = await pings.stop();
    const refusals = result.latencies.get(503) ?? [];
    const others = [...result.counts].filter(([status]) => status !== 200 && status !== 503);
    return {
      capacity,
      goodput: okPerSecond(result),
      refusals: refusals.length,
      otherAnswers: others.reduce((sum, [, count]) => sum + count, 0),
      unsent: result.unsent,
      refusalP99Ms: quantile(refusals, 0.99),
      slowestPingMs,
      grownMebibytes: (residentBytes(pid) - rssBefore) / 1_048_576,
    };
  });
}

function engineRowRate(modelDir: string): Promise<number> {
  const call = (n: number) => {
    const rows = referenceRows(ROWS, n % DISTINCT);
    const job = object2VecJob({ mode: 'scores', in0: rows, in1: rows, rows: ROWS, failures: [], answerType: '' });
    return mergeObject2Vec([{ job, from: 0, to: ROWS }]);
  };
  return engineRate({ modelDir, sessionModule: OBJECT2VEC_SESSIONS, seconds: SECONDS, call }).then(
    (rate) => rate * ROWS,
  );
}

/** `rows` pairs of `length` ids a side; differing by `start`. */
function pairRequest(rows: number, length: number, start: number): Buffer {
  const { ids } = referenceRows(rows * 2, start);
  const take = (row: number) => [...ids.subarray(row * SEQUENCE_LENGTH, row * SEQUENCE_LENGTH + length)];
  const instances = Array.from({ length: rows }, (_, row) => ({ in0: take(2 * row), in1: take(2 * row + 1) }));
  return postBytes(Buffer.from(JSON.stringify({ instances })));
}

/** Asks for /ping ten times a second and remembers the slowest answer. */
class PingSampler {
  readonly #client: Client;
  readonly #done: Promise<void>;
  #stopped = false;
  #slowestMs = 0;

  constructor(client: Client) {
    this.#client = client;
    this.#done = this.#run();
  }

  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#done;
    this.#client.close();
    return this.#slowestMs;
  }

  async #run(): Promise<void> {
    const request = Buffer.from('GET /ping HTTP/1.1\r\nHost: b\r\n\r\n');
    while (!this.#stopped) {
      this.#slowestMs = Math.max(this.#slowestMs, await timeOnce(this.#client, request));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
