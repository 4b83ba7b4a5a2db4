/** Transform jobs of the local service through the real SDK: every field of the request, and a service that is killed. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  SageMakerClient,
  StopTransformJobCommand,
  waitUntilTransformJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';
import * as tar from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS } from '../../local/start.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { pair, trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { runTwinvec, spawnTwinvec } from '../run-twinvec.ts';

const JSON_LINES = 'application/jsonlines';
const RECORDS = 400;

let work: string;
let archiveFile: string;
let archive: Buffer;
let service: RunningService;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-local-transform-'));
  archiveFile = (await trainPairModel(work, ENGINES[0]!)).archive;
  archive = await readFile(archiveFile);
  service = await startService();
  await service.s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  await put('model.tar.gz', archive);
  const container = { ModelDataUrl: 's3://bucket/model.tar.gz' };
  await service.sageMaker.send(new CreateModelCommand({ ModelName: 'pairs', PrimaryContainer: container }));
});

afterAll(async () => {
  await service.end('SIGTERM');
  await rm(work, { recursive: true });
});

interface RunningService {
  readonly url: string;
  readonly s3: S3Client;
  readonly sageMaker: SageMakerClient;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** The command as a person runs it, always on the same folder. */
async function startService(): Promise<RunningService> {
  const child = spawnTwinvec(['local', '--port', '0', '--dir', path.join(work, 'local')]);
  const url = await urlOf(child);
  const config = { endpoint: url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const sageMaker = new SageMakerClient(config);
  return {
    url,
    s3,
    sageMaker,
    async end(signal) {
      s3.destroy();
      sageMaker.destroy();
      child.kill(signal);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  child.stderr!.pipe(process.stderr);
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = / on (http:\S+)/.exec(line)?.[1];
    if (!url) continue;
    child.stdout!.resume();
    return url;
  }
  throw new Error('the service did not start');
}

/** The model's archive with one file more. */
async function archiveWith(name: string, content: string): Promise<Buffer> {
  const copy = await mkdtemp(path.join(work, 'model-'));
  await tar.extract({ file: archiveFile, cwd: copy });
  await mkdir(path.dirname(path.join(copy, name)), { recursive: true });
  await writeFile(path.join(copy, name), content);
  const file = `${copy}.tar.gz`;
  await tar.create({ gzip: true, cwd: copy, file }, await readdir(copy));
  return readFile(file);
}

const put = (Key: string, Body: Uint8Array | string) =>
  service.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body }));

async function read(key: string): Promise<string> {
  const { Body } = await service.s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: key }));
  return Body!.transformToString();
}

async function keysBelow(prefix: string): Promise<string[]> {
  const { Contents = [] } = await service.s3.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: prefix }));
  return Contents.map(({ Key }) => Key!);
}

function jobOf(name: string, change: Partial<CreateTransformJobCommandInput> = {}): CreateTransformJobCommandInput {
  return {
    TransformJobName: name,
    ModelName: 'pairs',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://bucket/${name}/in/` } },
      ContentType: JSON_LINES,
      SplitType: 'Line',
    },
    TransformOutput: { S3OutputPath: `s3://bucket/${name}/out`, Accept: JSON_LINES, AssembleWith: 'Line' },
    TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 },
    ...change,
  };
}

const create = (job: CreateTransformJobCommandInput) => service.sageMaker.send(new CreateTransformJobCommand(job));

async function ended(name: string) {
  const client = service.sageMaker;
  const wait = { client, maxWaitTime: 200, minDelay: 1, maxDelay: 1 };
  await waitUntilTransformJobCompletedOrStopped(wait, { TransformJobName: name }).catch(() => undefined);
  return client.send(new DescribeTransformJobCommand({ TransformJobName: name }));
}

const pairLines = (count: number) =>
  Array.from({ length: count }, (_, n) => `${JSON.stringify({ id: n, ...pair(n) })}\n`).join('');

describe('a transform job', () => {
  it('does all at once: manifest, gzip, filters, join, inference ids, capture, two instances', async () => {
    // Prepare
    for (const name of ['a b.gz', 'sub/c+%2F漢.gz']) await put(`all/in/${name}`, gzipSync(pairLines(20)));
    await put('all/in/left-out.gz', 'x');
    await put('all/manifest', JSON.stringify([{ prefix: 's3://bucket/all/in/' }, 'a b.gz', 'sub/c+%2F漢.gz']));
    const job = jobOf('all', {
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'ManifestFile', S3Uri: 's3://bucket/all/manifest' } },
        ContentType: JSON_LINES,
        SplitType: 'Line',
        CompressionType: 'Gzip',
      },
      DataProcessing: {
        InputFilter: "$['in0','in1']",
        JoinSource: 'Input',
        OutputFilter: "$['id','SageMakerOutput']",
      },
      DataCaptureConfig: { DestinationS3Uri: 's3://bucket/all/capture', GenerateInferenceId: true },
      TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 2 },
      MaxConcurrentTransforms: 2,
    });

    // Act
    await create(job);
    const described = await ended('all');

    // Assess
    expect(described).toMatchObject({ TransformJobStatus: 'Completed', DataProcessing: job.DataProcessing });
    const names = ['a b.gz.out', 'sub/c+%2F漢.gz.out'];
    expect(await keysBelow('all/out/')).toEqual(names.map((name) => `all/out/${name}`));
    const lines = (await read('all/out/a b.gz.out'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(lines[3]).toEqual({
      id: 3,
      SageMakerOutput: { scores: expect.any(Array) },
      SageMakerInferenceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      SageMakerInferenceTime: `${described.TransformStartTime!.toISOString().slice(0, 19)}Z`,
    });
    const [input, output] = await keysBelow('all/capture/');
    expect(input).toMatch(/^all\/capture\/input\/\d{4}\/\d\d\/\d\d\/\d\d\/[0-9a-f-]{36}\.json$/);
    const captured = JSON.parse(await read(output!)) as unknown[];
    expect(captured[0]).toEqual({ prefix: 's3://bucket/all/out/' });
    expect(captured.slice(1).sort()).toEqual(names);
    const logs = path.join(work, 'local/logs/aws/sagemaker/TransformJobs/all');
    expect(await readFile(path.join(logs, 'instance-2.log'), 'utf8')).toContain('"listening"');
  });

  it.each<[Partial<CreateTransformJobCommandInput>, RegExp]>([
    [{ DataProcessing: { InputFilter: '$[' } }, /InputFilter: the JSONPath "\$\[", column 3: expected an index/],
    [{ DataProcessing: { JoinSource: 'Input' }, MaxPayloadInMB: 0 }, /MaxPayloadInMB 0 streams objects/],
    [{ MaxConcurrentTransforms: 50, MaxPayloadInMB: 3 }, /50 x 3/],
  ])('is refused when it is created: %j', async (change, problem) => {
    await expect(create(jobOf('refused', change))).rejects.toThrow(problem);
  });

  it('goes through a serial pipeline, and describes what has no effect here', async () => {
    // Prepare: a container that turns any text into a pair, before the one that scores pairs
    const made = JSON.stringify({ instances: [pair(1)] });
    const handler = `export const handler = () => [${JSON.stringify(made)}, 'application/json'];`;
    await put('first.tar.gz', await archiveWith('code/inference.js', handler));
    const ModelDataUrls = ['s3://bucket/first.tar.gz', 's3://bucket/model.tar.gz'];
    const Containers = ModelDataUrls.map((ModelDataUrl) => ({ ModelDataUrl }));
    await service.sageMaker.send(new CreateModelCommand({ ModelName: 'chain', Containers }));
    await put('chain/in/a.txt', 'any text');
    const S3DataSource = { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/chain/in/' } as const;
    const withoutEffect = {
      TransformResources: {
        InstanceType: 'ml.g5.xlarge',
        InstanceCount: 1,
        VolumeKmsKeyId: 'alias/volume',
        TransformAmiVersion: 'al2-ami-sagemaker-batch-gpu-470',
      },
      TransformOutput: { S3OutputPath: 's3://bucket/chain/out', Accept: 'application/json', KmsKeyId: 'alias/out' },
      ExperimentConfig: { ExperimentName: 'nightly', TrialName: 'one' },
    } as const;

    // Act
    await create({
      ...jobOf('chain'),
      ModelName: 'chain',
      TransformInput: { DataSource: { S3DataSource }, ContentType: 'text/plain' },
      ...withoutEffect,
    });

    // Assess
    expect(await ended('chain')).toMatchObject({ TransformJobStatus: 'Completed', ...withoutEffect });
    expect(JSON.parse(await read('chain/out/a.txt.out'))).toEqual({
      predictions: [{ scores: [expect.any(Number), expect.any(Number)] }],
    });
    const logs = path.join(work, 'local', 'logs', 'aws', 'sagemaker', 'TransformJobs', 'chain', 'instance-1');
    for (const name of ['container-1', 'container-2']) {
      expect(await readFile(path.join(logs, `${name}.log`), 'utf8')).toContain('"listening"');
    }
  });

  it('fails when its model is one of which callers choose a part', async () => {
    await put('multi/a.tar.gz', archive);
    const multiModel = { Mode: 'MultiModel', ModelDataUrl: 's3://bucket/multi/' } as const;
    await service.sageMaker.send(new CreateModelCommand({ ModelName: 'multi', PrimaryContainer: multiModel }));
    await put('multi-job/in/a.jsonl', pairLines(1));

    await create({ ...jobOf('multi-job'), ModelName: 'multi' });

    expect(await ended('multi-job')).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: expect.stringMatching(/^ClientError: Model multi has a container in MultiModel mode/),
    });
  });

  it('fails with the place when its manifest is none', async () => {
    await put('bad/manifest', '[{"prefix":"s3://bucket/"},\n7]');
    const source = { S3DataSource: { S3DataType: 'ManifestFile', S3Uri: 's3://bucket/bad/manifest' } } as const;

    await create(jobOf('bad', { TransformInput: { DataSource: source } }));

    expect(await ended('bad')).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: 'ClientError: s3://bucket/bad/manifest: element 1: expected a string, found "7"',
    });
  });
});

describe('twinvec transform between S3 addresses', () => {
  it('reads a prefix and writes outputs and captures, with a model server of its own', async () => {
    // Prepare
    await put('cli/in/a.jsonl', pairLines(3));
    await put('cli/in/sub/b.jsonl', pairLines(2));
    const model = path.join(work, 'model.tar.gz');
    await writeFile(model, archive);
    const env = {
      AWS_ENDPOINT_URL: service.url,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    };
    const places = [
      '--input',
      's3://bucket/cli/in/',
      '--output',
      's3://bucket/cli/out',
      '--capture',
      's3://bucket/cli/capture',
    ];

    // Act
    const ended = await runTwinvec(
      ['transform', '--model', model, ...places, '--json', '--input-filter', "$['in0','in1']"],
      { env },
    );

    // Assess
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(ended.out)).toMatchObject({ objects: 2, recordsOut: 5, failures: [] });
    expect(await keysBelow('cli/out/')).toEqual(['cli/out/a.jsonl.out', 'cli/out/sub/b.jsonl.out']);
    expect((await read('cli/out/a.jsonl.out')).trimEnd().split('\n')).toHaveLength(3);
    expect(await keysBelow('cli/capture/')).toHaveLength(2);
  });
});

describe('a service that is killed in the middle of a job', () => {
  const slow = { BatchStrategy: 'SingleRecord', MaxConcurrentTransforms: 1 } as const;
  const lastModified = async (key: string) =>
    (await service.s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: key }))).LastModified?.getTime();

  async function firstOutput(name: string): Promise<string> {
    for (;;) {
      const [first] = await keysBelow(`${name}/out/`);
      if (first) return first;
    }
  }

  it.each<NodeJS.Signals>(['SIGKILL', 'SIGTERM'])(
    'by %s goes on with what is left when it starts again',
    async (signal) => {
      // Prepare
      const name = `killed-${signal}`;
      for (const part of ['a', 'b', 'c', 'd']) await put(`${name}/in/${part}.jsonl`, pairLines(RECORDS));
      await create(jobOf(name, slow));
      const first = await firstOutput(name);
      const written = await lastModified(first);

      // Act
      await service.end(signal);
      service = await startService();
      const before = await service.sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: name }));
      const described = await ended(name);

      // Assess
      expect(before.TransformJobStatus).toBe('InProgress');
      expect(described).toMatchObject({ TransformJobStatus: 'Completed' });
      expect(described.TransformStartTime).toEqual(before.TransformStartTime);
      const outputs = ['a', 'b', 'c', 'd'].map((part) => `${name}/out/${part}.jsonl.out`);
      expect(await keysBelow(`${name}/out/`)).toEqual(outputs);
      for (const key of outputs) expect((await read(key)).trimEnd().split('\n')).toHaveLength(RECORDS);
      expect(await lastModified(first)).toBe(written);
    },
  );

  it('ends a job that was being stopped', async () => {
    await put('stopping/in/a.jsonl', pairLines(RECORDS));
    await create(jobOf('stopping', slow));
    await service.sageMaker.send(new StopTransformJobCommand({ TransformJobName: 'stopping' }));

    await service.end('SIGKILL');
    service = await startService();

    expect(await ended('stopping')).toMatchObject({ TransformJobStatus: 'Stopped' });
    expect(await keysBelow('stopping/out/')).toEqual([]);
  });
});
