/** InvokeEndpointAsync through the real SDK client, its objects in the real local S3, its notices as files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvokeEndpointAsyncCommand, type InvokeEndpointAsyncCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../../../local/start.ts';
import {
  instanceOf,
  type Script,
  type ScriptedContainer,
  type ScriptedService,
  serveScript,
  startScript,
} from '../../../fixtures/local-service/scripted-endpoint.ts';
import { startS3Server } from '../transform/s3-server.ts';

/** Generous: other tests run beside this one. */
const POLL = { timeout: 60_000, interval: 20 };
const TOPIC = 'arn:aws:sns:us-east-1:000000000000';
const CONFIG = {
  AsyncInferenceConfig: {
    ClientConfig: { MaxConcurrentInvocationsPerInstance: 2 },
    OutputConfig: {
      S3OutputPath: 's3://bucket/out/',
      S3FailurePath: 's3://bucket/failed',
      NotificationConfig: {
        SuccessTopic: `${TOPIC}:good`,
        ErrorTopic: `${TOPIC}:bad`,
        IncludeInferenceResponseIn: ['SUCCESS_NOTIFICATION_TOPIC'],
      },
    },
  },
};

let store: LocalService;
let s3: S3Client;
let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'twinvec-async-'));
  store = await startLocal({ port: 0, dir: path.join(root, 'store') });
  const config = { endpoint: store.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS };
  s3 = new S3Client({ ...config, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
});
afterAll(async () => {
  s3.destroy();
  await store.close();
  await rm(root, { recursive: true });
});

let dir: string;
let container: ScriptedContainer;
let service: ScriptedService;
let script: Script;
beforeEach(async () => {
  dir = await mkdtemp(path.join(root, 'service-'));
  container = await startScript((...call) => script(...call));
  await start();
});
afterEach(async () => {
  await service.close();
  await container.close();
});

async function start(config: object = CONFIG, client = s3): Promise<void> {
  const variants = { A: { instances: [instanceOf({ primary: container })] } };
  service = await serveScript({ variants, config, s3: client, dir });
  service.runtime.resume();
}

const put = (key: string, body: string | Uint8Array) =>
  s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body: body }));

type Asked = {
  readonly [Member in keyof InvokeEndpointAsyncCommandInput]?: InvokeEndpointAsyncCommandInput[Member] | undefined;
};

const invoke = (change: Asked) =>
  service.client.send(
    new InvokeEndpointAsyncCommand({ EndpointName: 'e', ...change } as InvokeEndpointAsyncCommandInput),
  );

async function objectAt(uri: string | undefined): Promise<string | undefined> {
  const key = uri?.replace('s3://bucket/', '');
  const object = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: key })).catch(() => undefined);
  return object?.Body?.transformToString();
}

async function noticesOf(topic: string): Promise<Record<string, unknown>[]> {
  const folder = path.join(dir, 'notices', topic);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8'))));
}

const queued = async (): Promise<string[]> => readdir(path.join(dir, 'state', 'async-request'));

/** Makes what is queued older, while no service runs. */
async function letPass(ms: number): Promise<void> {
  for (const name of await queued()) {
    const file = path.join(dir, 'state', 'async-request', name);
    const request = JSON.parse(await readFile(file, 'utf8')) as { readonly receivedAt: string };
    const receivedAt = new Date(Date.parse(request.receivedAt) - ms);
    await writeFile(file, JSON.stringify({ ...request, receivedAt }));
  }
}

describe('a request', () => {
  it('is accepted at once; its input comes from S3, its answer goes there, and a notice tells', async () => {
    // Prepare
    const input = Buffer.alloc(9 * 1024 * 1024, 'x');
    await put('in/a', input);
    script = ({ body }, response) => response.setHeader('content-type', 'text/y').end(`${body.length} bytes`);

    // Act
    const accepted = await invoke({
      InputLocation: 's3://bucket/in/a',
      ContentType: 'text/x',
      Accept: 'text/y',
      CustomAttributes: 'c',
      InferenceId: 'mine',
    });
    await expect.poll(() => noticesOf('good'), POLL).toHaveLength(1);

    // Assess
    expect(accepted).toMatchObject({
      InferenceId: 'mine',
      OutputLocation: 's3://bucket/out/mine.out',
      FailureLocation: 's3://bucket/failed/mine-error.out',
      $metadata: { httpStatusCode: 202 },
    });
    expect(await objectAt(accepted.OutputLocation)).toBe(`${input.length} bytes`);
    expect(container.seen[0]!.headers).toMatchObject({
      'content-type': 'text/x',
      accept: 'text/y',
      'x-amzn-sagemaker-custom-attributes': 'c',
      'x-amzn-sagemaker-inference-id': 'mine',
    });
    expect(await noticesOf('good')).toEqual([
      {
        awsRegion: 'us-east-1',
        eventTime: expect.any(String),
        receivedTime: expect.any(String),
        invocationStatus: 'Completed',
        requestParameters: {
          contentType: 'text/x',
          accept: 'text/y',
          customAttributes: 'c',
          endpointName: 'e',
          inputLocation: 's3://bucket/in/a',
        },
        responseParameters: { contentType: 'text/y', outputLocation: 's3://bucket/out/mine.out' },
        responseBody: { content: `${input.length} bytes`, encoding: 'UTF-8' },
        inferenceId: 'mine',
        eventVersion: '1.0',
        eventSource: 'aws:sagemaker',
        eventName: 'InferenceResult',
      },
    ]);
    await expect.poll(queued, POLL).toEqual([]);
  });

  it('may bring its body along, and choose where its answer goes', async () => {
    script = ({ body }, response) => response.end(`got ${body}`);

    const accepted = await invoke({ Body: Buffer.from('inline'), Filename: 'name.json', S3OutputPathExtension: 'a/b' });

    expect(accepted.OutputLocation).toBe('s3://bucket/out/a/b/name.json');
    await expect.poll(() => objectAt(accepted.OutputLocation), POLL).toBe('got inline');
  });

  it.each([
    ['neither input nor body', {}, /InputLocation or Body is required/],
    ['both', { InputLocation: 's3://bucket/in/a', Body: Buffer.from('x') }, /cannot be given together/],
    ['a body over 128,000 bytes', { Body: Buffer.alloc(128_001) }, /'body' .* less than or equal to 128000/],
    ['a place that is not S3', { InputLocation: 'https://host/a' }, /is not an s3:\/\/ address/],
    ['a path upwards', { Body: Buffer.from('x'), S3OutputPathExtension: 'a/../b' }, /lead upwards/],
    ['too little time to live', { Body: Buffer.from('x'), RequestTTLSeconds: 59 }, /'requestTTLSeconds' .* 60/],
    ['too much time', { Body: Buffer.from('x'), InvocationTimeoutSeconds: 3601 }, /'invocationTimeoutSeconds' .* 3600/],
  ])('is refused with %s', async (_name, change, message) => {
    await expect(invoke(change)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(message),
    });
    expect(await queued()).toEqual([]);
  });

  it.each<[string, Script, Asked, RegExp]>([
    ['the model refuses it', (_r, response) => response.writeHead(400).end('no'), {}, /client error \(400\).*"no"/],
    ['the model breaks off', (_r, response) => void response.write('x', () => response.destroy()), {}, /error \(0\)/],
    ['the model is too slow', () => undefined, { InvocationTimeoutSeconds: 1 }, /timed out/],
    ['its input is not there', () => undefined, { InputLocation: 's3://bucket/none', Body: undefined }, /NoSuchKey/],
  ])('that fails leaves no output, but a failure and a notice: %s', async (_name, does, change, reason) => {
    script = does;

    const accepted = await invoke({ Body: Buffer.from('x'), ...change });
    await expect.poll(() => noticesOf('bad'), POLL).toHaveLength(1);

    const [notice] = await noticesOf('bad');
    expect(notice).toMatchObject({ invocationStatus: 'Failed', inferenceId: accepted.InferenceId });
    expect(notice!.failureReason).toMatch(reason);
    expect(await objectAt(accepted.FailureLocation)).toMatch(reason);
    expect(await objectAt(accepted.OutputLocation)).toBeUndefined();
    await expect.poll(queued, POLL).toEqual([]);
  });
});

describe('an input that breaks while it is read', () => {
  it('is named in the failure and in its notice', async () => {
    // Prepare: an S3 whose answer breaks off in the middle of the object
    const folder = await mkdtemp(path.join(root, 'spoiled-'));
    const server = await startS3Server(folder);
    await server.client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'in/a', Body: 'x'.repeat(1_000_000) }));
    const spoiled = await server.spoiled((call) => (call === 1 ? 'cut' : undefined));
    await service.close();
    await start(CONFIG, spoiled.client);
    script = (_request, response) => response.end('done');

    // Act
    await invoke({ InputLocation: 's3://bucket/in/a' });
    await expect.poll(() => noticesOf('bad'), POLL).toHaveLength(1);

    // Assess
    const [notice] = await noticesOf('bad');
    const reason = /^ClientError: the input s3:\/\/bucket\/in\/a broke off while it was read: /;
    expect(notice!.failureReason).toMatch(reason);
    expect(await server.read(`failed/${notice!.inferenceId}-error.out`)).toMatch(reason);
    expect(await noticesOf('good')).toEqual([]);
    await spoiled.close();
    await server.close();
  });
});

describe('the queue', () => {
  it('sends as many at once as the configuration says, and all in the end', async () => {
    // Prepare
    const held: (() => void)[] = [];
    script = (_request, response) => void held.push(() => response.end('done'));
    let most = 0;

    // Act
    for (let n = 0; n < 7; n++) await invoke({ Body: Buffer.from(`${n}`), InferenceId: `n${n}` });
    while (container.seen.length < 7 || held.length > 0) {
      await expect.poll(() => held.length, POLL).toBeGreaterThan(0);
      most = Math.max(most, held.length);
      held.shift()!();
    }
    await expect.poll(() => noticesOf('good'), POLL).toHaveLength(7);

    // Assess
    expect(most).toBe(2);
    expect(container.seen.map(({ body }) => body)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  });

  it('waits while no instance answers', async () => {
    script = (_request, response) => response.end('done');
    container.problem = 'being started again';

    const accepted = await invoke({ Body: Buffer.from('x') });
    expect(await queued()).toHaveLength(1);
    container.problem = undefined;

    await expect.poll(() => objectAt(accepted.OutputLocation), POLL).toBe('done');
  });

  it.each([
    ['though its instance answers again', undefined],
    ['while no instance answers', 'being started again'],
  ])('gives up a request that waited longer than its RequestTTLSeconds, %s', async (_name, problem) => {
    // Prepare
    script = (_request, response) => response.end('done');
    container.problem = 'being started again';
    const late = await invoke({ Body: Buffer.from('late'), RequestTTLSeconds: 60 });
    const patient = await invoke({ Body: Buffer.from('patient') });
    await service.close();
    await letPass(61_000);

    // Act
    container.problem = problem;
    await start();
    await expect.poll(() => noticesOf('bad'), POLL).toHaveLength(1);
    container.problem = undefined;
    await expect.poll(() => noticesOf('good'), POLL).toHaveLength(1);

    // Assess
    expect(await objectAt(late.FailureLocation)).toBe(
      'The request waited longer than its RequestTTLSeconds (60 s) and has expired.',
    );
    expect(await noticesOf('bad')).toMatchObject([{ invocationStatus: 'Failed', inferenceId: late.InferenceId }]);
    expect(await objectAt(late.OutputLocation)).toBeUndefined();
    expect(await objectAt(patient.OutputLocation)).toBe('done');
    expect(container.seen.map(({ body }) => body)).toEqual(['patient']);
    await expect.poll(queued, POLL).toEqual([]);
  });

  it('gives up those that waited too long behind others that may wait on, while a request holds the only place', async () => {
    // Prepare
    const config = structuredClone(CONFIG);
    config.AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance = 1;
    const held: (() => void)[] = [];
    script = (_request, response) => void held.push(() => response.end('done'));
    container.problem = 'being started again';
    for (const RequestTTLSeconds of [3600, 3600, 60, 3600, 61]) {
      await invoke({
        Body: Buffer.from(`${RequestTTLSeconds}`),
        RequestTTLSeconds,
        InferenceId: `r${(await queued()).length}`,
      });
    }
    await service.close();
    await letPass(62_000);

    // Act
    container.problem = undefined;
    await start(config);
    await expect.poll(() => noticesOf('bad'), POLL).toHaveLength(2);

    // Assess: nothing has been answered yet
    expect((await noticesOf('bad')).map(({ inferenceId }) => inferenceId).sort()).toEqual(['r2', 'r4']);
    await expect.poll(() => held.length, POLL).toBe(1);
    expect(await noticesOf('good')).toEqual([]);
    while (held.length > 0) {
      held.shift()!();
      await expect.poll(async () => held.length > 0 || (await noticesOf('good')).length === 3, POLL).toBe(true);
    }
    expect(container.seen.map(({ body }) => body)).toEqual(['3600', '3600', '3600']);
  });

  it('survives the end of the service, also what was under way', async () => {
    // Prepare
    script = () => undefined;
    const accepted = [];
    for (let n = 0; n < 4; n++) accepted.push(await invoke({ Body: Buffer.from(`${n}`) }));
    await expect.poll(() => container.seen.length, POLL).toBe(2);

    // Act
    await service.close();
    script = ({ body }, response) => response.end(`done ${body}`);
    await start();

    // Assess
    await expect.poll(() => noticesOf('good'), POLL).toHaveLength(4);
    const outputs = await Promise.all(accepted.map(({ OutputLocation }) => objectAt(OutputLocation)));
    expect(outputs).toEqual(['done 0', 'done 1', 'done 2', 'done 3']);
    expect(await noticesOf('bad')).toEqual([]);
  });

  it('takes no calls for an endpoint that is not asynchronous', async () => {
    await service.close();
    await start({});

    await expect(invoke({ Body: Buffer.from('x') })).rejects.toThrow(/has no AsyncInferenceConfig/);
  });
});
