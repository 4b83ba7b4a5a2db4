/**
 * Serving SavedModels: the server over HTTP against the engine alone, in each format; images that the model decodes;
 * what sharing calls gives to small requests; and whether memory grows over a hundred thousand requests.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineCall } from '../container/src/engine/engine-call.ts';
import { writeImageClassifier } from '../test/fixtures/tensorflow/models.ts';
import type { BenchRow } from './bench-row.ts';
import { engineRate, okPerSecond, residentBytes, withServer } from './bench-server.ts';
import { denseRows, FEATURES, jpegImage, writeDenseModel } from './dense-model.ts';
import { Collector, INSPECT } from './force-collection.ts';
import { closedLoop, postBytes } from './http-load.ts';
import { median } from './median.ts';
import { processorMs } from './processor-time.ts';

const SESSIONS = import.meta.resolve('../container/src/engine/open-saved-model.ts');
const SERVER = fileURLToPath(new URL('../container/src/main.ts', import.meta.url));
const LEAKING_SERVER = fileURLToPath(new URL('./leaking-server.ts', import.meta.url));
const ROWS = 64;
const SECONDS = 4;
/** Until V8 has optimised what requests go through. */
const WARM_UP_SECONDS = 2;
const ROUNDS = 5;
const DISTINCT = 16;
const SHARE_CALLS = { SAGEMAKER_TFS_ENABLE_BATCHING: 'true', SAGEMAKER_TFS_MAX_BATCH_SIZE: '64' };

export async function benchSavedModels(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  try {
    const [dense, images] = [join(folder, 'dense'), join(folder, 'images')];
    await writeDenseModel(join(dense, '1'));
    await writeImageClassifier(join(images, '1'));
    return [
      ...(await benchFormats(dense)),
      ...(await benchImages(images)),
      ...(await benchSharedCalls(dense)),
      ...(await benchSoak(dense)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const JSON_TYPE = 'application/json';
const FORMATS = {
  [JSON_TYPE]: (rows: readonly number[][]) => JSON.stringify({ instances: rows }),
  'application/jsonlines': (rows: readonly number[][]) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  'text/csv': (rows: readonly number[][]) => rows.map((row) => `${row.join(',')}\n`).join(''),
} as const;

/** One round: calls of the engine alone, then requests to the server, in rows a second. */
interface Round {
  readonly alone: number;
  readonly served: ReadonlyMap<string, number>;
  readonly processor: ProcessorTime;
}

/** Milliseconds of processor time for one call or request. */
interface ProcessorTime {
  readonly alone: number;
  readonly server: number;
  readonly generator: number;
}

async function benchFormats(modelDir: string): Promise<readonly BenchRow[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await formatsRound(modelDir));
  const served = (type: string) => rounds.map((one) => one.served.get(type)!);
  const json = served(JSON_TYPE);
  return [
    {
      name: `engine alone, dense ${FEATURES}-1024-1024-16, 64 rows a call`,
      value: median(rounds.map(({ alone }) => alone)),
      unit: 'rows/s',
    },
    {
      name: 'server, 64 rows of JSON',
      value: median(json),
      unit: 'rows/s',
      against: 'engine alone',
      ratio: median(rounds.map(({ alone }, at) => json[at]! / alone)),
      bar: '>= 0.70 x',
    },
    ...processorRows('request of 64 rows of JSON', rounds),
    ...['application/jsonlines', 'text/csv'].map((type) => ({
      name: `server, 64 rows of ${type}`,
      value: median(served(type)),
      unit: 'rows/s',
      against: 'time of JSON',
      ratio: median(served(type).map((rate, at) => json[at]! / rate)),
      bar: '<= 1.2 x',
    })),
  ];
}

async function formatsRound(modelDir: string): Promise<Round> {
  const values = Array.from({ length: DISTINCT }, (_, n) => Float32Array.from(denseRows(ROWS, n).flat()));
  const call = (n: number): EngineCall => ({
    signature: 'serving_default',
    rows: ROWS,
    inputs: { x: { dtype: 'float32', shape: [ROWS, FEATURES], data: values[n % DISTINCT]!.slice() } },
  });
  const { rate, processor } = await aloneRate(modelDir, call);
  const served = new Map<string, number>();
  const costs = await withServer(modelDir, {}, async ({ port, pid }) => {
    let json: ServedRate | undefined;
    for (const [type, write] of Object.entries(FORMATS)) {
      const requests = Array.from({ length: DISTINCT }, (_, i) =>
        postBytes(Buffer.from(write(denseRows(ROWS, i))), type),
      );
      const measured = await servedRate(port, pid, requests);
      json ??= measured;
      served.set(type, measured.rate * ROWS);
    }
    return json!;
  });
  return { alone: rate * ROWS, served, processor: { alone: processor, ...costs } };
}

interface ServedRate extends Pick<ProcessorTime, 'server' | 'generator'> {
  readonly rate: number;
}

async function servedRate(port: number, pid: number, requests: readonly Buffer[]): Promise<ServedRate> {
  await closedLoop(port, requests, 8, WARM_UP_SECONDS);
  const before = [processorMs(pid), processorMs(process.pid)] as const;
  const result = await closedLoop(port, requests, 8, SECONDS);
  const answered = okPerSecond(result) * result.seconds;
  return {
    rate: okPerSecond(result),
    server: (processorMs(pid) - before[0]) / answered,
    generator: (processorMs(process.pid) - before[1]) / answered,
  };
}

/** Calls a second of the engine alone, in this process, and the processor time of one. */
async function aloneRate(modelDir: string, call: (n: number) => EngineCall) {
  let calls = 0;
  const counted = (n: number) => {
    calls++;
    return call(n);
  };
  const before = processorMs(process.pid);
  const options = { modelDir: join(modelDir, '1'), sessionModule: SESSIONS, seconds: SECONDS, call: counted };
  const rate = await engineRate(options);
  // Opening the model is in it: some 0.3 s in five.
  return { rate, processor: (processorMs(process.pid) - before) / calls };
}

function processorRows(what: string, rounds: readonly { readonly processor: ProcessorTime }[]): readonly BenchRow[] {
  const time = (of: keyof ProcessorTime) => median(rounds.map(({ processor }) => processor[of]));
  const whole = time('server') + time('generator');
  return [
    { name: `processor time of a ${what}: engine alone`, value: time('alone'), unit: 'ms' },
    { name: 'the server, engine included', value: time('server'), unit: 'ms' },
    {
      name: 'the load generator, on the same cores',
      value: time('generator'),
      unit: 'ms',
      against: 'both together',
      ratio: time('generator') / whole,
    },
  ];
}

async function benchImages(modelDir: string): Promise<readonly BenchRow[]> {
  const image = await jpegImage(640, 480);
  const request = postBytes(image, 'application/x-image');
  const call = (): EngineCall => ({
    signature: 'serving_default',
    rows: 1,
    inputs: { image_bytes: { dtype: 'string', shape: [1], data: [image] } },
  });
  const rounds: { alone: number; served: number; processor: ProcessorTime }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { rate, processor } = await aloneRate(modelDir, call);
    const served = await withServer(modelDir, {}, ({ port, pid }) => servedRate(port, pid, [request]));
    rounds.push({ alone: rate, served: served.rate, processor: { alone: processor, ...served } });
  }
  const kilobytes = Math.round(image.length / 1000);
  return [
    {
      name: `engine alone, JPEG of 640 x 480 (${kilobytes} kB) to class`,
      value: median(rounds.map(({ alone }) => alone)),
      unit: 'images/s',
    },
    {
      name: 'server, the same as application/x-image',
      value: median(rounds.map(({ served }) => served)),
      unit: 'images/s',
      against: 'engine alone',
      ratio: median(rounds.map(({ alone, served }) => served / alone)),
      bar: '>= 0.90 x',
    },
    ...processorRows('JPEG', rounds),
  ];
}

async function benchSharedCalls(modelDir: string): Promise<readonly BenchRow[]> {
  const requests = Array.from({ length: 640 }, (_, i) =>
    postBytes(Buffer.from(JSON.stringify({ instances: denseRows(1, i) }))),
  );
  const rates = { on: [] as number[], off: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const sharing of ['on', 'off'] as const) {
      const result = await withServer(modelDir, sharing === 'on' ? SHARE_CALLS : {}, async ({ port }) => {
        await closedLoop(port, requests, 64, 1);
        return closedLoop(port, requests, 64, SECONDS);
      });
      rates[sharing].push(okPerSecond(result));
    }
  }
  const [on, off] = [median(rates.on), median(rates.off)];
  return [
    { name: 'single rows, 64 connections, each a call of its own', value: off, unit: 'requests/s' },
    {
      name: 'single rows, 64 connections, calls shared',
      value: on,
      unit: 'requests/s',
      against: 'own calls',
      ratio: on / off,
      bar: '>= 1.5 x',
    },
  ];
}

/** A tenth shows a leak of 1 KiB a request; to tell less than 1 byte from none, resident memory moves too much. */
const SOAK = { requests: 1_000_000, leaking: 100_000 } as const;
const WINDOWS = 20;
/** In which heaps and caches grow to their size, and collections give back what starting took. */
const SOAK_WARM_UP = 100_000;

/**
 * Growth of resident memory after full collections, because what V8 has not collected yet moves by megabytes; and of
 * a server that keeps 1 KiB of each request, which the same measurement must show.
 */
async function benchSoak(modelDir: string): Promise<readonly BenchRow[]> {
  const slope = await soak(modelDir, SOAK.requests, [SERVER, 'serve']);
  const leaking = await soak(modelDir, SOAK.leaking, [LEAKING_SERVER, 'serve']);
  return [
    { name: 'memory growth over 1,000,000 requests', value: slope, unit: 'KiB for 1,000 requests', bar: '< 1' },
    {
      name: 'the same of a server that leaks 1,000 KiB for 1,000 requests, over 100,000',
      value: leaking,
      unit: 'KiB for 1,000 requests',
      bar: '> 500',
    },
  ];
}

/** KiB for 1,000 requests. */
function soak(modelDir: string, count: number, command: readonly string[]): Promise<number> {
  const requests = Array.from({ length: 64 }, (_, i) =>
    postBytes(Buffer.from(JSON.stringify({ instances: denseRows(1, i) }))),
  );
  const window = count / WINDOWS;
  return withServer(
    modelDir,
    SHARE_CALLS,
    async ({ port, pid, noise }) => {
      const collector = await Collector.open(noise);
      const levelAfter = async (some: number) => {
        await closedLoop(port, requests, 16, Number.POSITIVE_INFINITY, some);
        await collector.collect();
        return residentBytes(pid) / 1024;
      };
      await levelAfter(SOAK_WARM_UP / 2);
      await levelAfter(SOAK_WARM_UP / 2);
      const levels: number[] = [];
      while (levels.length < WINDOWS) levels.push(await levelAfter(window));
      collector.close();
      return slopeOf(levels) / (window / 1000);
    },
    [INSPECT, ...command],
  );
}

/** Theil and Sen: the median of all slopes between two points, which single jumps of a garbage collector do not move. */
function slopeOf(levels: readonly number[]): number {
  const slopes = levels.flatMap((from, i) => levels.slice(i + 1).map((to, k) => (to - from) / (k + 1)));
  return median(slopes);
}
