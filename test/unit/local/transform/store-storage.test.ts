/** Transforms over the local service's own object store: what is listed and kept, and a store that fails at any call. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolderStore } from '../../../../local/object-store/folder-store.ts';
import type { ObjectStore } from '../../../../local/object-store/object-store.ts';
import { runTransform } from '../../../../local/transform/run-transform.ts';
import { storeManifestSource, storeSink, storeSource } from '../../../../local/transform/store-storage.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';

const BUCKET = 'bucket';
const LARGE = `${'x'.repeat(1023)}\n`.repeat(3000);
const ODD_KEY = `sp ace+plus%2Fpercent 漢🙂'"&<>=;/../..jsonl`;

let folder: string;
let store: ObjectStore;
let model: EchoServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-store-'));
  store = openFolderStore(folder);
  store.createBucket(BUCKET);
  model = await startEchoServer();
  await put('in/a.jsonl', '1\n2\n');
  await put('in/large.jsonl', LARGE);
  await put(`in/${ODD_KEY}`, '3\n');
  await put('in/folder/', '');
  await put('in/zero', '');
});

afterAll(async () => {
  await model.close();
  store.close();
  await rm(folder, { recursive: true });
});

async function put(key: string, text: string): Promise<void> {
  store.put(BUCKET, key, await store.receive(new Blob([text]).stream()), {});
}

async function read(key: string): Promise<string> {
  const opened = store.open(BUCKET, key)!;
  const { bytes } = opened.object;
  if (bytes === 0) {
    opened.close();
    return '';
  }
  const content = opened.read(0, bytes - 1);
  return content instanceof Uint8Array
    ? content.toString()
    : Buffer.concat(await Array.fromAsync(content as AsyncIterable<Buffer>)).toString();
}

const keysBelow = (prefix: string) => store.list(BUCKET, { prefix, limit: 1000 }).objects.map(({ key }) => key);

function transform(
  output: string,
  over: ObjectStore = store,
  source = storeSource(over, { bucket: BUCKET, key: 'in/' }),
) {
  return runTransform({
    source,
    sink: storeSink(over, { bucket: BUCKET, key: output }),
    servers: [{ url: model.url }],
    choices: { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 1 },
  });
}

const EXPECTED = new Map([
  ['a.jsonl.out', '1\n2\n'],
  ['large.jsonl.out', LARGE],
  [`${ODD_KEY}.out`, '3\n'],
  ['zero.out', ''],
]);

describe('a transform over the object store', () => {
  it('keeps every key but folder markers, and every byte', async () => {
    const report = await transform('calm');

    expect(report).toMatchObject({ objects: 4, failures: [], recordsOut: 3003, bytesIn: LARGE.length + 6 });
    expect(new Set(keysBelow('calm/'))).toEqual(new Set([...EXPECTED.keys()].map((name) => `calm/${name}`)));
    for (const [name, text] of EXPECTED) expect(await read(`calm/${name}`)).toBe(text);
  });

  it('lists more than a page of objects, each once', async () => {
    for (let n = 0; n < 2100; n++) await put(`many/${n % 2 === 0 ? 'a' : 'B'}${n}`, '');
    const names: string[] = [];
    for await (const { outputName } of storeSource(store, { bucket: BUCKET, key: 'many/' }).list())
      names.push(outputName);

    expect(names).toHaveLength(2100);
    expect(new Set(names).size).toBe(2100);
  });

  it('fails an object that is replaced or deleted after it was listed', async () => {
    await put('changing/a', '1\n');
    await put('changing/b', '1\n');
    const objects = await Array.fromAsync(storeSource(store, { bucket: BUCKET, key: 'changing/' }).list());
    await put('changing/a', '2\n');
    store.delete(BUCKET, 'changing/b');

    const report = await transform('changed', store, listOf(objects));

    expect(report.failures.map(({ cause }) => cause)).toEqual([
      'the object was replaced after the job began',
      'there is no such object (NoSuchKey)',
    ]);
    expect(keysBelow('changed/')).toEqual([]);
  });

  it('takes a manifest; an object that is not there fails alone', async () => {
    await put('m', JSON.stringify([{ prefix: `s3://${BUCKET}/in/` }, 'a.jsonl', 'none']));

    const report = await transform('m-out', store, storeManifestSource(store, { bucket: BUCKET, key: 'm' }));

    expect(keysBelow('m-out/')).toEqual(['m-out/a.jsonl.out']);
    expect(report.failures.map(({ object }) => object)).toEqual(['bucket/in/none']);
    await expect(
      transform('never', store, storeManifestSource(store, { bucket: BUCKET, key: 'none' })),
    ).rejects.toThrow('the manifest s3://bucket/none cannot be read: NoSuchKey');
  });
});

function listOf<T>(items: readonly T[]) {
  return {
    async *list() {
      yield* items;
    },
  };
}

/** The N-th call fails; those that take bytes in fail after some of them. */
function failing(over: ObjectStore, spoiled: number): { readonly store: ObjectStore; readonly calls: () => number } {
  let calls = 0;
  const isSpoiled = (): boolean => {
    calls += 1;
    return calls === spoiled;
  };
  const fail = (): never => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };
  async function* breaking(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      yield chunk.subarray(0, chunk.length >> 1);
      fail();
    }
    fail();
  }
  const broken: ObjectStore = {
    ...over,
    list: (...args) => (isSpoiled() ? fail() : over.list(...args)),
    open: (...args) => (isSpoiled() ? fail() : over.open(...args)),
    put: (...args) => (isSpoiled() ? fail() : over.put(...args)),
    receive: (chunks) => over.receive(isSpoiled() ? breaking(chunks) : chunks),
  };
  return { store: broken, calls: () => calls };
}

describe('an object store that fails', () => {
  it('at any call leaves whole outputs only, names the object without one, and leaves nothing lying about', async () => {
    const calm = failing(store, 0);
    await transform('counted', calm.store);
    expect(calm.calls()).toBe(1 + 3 * EXPECTED.size);

    for (let spoiled = 1; spoiled <= calm.calls(); spoiled++) {
      const output = `failing-${spoiled}`;
      const ended = await transform(output, failing(store, spoiled).store).catch((error: unknown) => error);

      const names = keysBelow(`${output}/`).map((key) => key.slice(output.length + 1));
      for (const name of names) expect(await read(`${output}/${name}`)).toBe(EXPECTED.get(name));
      if (ended instanceof Error) {
        expect([spoiled, names, ended.message]).toEqual([1, [], 'no space left on device']);
      } else {
        const missing = [...EXPECTED.keys()].filter((name) => !names.includes(name));
        const { failures } = ended as Awaited<ReturnType<typeof transform>>;
        expect(failures.map(({ object }) => `${object.slice('bucket/in/'.length)}.out`)).toEqual(missing);
        expect(failures).toMatchObject([{ cause: 'reading or writing failed: no space left on device' }]);
      }
      expect(await readdir(path.join(folder, '.incoming')), `call ${spoiled}`).toEqual([]);
    }
  });
});
