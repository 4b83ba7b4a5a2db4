/** What a run reads, by prefix or by manifest, over an S3 that has exactly what each test puts there. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '#core/limits.ts';
import { isFolderMarker, openInput } from '../../../../lambdas/commons/input-objects.ts';
import type { S3Access } from '../../../../lambdas/commons/s3-objects.ts';

const PLACE = { inputS3Uri: 's3://data/in/', inputManifestS3Uri: 's3://data/m.json' };

let server: http.Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Served {
  readonly s3: S3Access;
  /** Objects that were looked up, in the order of the requests. */
  readonly lookedUp: string[];
  /** Requests at the same time, at most. */
  mostAtOnce: number;
}

/** S3 as far as HeadObject and GetObject, of which each answer waits until no other request comes in. */
async function serve(objects: Readonly<Record<string, string>>, manifestBytes?: number): Promise<Served> {
  let open = 0;
  server = http.createServer((request, response) => {
    const key = decodeURIComponent(request.url!.split('?')[0]!.slice('/data/'.length));
    if (request.method === 'HEAD' && key !== 'm.json') served.lookedUp.push(key);
    open += 1;
    served.mostAtOnce = Math.max(served.mostAtOnce, open);
    setImmediate(() => {
      open -= 1;
      const body = objects[key];
      const bytes = key === 'm.json' && manifestBytes !== undefined ? manifestBytes : Buffer.byteLength(body ?? '');
      response.writeHead(body === undefined ? 404 : 200, { 'content-length': bytes, etag: `"${key}"` });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const served: Served = { s3: { client }, lookedUp: [], mostAtOnce: 0 };
  return served;
}

const manifestOf = (...names: readonly string[]) => JSON.stringify([{ prefix: 's3://data/in/' }, ...names]);

describe('an input that a manifest names', () => {
  it('is its objects, in its order, with what is not there as missing', async () => {
    const { s3 } = await serve({ 'm.json': manifestOf('b', 'gone', 'a'), 'in/a': '1', 'in/b': '22', 'in/c': '333' });
    const input = await openInput(s3, PLACE);
    expect(input.base).toEqual({ bucket: 'data', key: 'in/' });
    expect(input.manifest).toMatchObject({ key: 'm.json', etag: '"m.json"' });
    expect(await Array.fromAsync(input.objects())).toEqual([
      { bucket: 'data', key: 'in/b', etag: '"in/b"', bytes: 2, missing: false },
      { bucket: 'data', key: 'in/gone', etag: '', bytes: 0, missing: true },
      { bucket: 'data', key: 'in/a', etag: '"in/a"', bytes: 1, missing: false },
    ]);
  });

  it('is looked up a few objects at a time, and of a part only its own', async () => {
    // Prepare
    const names = Array.from({ length: 100 }, (_, index) => `${index}`);
    const bodies = Object.fromEntries(names.map((name) => [`in/${name}`, name]));
    const served = await serve({ 'm.json': manifestOf(...names), ...bodies });
    const input = await openInput(served.s3, PLACE);

    // Act
    const part = await Array.fromAsync(input.objects({ afterKey: 'in/9', throughKey: 'in/59' }));

    // Assess
    const own = names.slice(10, 60).map((name) => `in/${name}`);
    expect(part.map(({ key }) => key)).toEqual(own);
    expect([...served.lookedUp].sort()).toEqual([...own].sort());
    expect(served.mostAtOnce).toBeLessThanOrEqual(16);
  });

  it('that was written anew between plan and part is found out', async () => {
    const { s3 } = await serve({ 'm.json': manifestOf('a'), 'in/a': '1' });
    const input = await openInput(s3, PLACE);
    const part = Array.fromAsync(input.objects({ afterKey: 'in/before', throughKey: '' }));
    await expect(part).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('s3://data/m.json was overwritten while it was read in parts'),
    });
  });

  it.each([
    ['is not there', {}, 'NotFound', /^There is no manifest s3:\/\/data\/m\.json/],
    ['is none', { 'm.json': '{}' }, 'InvalidManifest', /^s3:\/\/data\/m\.json: a manifest is a JSON array/],
    [
      'names what it may not',
      { 'm.json': JSON.stringify([{ prefix: 's3://data/' }, 'in/a', 'inside']) },
      'InvalidManifest',
      /element 2: "s3:\/\/data\/inside" is not below s3:\/\/data\/in\//,
    ],
  ])('is refused when the manifest %s, and no object is looked up', async (_, objects, code, message) => {
    const served = await serve(objects);
    await expect(openInput(served.s3, PLACE)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(served.lookedUp).toEqual([]);
  });

  it('is refused unread when the manifest is larger than one may be', async () => {
    const { s3 } = await serve({ 'm.json': '' }, LIMITS.batchManifestBytes.value + 1);
    await expect(openInput(s3, PLACE)).rejects.toMatchObject({
      code: 'InvalidManifest',
      message: expect.stringMatching(/has 268435457 bytes and 268435456 are allowed.*Name fewer objects/),
    });
  });
});

describe('a folder marker', () => {
  it('is one only when it is empty', () => {
    expect(isFolderMarker('in/', 0)).toBe(true);
    expect(isFolderMarker('in/', 5)).toBe(false);
    expect(isFolderMarker('in/a', 0)).toBe(false);
  });
});
