import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import {
  findObject,
  listObjects,
  readBytes,
  readObject,
  type S3Access,
  writeObject,
} from '../../../../lambdas/commons/s3-objects.ts';

const CONTENT = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const OBJECT = { bucket: 'data', key: 'a b/ü.jsonl', etag: '"v1"', bytes: CONTENT.length };

let server: http.Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
});

type Reply = (request: http.IncomingMessage, response: http.ServerResponse, start: number) => void;

/** S3 as far as GetObject: replies in turn, the last one for ever. */
async function startS3(
  replies: readonly Reply[],
): Promise<{ client: S3Client; ranges: string[]; conditions: string[] }> {
  const ranges: string[] = [];
  const conditions: string[] = [];
  server = http.createServer((request, response) => {
    const reply = replies[Math.min(ranges.length, replies.length - 1)]!;
    const range = request.headers.range ?? '';
    ranges.push(range);
    conditions.push(request.headers['if-match'] ?? '');
    reply(request, response, Number(/bytes=(\d+)-/.exec(range)?.[1] ?? 0));
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
  return { client, ranges, conditions };
}

const rest: Reply = (_, response, start) => {
  const range = { 'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}` };
  response.writeHead(start === 0 ? 200 : 206, {
    'content-length': CONTENT.length - start,
    ...(start === 0 ? {} : range),
  });
  response.end(CONTENT.subarray(start));
};

/** Cuts the connection after `count` bytes. */
const cutAfter =
  (count: number): Reply =>
  (_, response, start) => {
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': CONTENT.length - start });
    response.write(CONTENT.subarray(start, start + count), () => response.destroy());
  };

const refuse =
  (status: number, code: string, message = 'no'): Reply =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-west-3' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
  };

async function readAll(client: S3Client): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readObject({ client }, OBJECT)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an object', () => {
  it('Q2 is read whole, pinned to the version that was listed', async () => {
    const { client, conditions } = await startS3([rest]);
    expect((await readAll(client)).equals(CONTENT)).toBe(true);
    expect(conditions).toEqual(['"v1"']);
  });

  it('Q2 whose stream breaks is read on from the byte where it broke', async () => {
    const { client, ranges, conditions } = await startS3([cutAfter(1000), cutAfter(500), rest]);
    expect((await readAll(client)).equals(CONTENT)).toBe(true);
    expect(ranges).toEqual(['', 'bytes=1000-', 'bytes=1500-']);
    expect(new Set(conditions)).toEqual(new Set(['"v1"']));
  });

  it('Q1 is tried again when S3 asks to slow down', async () => {
    const { client, ranges } = await startS3([refuse(503, 'SlowDown'), rest]);
    expect((await readAll(client)).equals(CONTENT)).toBe(true);
    expect(ranges).toHaveLength(2);
  });

  it('Q1 Q2 that never arrives whole fails instead of being cut short', async () => {
    const { client, ranges } = await startS3([cutAfter(10)]);
    await expect(readAll(client)).rejects.toMatchObject({ code: 'Overloaded' });
    expect(ranges).toHaveLength(5);
  });

  it.each([
    [403, 'AccessDenied', 'AccessDenied', ' The role needs s3:GetObject on arn:aws:s3:::data/a b/ü.jsonl.'],
    [404, 'NoSuchKey', 'NotFound', ''],
    [412, 'PreconditionFailed', 'Conflict', ''],
    [301, 'PermanentRedirect', 'InvalidConfiguration', ' The bucket is in eu-west-3: use a client of that region.'],
  ])('Q3 that is refused with %i fails at once, naming the action and the object', async (status, name, code, more) => {
    const { client, ranges } = await startS3([refuse(status, name)]);
    await expect(readAll(client)).rejects.toMatchObject({
      code,
      message: `s3:GetObject on s3://data/a b/ü.jsonl failed: ${name}.${more}`,
    });
    expect(ranges).toHaveLength(1);
  });

  it.each([
    ['on resource: arn:aws:kms:eu-west-1:1:key/k because', 'kms:Decrypt on arn:aws:kms:eu-west-1:1:key/k'],
    ['on the resource associated with this ciphertext', 'kms:Decrypt on the key of the bucket or object'],
  ])('Q3 whose key is refused names the action on it: %s', async (said, needed) => {
    const { client } = await startS3([
      refuse(403, 'AccessDenied', `x is not authorized to perform: kms:Decrypt ${said}`),
    ]);
    await expect(readAll(client)).rejects.toMatchObject({
      code: 'AccessDenied',
      message: `s3:GetObject on s3://data/a b/ü.jsonl failed: AccessDenied. The role needs ${needed}.`,
    });
  });
});

describe('Q3 buckets of somebody else', () => {
  const owner = '111122223333';

  it.each<[string, (s3: S3Access) => Promise<unknown>]>([
    ['listing', (s3) => Array.fromAsync(listObjects(s3, OBJECT))],
    ['finding', (s3) => findObject(s3, OBJECT)],
    ['reading', (s3) => readBytes(s3, OBJECT)],
    ['writing', (s3) => writeObject(s3, OBJECT, 'x', 'text/plain')],
  ])('are refused by S3 itself, which every %s tells whose they should be', async (_name, act) => {
    // Prepare: S3 as far as it compares the owner
    const asked: (string | string[] | undefined)[] = [];
    const { client } = await startS3([
      (request, ...rest) => {
        asked.push(request.headers['x-amz-expected-bucket-owner']);
        refuse(403, 'AccessDenied')(request, ...rest);
      },
    ]);

    // Act and assess
    await expect(act({ client, owner })).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(asked).toEqual([owner]);
  });
});
