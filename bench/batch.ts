/**
 * Batch transform: what splitting, sending and assembling cost in front of the real server, how fast many small objects
 * go through the local service's object store, and whether memory stays flat however large an object is.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { formatBytes } from '#core/terminal/format.ts';
import { openFolderStore } from '../local/object-store/folder-store.ts';
import { openMultipartUploads } from '../local/object-store/multipart-uploads.ts';
import type { ObjectStore } from '../local/object-store/object-store.ts';
import { createS3 } from '../local/s3/handle-s3.ts';
import { folderSink, folderSource } from '../local/transform/folder-storage.ts';
import { runTransform, type TransformOptions } from '../local/transform/run-transform.ts';
import { s3Sink, s3Source } from '../local/transform/s3-storage.ts';
import { storeSink, storeSource } from '../local/transform/store-storage.ts';
import type { BenchRow } from './bench-row.ts';
import { withServer } from './bench-server.ts';
import { closedLoop, postBytes } from './http-load.ts';
import { median } from './median.ts';
import { referenceRows, SEQUENCE_LENGTH, withReferenceModel } from './reference-model.ts';

const ROUNDS = 5;
const RECORDS_A_ROUND = 200_000;
const DISTINCT_RECORDS = 2000;
const CONNECTIONS = 4;
const JSON_LINES = 'application/jsonlines';
const PAYLOAD_MB = 1;
const OBJECTS = 100_000;
/** Over S3's protocol each object costs two calls of the SDK, so fewer are enough for a rate. */
const OBJECTS_OVER_HTTP = 5000;
const OBJECT_BYTES = [10 * 1024 ** 2, 100 * 1024 ** 2, 1024 ** 3, 5 * 1024 ** 3] as const;
const BUCKET = 'bench';

export async function benchBatch(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-bench-batch-'));
  try {
    return [...(await benchRecords(folder)), ...(await benchObjects(folder)), ...(await benchMemory(folder))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same records through the engine and straight over HTTP, in turns, to the same server. */
async function benchRecords(folder: string): Promise<readonly BenchRow[]> {
  const lines = Array.from({ length: DISTINCT_RECORDS }, (_, n) => referenceLine(n));
  const input = join(folder, 'records.jsonl');
  await writeFile(input, '');
  for (let at = 0; at < RECORDS_A_ROUND; at += DISTINCT_RECORDS) await writeFile(input, lines.join(''), { flag: 'a' });
  const bodies = bodiesOf(lines);
  const through: number[] = [];
  const direct: number[] = [];
  const engineSeconds: number[] = [];
  await withReferenceModel((modelDir) =>
    withServer(modelDir, { SAGEMAKER_BATCH: 'true' }, async ({ port }) => {
      await closedLoop(port, bodies.requests, CONNECTIONS, 3);
      for (let round = 0; round < ROUNDS; round++) {
        const calls = Math.ceil(RECORDS_A_ROUND / bodies.recordsEach);
        const { seconds, counts } = await closedLoop(port, bodies.requests, CONNECTIONS, 600, calls);
        direct.push(((counts.get(200) ?? 0) * bodies.recordsEach) / seconds);
        const cpu = process.cpuUsage();
        const started = performance.now();
        const report = await run({
          source: folderSource(input),
          sink: folderSink(join(folder, 'out')),
          servers: [{ url: `http://127.0.0.1:${port}` }],
          choices: {
            splitType: 'Line',
            assembleWith: 'Line',
            maxPayloadMb: PAYLOAD_MB,
            maxConcurrentTransforms: CONNECTIONS,
          },
          contentType: JSON_LINES,
          accept: JSON_LINES,
        });
        through.push(report.recordsOut / ((performance.now() - started) / 1000));
        const { user, system } = process.cpuUsage(cpu);
        engineSeconds.push((user + system) / report.recordsOut);
      }
    }),
  );
  const name = `${(ROUNDS * RECORDS_A_ROUND).toLocaleString('en-US')} JSON Lines records, reference model`;
  const ratios = through.map((rate, round) => rate / direct[round]!);
  return [
    { name: `${name}: the server's own HTTP throughput`, value: median(direct), unit: 'records/s' },
    {
      name: `${name}: through the batch engine`,
      value: median(through),
      unit: 'records/s',
      against: 'the server alone',
      ratio: median(ratios),
      bar: '>= 0.85 x',
    },
    { name: `${name}: processor time of the engine`, value: median(engineSeconds), unit: 'µs/record' },
  ];
}

/** A pair of the reference model, as a line. */
function referenceLine(n: number): string {
  const { ids } = referenceRows(2, n);
  const take = (row: number) => [...ids.subarray(row * SEQUENCE_LENGTH, (row + 1) * SEQUENCE_LENGTH)];
  return `${JSON.stringify({ in0: take(0), in1: take(1) })}\n`;
}

/** Requests as large as the engine makes them. */
function bodiesOf(lines: readonly string[]) {
  const recordsEach = Math.floor((PAYLOAD_MB * 1024 ** 2) / Math.max(...lines.map((line) => line.length)));
  const requests = Array.from({ length: 8 }, (_, n) =>
    Array.from({ length: recordsEach }, (_, i) => lines[(n * recordsEach + i) % lines.length]!).join(''),
  ).map((body) => postBytes(Buffer.from(body), JSON_LINES));
  return { recordsEach, requests };
}

/** Objects of one record, through the store as transform jobs use it, and over S3's own protocol. */
async function benchObjects(folder: string): Promise<readonly BenchRow[]> {
  const root = join(folder, 's3');
  const store = openFolderStore(root);
  store.createBucket(BUCKET);
  await putObjects(store, 'many/', OBJECTS);
  await putObjects(store, 'some/', OBJECTS_OVER_HTTP);
  const server = http.createServer(createS3(store, openMultipartUploads(root, store)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  try {
    return await withTrivialModel(async (url) => {
      const choices = { splitType: 'Line', assembleWith: 'Line', maxConcurrentTransforms: 16 } as const;
      const rateOf = async (storage: Pick<TransformOptions, 'source' | 'sink'>): Promise<number> => {
        const started = performance.now();
        const { objects } = await run({ ...storage, servers: [{ url }], choices });
        return objects / ((performance.now() - started) / 1000);
      };
      const http_ = await rateOf({
        source: s3Source(client, { bucket: BUCKET, key: 'some/' }),
        sink: s3Sink(client, { bucket: BUCKET, key: 'some-out' }),
      });
      const cpu = process.cpuUsage();
      const direct = await rateOf({
        source: storeSource(store, { bucket: BUCKET, key: 'many/' }),
        sink: storeSink(store, { bucket: BUCKET, key: 'many-out' }),
      });
      const { user, system } = process.cpuUsage(cpu);
      const count = OBJECTS.toLocaleString('en-US');
      return [
        {
          name: 'objects of one record over the S3 protocol, SDK and server in one process',
          value: http_,
          unit: 'objects/s',
        },
        {
          name: `${count} objects of one record in a transform job's own path: listed, sent, .out written`,
          value: direct,
          unit: 'objects/s',
          against: 'over the S3 protocol',
          ratio: direct / http_,
          bar: '>= 1,500 objects/s',
        },
        {
          name: 'the same on a processor of its own, by the processor time of service and engine',
          value: OBJECTS / ((user + system) / 1e6),
          unit: 'objects/s',
        },
      ];
    });
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
    store.close();
  }
}

async function putObjects(store: ObjectStore, prefix: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const body = Buffer.from(`{"in0":[${n}]}\n`);
    async function* chunks() {
      yield body;
    }
    store.put(BUCKET, `${prefix}${String(n).padStart(7, '0')}.jsonl`, await store.receive(chunks()), {});
  }
}

async function benchMemory(folder: string): Promise<readonly BenchRow[]> {
  return withTrivialModel(async (url) => {
    const rows: BenchRow[] = [];
    for (const bytes of OBJECT_BYTES) {
      const value = (await peakOf(bytes, url, folder)) / 1024 ** 2;
      const name = `peak memory of the engine, one object of ${formatBytes(bytes)}`;
      // The first one is through before the process has reached its size.
      const base = rows[1];
      const against = `an object of ${formatBytes(OBJECT_BYTES[1])}`;
      rows.push({ name, value, unit: 'MiB', ...(base ? { against, ratio: value / base.value, bar: 'flat' } : {}) });
    }
    return rows;
  });
}

/** Those of the `twinvec` command (docs/decisions/0016-small-young-generation.md). */
const COMMAND_OPTIONS = ['--max-semi-space-size=2'];

async function peakOf(bytes: number, url: string, folder: string): Promise<number> {
  const script = fileURLToPath(new URL('./batch-memory.ts', import.meta.url));
  const out = join(folder, `memory-${bytes}`);
  const { stdout } = await promisify(execFile)(process.execPath, [...COMMAND_OPTIONS, script, String(bytes), url, out]);
  await rm(out, { recursive: true });
  const { peakBytes, bytesIn } = JSON.parse(stdout) as { peakBytes: number; bytesIn: number };
  if (bytesIn < bytes) throw new Error(`only ${bytesIn} of ${bytes} bytes were read`);
  return peakBytes;
}

async function run(options: TransformOptions) {
  const report = await runTransform(options);
  const [failure] = report.failures;
  if (failure) throw new Error(`${failure.object}: ${failure.cause}`);
  return report;
}

async function withTrivialModel<T>(use: (url: string) => Promise<T>): Promise<T> {
  const script = fileURLToPath(new URL('./batch-model.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    child.kill();
  }
}
