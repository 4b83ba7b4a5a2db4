/**
 * The runtime of the local service through the real SDK clients with real container processes: pipelines, many models,
 * asynchronous and streamed calls, captured data, and containers that are killed, hang or are deleted in the middle of a
 * call.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  type ContainerDefinition,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  type CreateModelCommandInput,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  SageMakerClient,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import * as tar from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';
import { logsCall } from '../fixtures/local-service/logs-call.ts';
import { serverPids } from '../fixtures/local-service/server-pids.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { pair, trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';

const WAIT = { maxWaitTime: 100, minDelay: 1, maxDelay: 1 };
const LIMIT_MS = 6_000;
const POLL = { timeout: 60_000, interval: 100 };
const ONE_PAIR = JSON.stringify({ instances: [pair(1)] });
/** The first container of a pipeline: makes the second one's request out of any text. */
const MAKE_PAIR = `export const handler = () => [${JSON.stringify(ONE_PAIR)}, 'application/json'];`;

let work: string;
let folder: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-local-runtime-'));
  folder = (await trainPairModel(work, ENGINES[0]!)).folder;
});
afterAll(() => rm(work, { recursive: true }));

/** A model.tar.gz of the pair model with further files. */
async function archiveWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const copy = await mkdtemp(path.join(work, 'model-'));
  await cp(folder, copy, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(copy, name)), { recursive: true });
    await writeFile(path.join(copy, name), content);
  }
  const file = `${copy}.tar.gz`;
  await tar.create({ gzip: true, cwd: copy, file }, await readdir(copy));
  return readFile(file);
}

describe.each(ENGINES)('the runtime on the %s engine', (engine) => {
  let dir: string;
  let service: LocalService;
  let sageMaker: SageMakerClient;
  let runtime: SageMakerRuntimeClient;
  let s3: S3Client;

  beforeAll(async () => {
    dir = path.join(work, engine);
    service = await startLocal({ port: 0, dir, engine, invocationTimeoutMs: LIMIT_MS });
    const config = { endpoint: service.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
    sageMaker = new SageMakerClient(config);
    runtime = new SageMakerRuntimeClient(config);
    s3 = new S3Client({ ...config, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
    await put('model.tar.gz', await archiveWith({}));
  });
  afterAll(() => service.close());

  const put = (key: string, body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body: body }));

  async function read(key: string): Promise<string | undefined> {
    const object = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: key })).catch(() => undefined);
    return object?.Body?.transformToString();
  }

  async function keysBelow(prefix: string): Promise<string[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: prefix }));
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  /** A model, its configuration and its endpoint, all of one name, in service. */
  async function deploy(
    name: string,
    model: ContainerDefinition | Partial<CreateModelCommandInput> = {},
    config: Partial<CreateEndpointConfigCommandInput> = {},
  ): Promise<void> {
    const single = { PrimaryContainer: { ModelDataUrl: 's3://bucket/model.tar.gz', ...model } };
    const parts = 'Containers' in model ? model : single;
    await sageMaker.send(new CreateModelCommand({ ModelName: name, ...parts }));
    const variant = { VariantName: 'AllTraffic', ModelName: name, InitialInstanceCount: 1 };
    await sageMaker.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants: [variant], ...config }),
    );
    await sageMaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
    await waitUntilEndpointInService({ client: sageMaker, ...WAIT }, { EndpointName: name });
  }

  const invoke = (name: string, change: Partial<InvokeEndpointCommandInput> = {}) =>
    runtime.send(
      new InvokeEndpointCommand({ EndpointName: name, ContentType: 'application/json', Body: ONE_PAIR, ...change }),
    );

  async function scoresOf(name: string, change: Partial<InvokeEndpointCommandInput> = {}): Promise<number[]> {
    const { Body } = await invoke(name, change);
    return JSON.parse(Body.transformToString()).predictions[0].scores;
  }

  async function logOf(name: string): Promise<string[]> {
    const { events } = await logsCall(service.url, 'FilterLogEvents', {
      logGroupName: `/aws/sagemaker/Endpoints/${name}`,
    });
    return (events as { readonly message: string }[]).map(({ message }) => message);
  }

  describe('a container in the middle of a call', () => {
    beforeAll(() => deploy('pairs'));

    const theServer = () => serverPids(dir, 'pairs').at(-1)!;

    it('that is killed fails the call at once with the cause, and is started again', async () => {
      // Prepare
      const before = await scoresOf('pairs');
      const pid = theServer();
      process.kill(pid, 'SIGSTOP');
      const call = invoke('pairs').catch((error: unknown) => error);
      await expect.poll(() => connectionsOf(pid), POLL).toBeGreaterThan(0);

      // Act
      process.kill(pid, 'SIGKILL');

      // Assess
      expect(await call).toMatchObject({
        name: 'ModelError',
        OriginalStatusCode: 0,
        OriginalMessage: expect.stringContaining('the server process ended (SIGKILL)'),
      });
      const down = await invoke('pairs').catch((error: unknown) => error);
      expect(down).toMatchObject({ name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } });
      await expect.poll(() => scoresOf('pairs').catch(() => undefined), POLL).toEqual(before);
      expect(theServer()).not.toBe(pid);
      expect(await logOf('pairs')).toContainEqual(
        expect.stringMatching(/^\[sagemaker logs\]: the server process ended \(SIGKILL\).*; starting it again in/),
      );
      const { EndpointStatus } = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: 'pairs' }));
      expect(EndpointStatus).toBe('InService');
    });

    it('N4 that hangs longer than the limit is a ModelError that says so, and serves again when it goes on', async () => {
      const pid = theServer();
      process.kill(pid, 'SIGSTOP');

      const late = await invoke('pairs').catch((error: unknown) => error);
      process.kill(pid, 'SIGCONT');

      expect(late).toMatchObject({
        name: 'ModelError',
        OriginalStatusCode: 0,
        OriginalMessage: expect.stringMatching(/^Your invocation timed out while waiting for a response/),
      });
      await expect.poll(() => scoresOf('pairs').catch(() => []), POLL).toHaveLength(2);
    });

    it('of an endpoint that is deleted answers or refuses the call, and the endpoint is gone', async () => {
      // Prepare
      const pid = theServer();
      process.kill(pid, 'SIGSTOP');
      const call = invoke('pairs').catch((error: unknown) => error);
      await expect.poll(() => connectionsOf(pid), POLL).toBeGreaterThan(0);

      // Act
      await sageMaker.send(new DeleteEndpointCommand({ EndpointName: 'pairs' }));
      process.kill(pid, 'SIGCONT');
      const ended = (await call) as { name?: string; $metadata: { httpStatusCode?: number } };

      // Assess
      expect(ended.name === 'ModelError' || ended.$metadata.httpStatusCode === 200).toBe(true);
      const gone = await waitUntilEndpointDeleted({ client: sageMaker, ...WAIT }, { EndpointName: 'pairs' });
      expect(gone.state).toBe('SUCCESS');
      await expect(invoke('pairs')).rejects.toThrow(/^Endpoint pairs of account 000000000000 not found\.$/);
      expect(serverPids(dir, 'pairs')).toEqual([]);
    });
  });

  it('keeps an endpoint with two instances answering while one of them is started again', async () => {
    // Prepare
    await deploy(
      'both',
      {},
      {
        ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'both', InitialInstanceCount: 2 }],
      },
    );
    const [first] = serverPids(dir, 'both');

    // Act
    process.kill(first!, 'SIGKILL');
    await expect.poll(() => serverPids(dir, 'both').includes(first!), POLL).toBe(false);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        scoresOf('both').then(
          () => 'good',
          (error: Error) => error.name,
        ),
      ),
    );

    // Assess: at most what went out before the end of the process was seen
    expect(outcomes.filter((outcome) => outcome === 'good').length).toBeGreaterThan(0);
    expect(outcomes.filter((outcome) => outcome !== 'good' && outcome !== 'ModelError')).toEqual([]);
    await expect.poll(() => serverPids(dir, 'both').length, POLL).toBe(2);
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName: 'both' }));
  });

  it('runs a serial pipeline: the first container’s answer is the second one’s request', async () => {
    await put('first.tar.gz', await archiveWith({ 'code/inference.js': MAKE_PAIR }));
    await deploy('serial', {
      Containers: [{ ModelDataUrl: 's3://bucket/first.tar.gz' }, { ModelDataUrl: 's3://bucket/model.tar.gz' }],
    });

    expect(await scoresOf('serial', { Body: 'any text', ContentType: 'text/plain' })).toHaveLength(2);
    const streams = await logsCall(service.url, 'DescribeLogStreams', {
      logGroupName: '/aws/sagemaker/Endpoints/serial',
    });
    expect((streams.logStreams as { logStreamName: string }[]).map((stream) => stream.logStreamName)).toEqual([
      expect.stringMatching(/^AllTraffic\/i-[0-9a-f]{17}\/container-1$/),
      expect.stringMatching(/^AllTraffic\/i-[0-9a-f]{17}\/container-2$/),
    ]);
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName: 'serial' }));
  });

  it('lets callers choose a container of a Direct model, and takes a model from files below a prefix', async () => {
    // Prepare
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      await put(`files/${path.relative(folder, file)}`, await readFile(file));
    }
    const S3DataSource = {
      S3Uri: 's3://bucket/files/',
      S3DataType: 'S3Prefix',
      CompressionType: 'None',
    } as const;

    // Act
    await deploy('direct', {
      Containers: [
        { ContainerHostname: 'from-files', ModelDataSource: { S3DataSource } },
        { ContainerHostname: 'from-archive', ModelDataUrl: 's3://bucket/model.tar.gz' },
      ],
      InferenceExecutionConfig: { Mode: 'Direct' },
    });
    const fromFiles = await scoresOf('direct', { TargetContainerHostname: 'from-files' });
    const fromArchive = await scoresOf('direct', { TargetContainerHostname: 'from-archive' });

    // Assess
    expect(fromFiles).toEqual(fromArchive);
    await expect(invoke('direct')).rejects.toThrow(/TargetContainerHostname is required/);
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName: 'direct' }));
  });

  it('serves many models on one endpoint: loaded when asked for, the oldest unloaded when the memory is used up', async () => {
    // Prepare
    const padding = { 'padding.bin': Buffer.alloc(700_000, engine) };
    for (const name of ['a', 'b', 'sub/c']) await put(`many/${name}.tar.gz`, await archiveWith(padding));
    await put('many/broken.tar.gz', 'not an archive');
    await deploy('many', {
      Mode: 'MultiModel',
      ModelDataUrl: 's3://bucket/many/',
      Environment: { TWINVEC_MODELS_MEMORY_MB: '1' },
    });
    const ask = (TargetModel: string) => scoresOf('many', { TargetModel });

    // Act
    const first = await ask('a.tar.gz');
    const answers = [await ask('b.tar.gz'), await ask('/sub/c.tar.gz'), await ask('a.tar.gz')];
    await put('many/late.tar.gz', await archiveWith(padding));
    answers.push(await ask('late.tar.gz'));
    process.kill(serverPids(dir, 'many')[0]!, 'SIGKILL');
    await expect.poll(() => ask('b.tar.gz').catch(() => undefined), POLL).toEqual(first);

    // Assess
    expect(answers).toEqual([first, first, first, first]);
    await expect(invoke('many')).rejects.toThrow(/TargetModel is required/);
    await expect(ask('none.tar.gz')).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/^Failed to download model data .* none\.tar\.gz.*NoSuchKey/),
    });
    await expect(ask('broken.tar.gz')).rejects.toThrow(/the model archive .* was refused|cannot be read/);
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName: 'many' }));
  });

  it('answers asynchronous calls into S3, streamed ones in frames, and captures what it was asked', async () => {
    // Prepare
    await deploy('later', {}, { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://bucket/later' } } });
    await deploy(
      'captured',
      {},
      {
        DataCaptureConfig: {
          EnableCapture: true,
          InitialSamplingPercentage: 100,
          DestinationS3Uri: 's3://bucket/captured',
          CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
          CaptureContentTypeHeader: { JsonContentTypes: ['application/json'] },
        },
      },
    );
    await put('later/in.json', ONE_PAIR);

    // Act
    const accepted = await runtime.send(
      new InvokeEndpointAsyncCommand({
        EndpointName: 'later',
        ContentType: 'application/json',
        InputLocation: 's3://bucket/later/in.json',
      }),
    );
    const direct = await invoke('captured', { InferenceId: 'mine' });
    const streamed = await runtime.send(
      new InvokeEndpointWithResponseStreamCommand({
        EndpointName: 'captured',
        ContentType: 'application/json',
        Body: ONE_PAIR,
      }),
    );
    const parts: Uint8Array[] = [];
    for await (const { PayloadPart } of streamed.Body!) parts.push(PayloadPart!.Bytes!);

    // Assess
    const answer = direct.Body.transformToString();
    expect(Buffer.concat(parts).toString()).toBe(answer);
    await expect.poll(() => read(accepted.OutputLocation!.replace('s3://bucket/', '')), POLL).toBe(answer);
    await expect.poll(() => keysBelow('captured/'), POLL).toHaveLength(1);
    const [key] = await keysBelow('captured/');
    expect(key).toMatch(
      /^captured\/captured\/AllTraffic\/\d{4}\/\d\d\/\d\d\/\d\d\/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl$/,
    );
    expect(JSON.parse((await read(key!))!)).toEqual({
      captureData: {
        endpointInput: { observedContentType: 'application/json', mode: 'INPUT', data: ONE_PAIR, encoding: 'JSON' },
        endpointOutput: { observedContentType: 'application/json', mode: 'OUTPUT', data: answer, encoding: 'JSON' },
      },
      eventMetadata: { eventId: expect.any(String), inferenceId: 'mine', inferenceTime: expect.any(String) },
      eventVersion: '0',
    });
  });
});

/** Sockets of a process that have bytes which it has not read. */
async function connectionsOf(pid: number): Promise<number> {
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
  const inodes = new Set<string>();
  for (const name of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode) inodes.add(inode);
  }
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => Number.parseInt(fields[4]?.split(':')[1] ?? '0', 16) > 0 && inodes.has(fields[9] ?? '')).length;
}
