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
import { closedLoop, postBytes } from './http-load.ts';
import { median } from './median.ts';

const SESSIONS = import.meta.resolve('../container/src/engine/open-saved-model.ts');
const LEAKING_SERVER = fileURLToPath(new URL('./leaking-server.ts', import.meta.url));
const ROWS = 64;
const SECONDS = 4;
const ROUNDS = 3;
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

const FORMATS = {
  'application/json': (rows: readonly number[][]) => JSON.stringify({ instances: rows }),
  'application/jsonlines': (rows: readonly number[][]) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  'text/csv': (rows: readonly number[][]) => rows.map((row) => `${row.join(',')}\n`).join(''),
} as const;

async function benchFormats(modelDir: string): Promise<readonly BenchRow[]> {
  const values = Array.from({ length: DISTINCT }, (_, n) => Float32Array.from(denseRows(ROWS, n).flat()));
  const alone: number[] = [];
  const served = new Map(Object.keys(FORMATS).map((type) => [type, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    const call = (n: number): EngineCall => ({
      signature: 'serving_default',
      rows: ROWS,
      inputs: {
        x: { dtype: 'float32', shape: [ROWS, FEATURES], data: values[n % DISTINCT]!.slice() },
      },
    });
    alone.push(
      (await engineRate({ modelDir: join(modelDir, '1'), sessionModule: SESSIONS, seconds: SECONDS, call })) * ROWS,
    );
    await withServer(modelDir, {}, async ({ port }) => {
      for (const [type, write] of Object.entries(FORMATS)) {
        const requests = Array.from({ length: DISTINCT }, (_, i) =>
          postBytes(Buffer.from(write(denseRows(ROWS, i))), type),
        );
        await closedLoop(port, requests, 8, 1);
        served.get(type)!.push(okPerSecond(await closedLoop(port, requests, 8, SECONDS)) * ROWS);
      }
    });
  }
  const bare = median(alone);
  const json = median(served.get('application/json')!);
  return [
    { name: `engine alone, dense ${FEATURES}-1024-1024-16, 64 rows a call`, value: bare, unit: 'rows/s' },
    {
      name: 'server, 64 rows of JSON',
      value: json,
      unit: 'rows/s',
      against: 'engine alone',
      ratio: json / bare,
      bar: '>= 0.70 x',
    },
    ...['application/jsonlines', 'text/csv'].map((type) => {
      const rate = median(served.get(type)!);
      return {
        name: `server, 64 rows of ${type}`,
        value: rate,
        unit: 'rows/s',
        against: 'time of JSON',
        ratio: json / rate,
        bar: '<= 1.2 x',
      };
    }),
  ];
}

async function benchImages(modelDir: string): Promise<readonly BenchRow[]> {
  const image = await jpegImage(640, 480);
  const alone: number[] = [];
  const served: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const call = (): EngineCall => ({
      signature: 'serving_default',
      rows: 1,
      inputs: { image_bytes: { dtype: 'string', shape: [1], data: [image] } },
    });
    alone.push(await engineRate({ modelDir: join(modelDir, '1'), sessionModule: SESSIONS, seconds: SECONDS, call }));
    const request = postBytes(image, 'application/x-image');
    const result = await withServer(modelDir, {}, async ({ port }) => {
      await closedLoop(port, [request], 8, 1);
      return closedLoop(port, [request], 8, SECONDS);
    });
    served.push(okPerSecond(result));
  }
  const [bare, http] = [median(alone), median(served)];
  const kilobytes = Math.round(image.length / 1000);
  return [
    { name: `engine alone, JPEG of 640 x 480 (${kilobytes} kB) to class`, value: bare, unit: 'images/s' },
    {
      name: 'server, the same as application/x-image',
      value: http,
      unit: 'images/s',
      against: 'engine alone',
      ratio: http / bare,
      bar: '>= 0.90 x',
    },
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

const SOAK_REQUESTS = 100_000;
/** Heaps and caches have grown to their size by then. */
const SOAK_WARM_UP = 60_000;
const WINDOWS = 20;

/** Growth of resident memory; and of a server that keeps 1 KiB of each request, which the same measurement must show. */
async function benchSoak(modelDir: string): Promise<readonly BenchRow[]> {
  const slope = await soak(modelDir);
  const leaking = await soak(modelDir, [LEAKING_SERVER, 'serve']);
  return [
    { name: 'memory growth over 100,000 requests', value: slope, unit: 'KiB for 1,000 requests', bar: '< 1' },
    {
      name: 'the same of a server that leaks 1,000 KiB for 1,000 requests',
      value: leaking,
      unit: 'KiB for 1,000 requests',
      bar: '> 500',
    },
  ];
}

function soak(modelDir: string, command?: readonly string[]): Promise<number> {
  const requests = Array.from({ length: 64 }, (_, i) =>
    postBytes(Buffer.from(JSON.stringify({ instances: denseRows(1, i) }))),
  );
  return withServer(
    modelDir,
    SHARE_CALLS,
    async ({ port, pid }) => {
      await closedLoop(port, requests, 16, Number.POSITIVE_INFINITY, SOAK_WARM_UP);
      const levels: number[] = [];
      for (let window = 0; window < WINDOWS; window++) {
        await closedLoop(port, requests, 16, Number.POSITIVE_INFINITY, SOAK_REQUESTS / WINDOWS);
        levels.push(residentBytes(pid) / 1024);
      }
      return slopeOf(levels) / (SOAK_REQUESTS / WINDOWS / 1000);
    },
    command,
  );
}

/** Theil and Sen: the median of all slopes between two points, which single jumps of a garbage collector do not move. */
function slopeOf(levels: readonly number[]): number {
  const slopes = levels.flatMap((from, i) => levels.slice(i + 1).map((to, k) => (to - from) / (k + 1)));
  return median(slopes);
}
