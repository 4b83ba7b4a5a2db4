/**
 * Training jobs of the local service through the real SDK clients: the real trainer over channels in S3, its metrics,
 * log and artifact, stops, failures and restarts, and then an endpoint from what it made.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobCommandInput,
  DescribeTrainingJobCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
  StopTrainingJobCommand,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_CREDENTIALS, type LocalService, startLocal } from '../../local/start.ts';
import { logsCall } from '../fixtures/local-service/logs-call.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { topicPairs } from '../fixtures/training-job/training-job.ts';

const HYPERPARAMETERS = {
  enc0_network: 'pooled_embedding',
  enc0_vocab_size: '2000',
  enc0_max_seq_len: '5',
  enc_dim: '16',
  mlp_layers: '1',
  mlp_dim: '16',
  mini_batch_size: '8',
  epochs: '2',
  dropout: '0.0',
};
/** Would take far longer than any test waits. */
const ENDLESS = { ...HYPERPARAMETERS, epochs: '100', early_stopping_patience: '5' };

let work: string;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-local-training-'));
});
afterAll(() => rm(work, { recursive: true }));

describe.each(ENGINES)('a training job on the %s engine', (engine) => {
  let service: LocalService;
  let sageMaker: SageMakerClient;
  let runtime: SageMakerRuntimeClient;
  let s3: S3Client;

  beforeAll(async () => {
    await start();
    await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
    await put('data/train/part-0.jsonl', topicPairs(0, 400));
    await put('data/train/sub/part-1.jsonl', topicPairs(400, 400));
    await put('data/validation/a.jsonl', topicPairs(2000, 200));
    await put('data/validation/not-in-the-manifest.jsonl', 'broken');
    await put('data/validation.manifest', JSON.stringify([{ prefix: 's3://bucket/data/validation/' }, 'a.jsonl']));
    await put('middle/train.jsonl', topicPairs(0, 20_000));
    await put('large/train.jsonl', topicPairs(0, 100_000));
  });

  afterAll(() => service.close());

  async function start(): Promise<void> {
    service = await startLocal({ port: 0, dir: path.join(work, engine), engine });
    const config = { endpoint: service.url, region: 'us-east-1', credentials: LOCAL_CREDENTIALS, maxAttempts: 1 };
    sageMaker = new SageMakerClient(config);
    runtime = new SageMakerRuntimeClient(config);
    s3 = new S3Client({ ...config, forcePathStyle: true });
  }

  const put = (key: string, body: string) => s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body: body }));

  async function keysBelow(prefix: string): Promise<(string | undefined)[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: prefix }));
    return Contents.map(({ Key }) => Key);
  }

  const channel = (name: string, uri: string, type: 'S3Prefix' | 'ManifestFile' = 'S3Prefix') => ({
    ChannelName: name,
    ContentType: 'application/jsonlines',
    DataSource: { S3DataSource: { S3DataType: type, S3Uri: uri } },
  });

  function create(name: string, change: Partial<CreateTrainingJobCommandInput> = {}) {
    return sageMaker.send(
      new CreateTrainingJobCommand({
        TrainingJobName: name,
        RoleArn: 'arn:aws:iam::000000000000:role/training',
        AlgorithmSpecification: { TrainingImage: 'object2vec:1', TrainingInputMode: 'File' },
        HyperParameters: HYPERPARAMETERS,
        InputDataConfig: [channel('train', 's3://bucket/data/train')],
        OutputDataConfig: { S3OutputPath: 's3://bucket/models' },
        ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 1, VolumeSizeInGB: 10 },
        StoppingCondition: { MaxRuntimeInSeconds: 3600 },
        ...change,
      }),
    );
  }

  const described = (name: string) => sageMaker.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));

  async function ended(name: string) {
    for (;;) {
      const job = await described(name);
      if (job.TrainingJobStatus !== 'InProgress' && job.TrainingJobStatus !== 'Stopping') return job;
    }
  }

  async function untilLogged(name: string, text: string): Promise<void> {
    for (;;) {
      const job = await described(name);
      if (job.TrainingJobStatus !== 'InProgress') throw new Error(`${name} is ${job.TrainingJobStatus}`);
      if ((await logOf(name)).some((line) => line.includes(text))) return;
    }
  }

  /** As the Python SDK follows a job: the streams of the job, then page after page until one is empty. */
  async function logOf(name: string): Promise<string[]> {
    const logGroupName = '/aws/sagemaker/TrainingJobs';
    const query = { logGroupName, logStreamNamePrefix: `${name}/`, orderBy: 'LogStreamName' };
    const answered = await logsCall(service.url, 'DescribeLogStreams', query).catch(() => undefined);
    const streams = (answered?.logStreams ?? []) as { readonly logStreamName: string }[];
    return (await Promise.all(streams.map(({ logStreamName }) => streamOf(logGroupName, logStreamName)))).flat();
  }

  async function streamOf(logGroupName: string, logStreamName: string): Promise<string[]> {
    const messages: string[] = [];
    let nextToken: string | undefined;
    for (;;) {
      const page = { logGroupName, logStreamName, startTime: 0, startFromHead: true, limit: 7 };
      const answer = await logsCall(service.url, 'GetLogEvents', { ...page, ...(nextToken ? { nextToken } : {}) });
      const events = answer.events as { readonly message: string }[];
      if (events.length === 0) return messages;
      messages.push(...events.map(({ message }) => message));
      nextToken = answer.nextForwardToken as string;
    }
  }

  it('trains on channels from S3, tells its steps, metrics and log, and an endpoint serves what it made', async () => {
    // Prepare
    const learning = { Name: 'samples', Regex: 'num_examples: (?P<n>[0-9.]+),' };

    // Act
    await create('whole', {
      AlgorithmSpecification: { TrainingInputMode: 'File', MetricDefinitions: [learning] },
      InputDataConfig: [
        channel('train', 's3://bucket/data/train'),
        channel('validation', 's3://bucket/data/validation.manifest', 'ManifestFile'),
      ],
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    const job = await ended('whole');

    // Assess
    expect(job.FailureReason).toBeUndefined();
    expect(job).toMatchObject({
      TrainingJobArn: 'arn:aws:sagemaker:us-east-1:000000000000:training-job/whole',
      TrainingJobStatus: 'Completed',
      SecondaryStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: 's3://bucket/models/whole/output/model.tar.gz' },
      HyperParameters: HYPERPARAMETERS,
    });
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
      'Starting',
      'Downloading',
      'Training',
      'Uploading',
      'Completed',
    ]);
    const metrics = new Map(job.FinalMetricDataList?.map(({ MetricName, Value }) => [MetricName, Value]));
    expect([...metrics.keys()]).toEqual(
      expect.arrayContaining(['train:progress', 'validation:accuracy', 'validation:cross_entropy', 'samples']),
    );
    expect(metrics.get('train:progress')).toBe(100);
    expect(await keysBelow('models/whole/')).toEqual(['models/whole/output/model.tar.gz']);
    const log = await logOf('whole');
    expect(log.filter((line) => line.startsWith('#progress_metric')).at(-1)).toContain('completed 100 %');
    expect(await readdir(path.join(work, engine, 'work'))).toEqual([]);

    // Act: the loop closes
    const container = { ModelDataUrl: job.ModelArtifacts!.S3ModelArtifacts! };
    await sageMaker.send(new CreateModelCommand({ ModelName: 'whole', PrimaryContainer: container }));
    const variant = { VariantName: 'AllTraffic', ModelName: 'whole', InitialInstanceCount: 1 };
    await sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'c', ProductionVariants: [variant] }));
    await sageMaker.send(new CreateEndpointCommand({ EndpointName: 'whole', EndpointConfigName: 'c' }));
    const wait = { client: sageMaker, maxWaitTime: 100, minDelay: 1, maxDelay: 1 };
    await waitUntilEndpointInService(wait, { EndpointName: 'whole' });
    const answer = await runtime.send(
      new InvokeEndpointCommand({
        EndpointName: 'whole',
        ContentType: 'application/json',
        Body: JSON.stringify({ instances: [{ in0: [1, 2, 3], in1: [3, 2, 1] }] }),
      }),
    );

    // Assess
    expect(JSON.parse(answer.Body.transformToString()).predictions[0].scores).toHaveLength(2);
  });

  it('is Failed with what the trainer wrote to its failure file', async () => {
    await create('refused', { HyperParameters: { ...HYPERPARAMETERS, enc_dim: '1' } });
    const job = await ended('refused');

    expect(job).toMatchObject({ TrainingJobStatus: 'Failed', SecondaryStatus: 'Failed' });
    expect(job.FailureReason).toMatch(/^ClientError: .*enc_dim.*, exit code: 1$/s);
    expect(await keysBelow('models/refused/')).toEqual([]);
  });

  it('is Failed when a channel holds nothing, and its name stays taken', async () => {
    await create('empty', { InputDataConfig: [channel('train', 's3://bucket/none/')] });

    expect((await ended('empty')).FailureReason).toBe(
      'ClientError: No S3 objects found under S3 URL "s3://bucket/none/" given in input data source of channel "train".',
    );
    await expect(create('empty')).rejects.toMatchObject({ name: 'ResourceInUse' });
    const listed = await sageMaker.send(new ListTrainingJobsCommand({ NameContains: 'empty' }));
    expect(listed.TrainingJobSummaries).toMatchObject([{ TrainingJobName: 'empty', TrainingJobStatus: 'Failed' }]);
  });

  it('saves its model when it is stopped in the middle', async () => {
    await create('halted', { HyperParameters: ENDLESS, InputDataConfig: [channel('train', 's3://bucket/large/')] });
    await untilLogged('halted', 'batches: 100,');

    await sageMaker.send(new StopTrainingJobCommand({ TrainingJobName: 'halted' }));
    const stopping = await described('halted');
    const job = await ended('halted');

    expect(['Stopping', 'Stopped']).toContain(stopping.TrainingJobStatus);
    expect(job).toMatchObject({ TrainingJobStatus: 'Stopped', SecondaryStatus: 'Stopped' });
    expect(await keysBelow('models/halted/')).toEqual(['models/halted/output/model.tar.gz']);
    await expect(sageMaker.send(new StopTrainingJobCommand({ TrainingJobName: 'halted' }))).rejects.toThrow(
      /the training job is in status Stopped/,
    );
  });

  it('is Stopped with MaxRuntimeExceeded when it runs longer than it may, its model as files when it asks for that', async () => {
    // A busy machine may not have begun to train when the time is over: then with twice the time.
    let limit = 4;
    let job = await endedAtLimit(limit);
    while (!(await logOf(`long-${limit}`)).some((line) => line.includes('batches: 100,'))) {
      limit *= 2;
      job = await endedAtLimit(limit);
    }

    expect(job).toMatchObject({ TrainingJobStatus: 'Stopped', SecondaryStatus: 'MaxRuntimeExceeded' });
    expect(job.ModelArtifacts?.S3ModelArtifacts).toBe(`s3://bucket/models/long-${limit}/output/model`);
    expect(await keysBelow(`models/long-${limit}/output/model/`)).toContainEqual(
      expect.stringMatching(/saved_model\.pb$/),
    );
  });

  async function endedAtLimit(seconds: number) {
    await create(`long-${seconds}`, {
      HyperParameters: ENDLESS,
      InputDataConfig: [channel('train', 's3://bucket/large/')],
      OutputDataConfig: { S3OutputPath: 's3://bucket/models', CompressionType: 'NONE' },
      StoppingCondition: { MaxRuntimeInSeconds: seconds },
    });
    return ended(`long-${seconds}`);
  }

  it('goes on from its checkpoint after the service was started again; without one it is Failed', async () => {
    // Prepare
    const running = {
      InputDataConfig: [channel('train', 's3://bucket/middle/')],
      Environment: { TWINVEC_CHECKPOINT_SECONDS: '0' },
    };
    await create('kept', { ...running, CheckpointConfig: { S3Uri: 's3://bucket/checkpoints/kept' } });
    await create('lost', running);
    await untilLogged('kept', 'batches: 100,');

    // Act
    await service.close();
    await start();
    const [kept, lost] = await Promise.all([ended('kept'), ended('lost')]);

    // Assess
    expect(kept.FailureReason).toBeUndefined();
    expect(kept.TrainingJobStatus).toBe('Completed');
    expect(kept.SecondaryStatusTransitions?.map(({ Status }) => Status)).toContain('Restarting');
    expect((await keysBelow('checkpoints/kept/')).length).toBeGreaterThan(0);
    expect(await logOf('kept')).toContainEqual(expect.stringMatching(/^Going on from checkpoint epoch-/));
    expect(lost.FailureReason).toMatch(/^InternalServerError: the local service ended while the job ran/);
  });

  it('is refused at once for what is out of range or not done here', async () => {
    const pipe = { TrainingImage: 'i', TrainingInputMode: 'Pipe' } as const;

    await expect(create('no', { AlgorithmSpecification: pipe })).rejects.toThrow(/TrainingInputMode=Pipe/);
    await expect(create('no', { OutputDataConfig: { S3OutputPath: 'https://b/x' } })).rejects.toThrow(/s3:\/\//);
    await expect(create('no', { EnableManagedSpotTraining: true })).rejects.toThrow(/MaxWaitTimeInSeconds/);
    await expect(
      create('no', {
        AlgorithmSpecification: {
          TrainingInputMode: 'File',
          MetricDefinitions: [{ Name: 'm', Regex: 'no group' }],
        },
      }),
    ).rejects.toThrow(/must be a regular expression with a group/);
    await expect(described('no')).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
