/** A real S3 port for tests, and a proxy in front of it that spoils the calls that a test names. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { openFolderStore } from '../../../../local/object-store/folder-store.ts';
import { openMultipartUploads } from '../../../../local/object-store/multipart-uploads.ts';
import { createS3 } from '../../../../local/s3/handle-s3.ts';

/** Status: that answer, nothing done. `lost`: done, but no answer comes. `cut`: the answer breaks off in its body. `head`: before it. */
export type Fault = 503 | 403 | 'lost' | 'cut' | 'head';

export interface S3Server {
  readonly client: S3Client;
  read(key: string): Promise<string>;
  keysBelow(prefix: string): Promise<string[]>;
  /** A client whose calls, counted from 1 through its retries, fail as the plan says. */
  spoiled(plan: (call: number) => Fault | undefined): Promise<SpoiledClient>;
  close(): Promise<void>;
}

export interface SpoiledClient {
  readonly client: S3Client;
  readonly calls: () => number;
  close(): Promise<void>;
}

export const BUCKET = 'bucket';

export async function startS3Server(folder: string): Promise<S3Server> {
  const store = openFolderStore(folder);
  const server = await listen(createS3(store, openMultipartUploads(folder, store)));
  const client = clientOf(server.url);
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    client,
    async read(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      return Body!.transformToString();
    },
    async keysBelow(prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
      return Contents.map(({ Key }) => Key!);
    },
    async spoiled(plan) {
      let calls = 0;
      const proxy = await listen((request, response) => {
        calls += 1;
        void spoil(server.url, request, response, plan(calls));
      });
      const spoiled = clientOf(proxy.url);
      return {
        client: spoiled,
        calls: () => calls,
        async close() {
          spoiled.destroy();
          await proxy.close();
        },
      };
    },
    async close() {
      client.destroy();
      await server.close();
    },
  };
}

const MOST_TRIES = 5;
/** Every fault costs a wait, and none of them is about how long it is. */
const BACK_OFF_MS = 1;

function clientOf(endpoint: string): S3Client {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const retryStrategy = new ConfiguredRetryStrategy(MOST_TRIES, () => BACK_OFF_MS);
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, retryStrategy });
}

async function spoil(
  target: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
  if (typeof fault === 'number') {
    const code = fault === 403 ? 'AccessDenied' : 'SlowDown';
    response.writeHead(fault, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>no</Message></Error>`);
    return;
  }
  const { method = 'GET', headers, url: path = '/' } = request;
  const forwarded = http.request(target + path, { method, headers });
  forwarded.end(body);
  const [answer] = (await once(forwarded, 'response')) as [http.IncomingMessage];
  const answered = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
  if (fault === 'lost') {
    response.destroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  if ((fault === 'cut' || fault === 'head') && answered.length > 1) {
    const length = fault === 'cut' ? answered.length >> 1 : 0;
    response.flushHeaders();
    response.write(answered.subarray(0, length), () => response.destroy());
    return;
  }
  response.end(answered);
}

async function listen(handle: http.RequestListener) {
  const server = http.createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
