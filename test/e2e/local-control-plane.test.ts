/** The local service's control plane through the real SDK clients: names, refusals and failures. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DeleteEndpointCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeTransformJobCommand,
  ListDomainsCommand,
  ListEndpointsCommand,
  ListTransformJobsCommand,
  SageMakerClient,
  waitUntilEndpointDeleted,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import * as tar from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';

let dir: string;
let service: LocalService;
let sageMaker: SageMakerClient;
let runtime: SageMakerRuntimeClient;
let s3: S3Client;

const JOB: CreateTransformJobCommandInput = {
  TransformJobName: 'job-1',
  ModelName: 'broken',
  TransformInput: {
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://models/broken' } },
    SplitType: 'Line',
  },
  TransformOutput: { S3OutputPath: 's3://models/out', AssembleWith: 'Line' },
  TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 },
};

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'twinvec-local-'));
  service = await startLocal({ port: 0, dir: path.join(dir, 'local'), engine: 'js' });
  const config = { endpoint: service.url, region: 'eu-west-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
  sageMaker = new SageMakerClient(config);
  runtime = new SageMakerRuntimeClient(config);
  s3 = new S3Client({ ...config, forcePathStyle: true });
  await putBrokenModel();
  await sageMaker.send(modelOf('broken'));
});

afterAll(async () => {
  await service.close();
  await rm(dir, { recursive: true });
});

/** An archive that unpacks well and holds no model. */
async function putBrokenModel(): Promise<void> {
  await writeFile(path.join(dir, 'readme.txt'), 'no model');
  const file = path.join(dir, 'broken.tar.gz');
  await tar.create({ file, gzip: true, cwd: dir }, ['readme.txt']);
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'broken.tar.gz', Body: await readFile(file) }));
}

function modelOf(name: string, url = 's3://models/broken.tar.gz'): CreateModelCommand {
  return new CreateModelCommand({ ModelName: name, PrimaryContainer: { ModelDataUrl: url, Environment: { A: 'b' } } });
}

function configOf(name: string, model: string): CreateEndpointConfigCommand {
  const variant = {
    VariantName: 'AllTraffic',
    ModelName: model,
    InstanceType: 'ml.g5.xlarge' as const,
    InitialInstanceCount: 1,
  };
  return new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants: [variant] });
}

async function settledStatus(name: string): Promise<{ status: string | undefined; reason: string | undefined }> {
  for (;;) {
    const { EndpointStatus, FailureReason } = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }));
    if (EndpointStatus !== 'Creating') return { status: EndpointStatus, reason: FailureReason };
  }
}

async function endedJob(name: string) {
  for (;;) {
    const job = await sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: name }));
    if (job.TransformJobStatus !== 'InProgress') return job;
  }
}

it('says so when its port or its folder is taken', async () => {
  await expect(startLocal({ port: service.port, dir })).rejects.toThrow(
    `Port ${service.port} cannot be used (EADDRINUSE). Choose another one.`,
  );
  await expect(startLocal({ port: 0, dir: path.join(dir, 'local') })).rejects.toThrow(
    `is in use by process ${process.pid}. Stop it or choose another folder`,
  );
});

describe('models and endpoint configurations', () => {
  it('are described as they were made, with ARNs of the caller’s region', async () => {
    const model = await sageMaker.send(new DescribeModelCommand({ ModelName: 'broken' }));

    expect(model).toMatchObject({
      ModelName: 'broken',
      ModelArn: 'arn:aws:sagemaker:eu-west-1:000000000000:model/broken',
      PrimaryContainer: { ModelDataUrl: 's3://models/broken.tar.gz', Environment: { A: 'b' }, Mode: 'SingleModel' },
    });
    expect(model.CreationTime).toBeInstanceOf(Date);
  });

  it('refuse a name that is taken, a name that nobody has, and a field out of range, as the service does', async () => {
    await expect(sageMaker.send(modelOf('broken'))).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Cannot create already existing model "arn:aws:sagemaker:eu-west-1:000000000000:model/broken".',
    });
    await expect(sageMaker.send(new DescribeModelCommand({ ModelName: 'none' }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Could not find model "arn:aws:sagemaker:eu-west-1:000000000000:model/none".',
    });
    await expect(sageMaker.send(new DeleteModelCommand({ ModelName: 'none' }))).rejects.toThrow(
      /^Could not find model/,
    );
    await expect(sageMaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'none' }))).rejects.toThrow(
      /^Could not find endpoint configuration/,
    );
    await expect(sageMaker.send(configOf('c', 'none'))).rejects.toThrow(/^Could not find model/);
    await expect(sageMaker.send(modelOf('a_b'))).rejects.toThrow(
      /^1 validation error detected: Value 'a_b' at 'modelName'/,
    );
    await expect(sageMaker.send(modelOf('early', 's3://models/none.tar.gz'))).rejects.toThrow(
      /^Could not find model data at s3:\/\/models\/none\.tar\.gz\.$/,
    );
  });

  it('name the operations that exist when one does not', async () => {
    await expect(sageMaker.send(new ListDomainsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('CreateEndpoint, CreateEndpointConfig, CreateModel, CreateTrainingJob'),
    });
  });
});

describe('an endpoint whose model cannot be served', () => {
  it.each([
    ['holds no model', false, /did not pass the ping health check. Cause: the server process ended/],
    ['is gone by then', true, /Could not access model data at s3:\/\/models\/short-lived.tar.gz: NoSuchKey/],
  ])('is Failed with the reason when the archive %s, and can be deleted', async (_name, isGone, reason) => {
    // Prepare
    const name = isGone ? 'gone' : 'empty';
    if (isGone) {
      const archive = { Bucket: 'models', Key: 'short-lived.tar.gz' };
      await s3.send(new CopyObjectCommand({ ...archive, CopySource: 'models/broken.tar.gz' }));
      await sageMaker.send(modelOf(name, 's3://models/short-lived.tar.gz'));
      await s3.send(new DeleteObjectCommand(archive));
    } else await sageMaker.send(modelOf(name));
    await sageMaker.send(configOf(name, name));

    // Act
    await sageMaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
    const ended = await settledStatus(name);

    // Assess
    expect(ended).toEqual({ status: 'Failed', reason: expect.stringMatching(reason) });
    await expect(runtime.send(new InvokeEndpointCommand({ EndpointName: name, Body: '{}' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: `Endpoint ${name} of account 000000000000 not found.`,
    });
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName: name }));
    const gone = await waitUntilEndpointDeleted(
      { client: sageMaker, maxWaitTime: 60, minDelay: 1 },
      { EndpointName: name },
    );
    expect(gone.state).toBe('SUCCESS');
    expect((await sageMaker.send(new ListEndpointsCommand({}))).Endpoints).toEqual([]);
  });
});

describe('a transform job that cannot run', () => {
  it('is Failed with the reason, and its name stays taken', async () => {
    await sageMaker.send(new CreateTransformJobCommand(JOB));
    const job = await endedJob('job-1');

    expect(job).toMatchObject({ TransformJobStatus: 'Failed', TransformInput: JOB.TransformInput });
    expect(job.FailureReason).toMatch(/the server process ended/);
    await expect(sageMaker.send(new CreateTransformJobCommand(JOB))).rejects.toMatchObject({
      name: 'ResourceInUse',
      message: expect.stringMatching(/^Job name must be unique within an AWS account and region/),
    });
    const listed = await sageMaker.send(new ListTransformJobsCommand({ StatusEquals: 'Failed' }));
    expect(listed.TransformJobSummaries?.map((summary) => summary.TransformJobName)).toEqual(['job-1']);
  });

  it('is refused at once for what is out of range or not done here', async () => {
    const create = (change: Partial<CreateTransformJobCommandInput>) =>
      sageMaker.send(new CreateTransformJobCommand({ ...JOB, TransformJobName: 'job-2', ...change }));

    await expect(create({ ModelName: 'none' })).rejects.toThrow(/^Could not find model/);
    await expect(create({ MaxConcurrentTransforms: 30, MaxPayloadInMB: 6 })).rejects.toThrow(/at most 100 MB/);
    await expect(create({ DataProcessing: { JoinSource: 'Input' } })).rejects.toThrow(
      /^DataProcessing: ContentType must be text\/csv, application\/json or application\/jsonlines/,
    );
  });
});
