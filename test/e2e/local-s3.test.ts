/** S3 of the local service through the JavaScript SDK, and through requests that no SDK has tidied up. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';

let dir: string;
let service: LocalService;
let s3: S3Client;

function clientOf(url: string): S3Client {
  return new S3Client({ endpoint: url, region: 'eu-west-1', forcePathStyle: true, credentials: LOCAL_CREDENTIALS });
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'twinvec-local-'));
  service = await startLocal({ port: 0, dir });
  s3 = clientOf(service.url);
  await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
});

afterAll(async () => {
  s3.destroy();
  await service.close();
  await rm(dir, { recursive: true });
});

async function read(key: string, client = s3): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'data', Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}

/** A request whose path and Host header no client library has tidied up. */
async function send(options: RequestOptions): Promise<{ status: number | undefined; text: string }> {
  const sent = request(service.url, options);
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, text: await text(response) };
}

describe('S3 of the local service', () => {
  it.each([
    'plain.jsonl',
    'a folder/b c+d%2Fe.jsonl',
    '漢字🙂\n.jsonl',
    'quo\'te"&<>.jsonl',
    `${'long/'.repeat(100)}end`,
  ])('gives back under the key %j what was put there', async (key) => {
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: key }));

    expect((await read(key)).toString()).toBe(key);
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: 'data', Prefix: key }));
    expect(listed.Contents?.map((object) => object.Key)).toEqual([key]);
  });

  it('takes a stream, and a PUT that is larger than what is kept in memory', async () => {
    // Prepare
    const body = Buffer.alloc(20 * 1024 * 1024, 'model');

    // Act
    await s3.send(
      new PutObjectCommand({ Bucket: 'data', Key: 'big', Body: Readable.from([body]), ContentLength: body.length }),
    );

    // Assess
    expect((await read('big')).equals(body)).toBe(true);
  });

  it('takes virtual-host style, bucket.localhost', async () => {
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'v.txt', Body: 'by host' }));

    const answer = await send({ path: '/v.txt', headers: { host: `data.localhost:${service.port}` } });

    expect(answer).toEqual({ status: 200, text: 'by host' });
  });

  it.each(['/data/../../outside', '/data/a/%2e%2e/%2e%2e/outside', '/data/a/..%2F..%2Foutside'])(
    'keeps %s in its folder, as S3 would',
    async (url) => {
      const { status } = await send({ method: 'PUT', path: url });

      expect(status).toBe(200);
      expect(existsSync(path.join(dir, 'outside'))).toBe(false);
      expect(existsSync(path.join(dir, 's3/outside'))).toBe(false);
      expect((await send({ method: 'HEAD', path: url })).status).toBe(200);
    },
  );

  it('keeps objects as files, and has them again after a restart', async () => {
    // Prepare
    await s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'kept/a.txt', Body: 'still here' }));
    expect(await readFile(path.join(dir, 's3/data/kept/a.txt'), 'utf8')).toBe('still here');

    // Act
    await service.close();
    service = await startLocal({ port: 0, dir });
    s3.destroy();
    s3 = clientOf(service.url);

    // Assess
    expect((await read('kept/a.txt')).toString()).toBe('still here');
  });
});
