/** What the Lambdas talk to: a local SageMaker and S3 with a model that was trained for the test. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  type AsyncInferenceConfig,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { expect } from 'vitest';
import { type LocalService, startLocal } from '../../local/start.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';

export interface EndpointOptions {
  readonly asyncConfig?: AsyncInferenceConfig;
  /** Of the container. */
  readonly environment?: Record<string, string>;
}

/** Between two looks at a state that the machine changes. */
export const POLL_MS = 50;

export interface LambdaService {
  readonly s3: S3Client;
  readonly sageMaker: SageMakerClient;
  /** With a model of its own under the same name; returns when it is in service. */
  createEndpoint(name: string, options?: EndpointOptions): Promise<void>;
  put(bucket: string, key: string, body: string | Uint8Array): Promise<void>;
  readText(uri: string): Promise<string>;
  close(): Promise<void>;
}

/** Buckets `models`, `input` and `output`, and the environment that points every client of this process at them. */
export async function startLambdaService(
  variables: Record<string, string>,
  engine = ENGINES[0]!,
): Promise<LambdaService> {
  const dir = await mkdtemp(join(tmpdir(), 'twinvec-lambdas-'));
  const { archive } = await trainPairModel(dir, engine);
  const local: LocalService = await startLocal({ port: 0, dir: join(dir, 'local'), engine });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: local.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    ...variables,
  });
  const s3 = new S3Client({ forcePathStyle: true });
  const sageMaker = new SageMakerClient({});
  for (const Bucket of ['models', 'input', 'output']) await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'model.tar.gz', Body: await readFile(archive) }));
  return {
    s3,
    sageMaker,
    createEndpoint: (name, options = {}) => createEndpoint(sageMaker, name, options),
    async put(Bucket, Key, Body) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    async readText(uri) {
      const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    },
    async close() {
      await local.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function createEndpoint(
  sageMaker: SageMakerClient,
  name: string,
  { asyncConfig, environment }: EndpointOptions,
): Promise<void> {
  await sageMaker.send(
    new CreateModelCommand({
      ModelName: name,
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/test',
      PrimaryContainer: { Image: 'twinvec', ModelDataUrl: 's3://models/model.tar.gz', Environment: environment },
    }),
  );
  const variant = { VariantName: 'AllTraffic', ModelName: name, InstanceType: 'ml.g5.xlarge' as const };
  await sageMaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [{ ...variant, InitialInstanceCount: 1 }],
      AsyncInferenceConfig: asyncConfig,
    }),
  );
  await sageMaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
  for (let status: string | undefined = 'Creating'; status === 'Creating'; ) {
    status = (await sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }))).EndpointStatus;
    expect(['Creating', 'InService']).toContain(status);
    await pause(POLL_MS);
  }
}
