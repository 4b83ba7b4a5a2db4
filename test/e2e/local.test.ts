/** The local service end to end through the real SDK clients: S3, an endpoint, a transform job, a real model. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DeleteEndpointCommand,
  DescribeTransformJobCommand,
  SageMakerClient,
  StopTransformJobCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
  waitUntilTransformJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { pair, trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';

const WAIT = { maxWaitTime: 100, minDelay: 1, maxDelay: 1 };

let work: string;
let archive: Buffer;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-local-e2e-'));
  archive = await readFile((await trainPairModel(work, ENGINES[0]!)).archive);
});

afterAll(() => rm(work, { recursive: true }));

describe.each(ENGINES)('the local service on the %s engine', (engine) => {
  let service: LocalService;
  let sageMaker: SageMakerClient;
  let runtime: SageMakerRuntimeClient;
  let s3: S3Client;

  beforeAll(async () => {
    service = await startLocal({ port: 0, dir: path.join(work, engine), engine });
    const config = { endpoint: service.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
    sageMaker = new SageMakerClient(config);
    runtime = new SageMakerRuntimeClient(config);
    s3 = new S3Client({ ...config, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
    await put('model.tar.gz', archive);
    const container = { ModelDataUrl: 's3://bucket/model.tar.gz' };
    await sageMaker.send(new CreateModelCommand({ ModelName: 'pairs', PrimaryContainer: container }));
  });

  afterAll(() => service.close());

  const put = (key: string, body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body: body }));

  async function read(key: string): Promise<string> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: key }));
    return Body!.transformToString();
  }

  async function keysBelow(prefix: string): Promise<(string | undefined)[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: prefix }));
    return Contents.map(({ Key }) => Key);
  }

  function jobOf(name: string, change: Partial<CreateTransformJobCommandInput> = {}): CreateTransformJobCommand {
    return new CreateTransformJobCommand({
      TransformJobName: name,
      ModelName: 'pairs',
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://bucket/${name}/in/` } },
        ContentType: 'application/jsonlines',
        SplitType: 'Line',
      },
      TransformOutput: {
        S3OutputPath: `s3://bucket/${name}/out`,
        Accept: 'application/jsonlines',
        AssembleWith: 'Line',
      },
      TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 },
      ...change,
    });
  }

  async function ended(name: string) {
    await waitUntilTransformJobCompletedOrStopped({ client: sageMaker, ...WAIT }, { TransformJobName: name }).catch(
      () => undefined,
    );
    return sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: name }));
  }

  it('creates an endpoint that answers, maps the model’s refusals to ModelError, and is deleted', async () => {
    // Prepare
    const variant = { VariantName: 'AllTraffic', ModelName: 'pairs', InitialInstanceCount: 1 };
    await sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'c', ProductionVariants: [variant] }));

    // Act
    await sageMaker.send(new CreateEndpointCommand({ EndpointName: 'pairs', EndpointConfigName: 'c' }));
    const waited = await waitUntilEndpointInService({ client: sageMaker, ...WAIT }, { EndpointName: 'pairs' });
    const invoke = (body: unknown) =>
      runtime.send(
        new InvokeEndpointCommand({
          EndpointName: 'pairs',
          ContentType: 'application/json',
          Accept: 'application/json',
          Body: JSON.stringify(body),
        }),
      );
    const answer = await invoke({ instances: [pair(1), pair(2)] });
    const refused = await invoke({ instances: [{ in0: [-1], in1: [1] }] }).catch((error: unknown) => error);
    const large = await invoke('x'.repeat(6_291_456)).catch((error: unknown) => error);

    // Assess
    expect(waited.state).toBe('SUCCESS');
    expect(JSON.parse(answer.Body.transformToString()).predictions).toHaveLength(2);
    expect(answer).toMatchObject({ ContentType: 'application/json', InvokedProductionVariant: 'AllTraffic' });
    expect(refused).toMatchObject({
      name: 'ModelError',
      $metadata: { httpStatusCode: 424 },
      OriginalStatusCode: 422,
      OriginalMessage: expect.stringContaining('InvalidTokenId'),
      LogStreamArn: expect.stringContaining('/aws/sagemaker/Endpoints/pairs'),
    });
    expect(large).toMatchObject({ name: 'ValidationError', message: expect.stringContaining('6291456') });
    await sageMaker.send(new DeleteEndpointCommand({ EndpointName: 'pairs' }));
    const gone = await waitUntilEndpointDeleted({ client: sageMaker, ...WAIT }, { EndpointName: 'pairs' });
    expect(gone.state).toBe('SUCCESS');
  });

  it('transforms a prefix: sub-folders and odd names kept, order kept, a bad line as a placeholder', async () => {
    // Prepare
    const lines = Array.from({ length: 300 }, (_, n) => JSON.stringify(pair(n)));
    await put('fine/in/a b+c%2F漢.jsonl', lines.join('\n'));
    await put('fine/in/sub/b.jsonl', [lines[0], 'not json', lines[2], ''].join('\n'));
    await put('fine/in/empty.jsonl', '');
    await put('fine/in/sub/', '');

    // Act
    await sageMaker.send(jobOf('fine', { MaxConcurrentTransforms: 4, MaxPayloadInMB: 1 }));
    const job = await ended('fine');

    // Assess
    expect(job).toMatchObject({ TransformJobStatus: 'Completed', MaxPayloadInMB: 1 });
    expect(job.TransformEndTime).toBeInstanceOf(Date);
    expect(await keysBelow('fine/out/')).toEqual([
      'fine/out/a b+c%2F漢.jsonl.out',
      'fine/out/empty.jsonl.out',
      'fine/out/sub/b.jsonl.out',
    ]);
    const answers = (await read('fine/out/a b+c%2F漢.jsonl.out')).trimEnd().split('\n');
    expect(answers).toHaveLength(300);
    const [first, second, third] = (await read('fine/out/sub/b.jsonl.out')).split('\n');
    expect(JSON.parse(first!).scores[0]).toBeCloseTo(JSON.parse(answers[0]!).scores[0], 5);
    expect(second).toMatch(/^\{"error":/);
    expect(JSON.parse(third!).scores[0]).toBeCloseTo(JSON.parse(answers[2]!).scores[0], 5);
    const dataLog = await readFile(
      path.join(work, engine, 'logs/aws/sagemaker/TransformJobs/fine/data-log.log'),
      'utf8',
    );
    expect(dataLog).toMatch(
      /:\[sagemaker logs\]: MaxConcurrentTransforms=4, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD\n/,
    );
  });

  it('fails with the cause when one object is refused, and keeps the others', async () => {
    await put('mixed/in/good.json', JSON.stringify({ instances: [pair(1)] }));
    await put('mixed/in/worse.json', '{"instances":');

    const wholeJson = {
      ...jobOf('mixed').input.TransformInput!,
      SplitType: 'None',
      ContentType: 'application/json',
    } as const;
    await sageMaker.send(jobOf('mixed', { TransformInput: wholeJson }));
    const job = await ended('mixed');

    expect(job.TransformJobStatus).toBe('Failed');
    expect(job.FailureReason).toMatch(
      /^ClientError: See job logs for more information\. bucket\/mixed\/in\/worse\.json: ClientError: 400: .*MalformedJson/,
    );
    expect(await keysBelow('mixed/out/')).toEqual(['mixed/out/good.json.out']);
  });

  it('fails a job whose prefix matches nothing', async () => {
    await sageMaker.send(jobOf('nothing'));

    expect(await ended('nothing')).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: 'ClientError: the input holds no objects',
    });
  });

  it('stops a job on request', async () => {
    await put('halted/in/a.jsonl', `${JSON.stringify(pair(1))}\n`.repeat(1000));

    await sageMaker.send(jobOf('halted'));
    await sageMaker.send(new StopTransformJobCommand({ TransformJobName: 'halted' }));

    expect(await ended('halted')).toMatchObject({ TransformJobStatus: 'Stopped' });
    expect(await keysBelow('halted/out/')).toEqual([]);
  });
});
