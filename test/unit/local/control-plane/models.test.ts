import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  type ContainerDefinition,
  CreateModelCommand,
  type CreateModelCommandInput,
  DeleteModelCommand,
  DescribeModelCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalClients, startLocalClients } from '../../../fixtures/local-service/clients.ts';

const ModelDataUrl = 's3://models/model.tar.gz';
const ARN = 'arn:aws:sagemaker:eu-west-1:000000000000:model';

let local: LocalClients;
beforeAll(async () => {
  local = await startLocalClients();
});
afterAll(() => local.close());

const create = (ModelName: string, input: Omit<CreateModelCommandInput, 'ModelName'>) =>
  local.sageMaker.send(new CreateModelCommand({ ModelName, ...input }));

async function describeModel(ModelName: string) {
  const { $metadata: _, ...described } = await local.sageMaker.send(new DescribeModelCommand({ ModelName }));
  return described;
}

const pipeline = (count: number): ContainerDefinition[] =>
  Array.from({ length: count }, (_, index) => ({ ContainerHostname: `c${index}`, ModelDataUrl }));

describe('a model', () => {
  it('is described as it was made, with what the service fills in', async () => {
    // Act
    const made = await create('Pairs', {
      PrimaryContainer: { ModelDataUrl, Image: '000000000000.dkr.ecr.eu-west-1.amazonaws.com/twinvec:1' },
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/hosting',
      VpcConfig: { SecurityGroupIds: ['sg-1'], Subnets: ['subnet-1', 'subnet-2'] },
      Tags: [{ Key: 'team', Value: 'search' }],
    });

    // Assess
    expect(made.ModelArn).toBe(`${ARN}/pairs`);
    expect(await describeModel('Pairs')).toEqual({
      ModelName: 'Pairs',
      ModelArn: `${ARN}/pairs`,
      PrimaryContainer: {
        ModelDataUrl,
        Image: '000000000000.dkr.ecr.eu-west-1.amazonaws.com/twinvec:1',
        Environment: {},
        Mode: 'SingleModel',
      },
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/hosting',
      VpcConfig: { SecurityGroupIds: ['sg-1'], Subnets: ['subnet-1', 'subnet-2'] },
      EnableNetworkIsolation: false,
      CreationTime: expect.any(Date),
    });
  });

  it('has a name that is unique whatever its case, also when two are made at once', async () => {
    await expect(create('pAIRS', { PrimaryContainer: { ModelDataUrl } })).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Cannot create already existing model "${ARN}/pairs".`,
    });

    const twice = [1, 2].map(() => create('at-once', { PrimaryContainer: { ModelDataUrl } }));
    const outcomes = await Promise.allSettled(twice);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it.each([
    ['of one container in Containers', { Containers: pipeline(1) }],
    ['of 15 containers in a row', { Containers: pipeline(15), InferenceExecutionConfig: { Mode: 'Serial' as const } }],
    [
      'of containers called one by one',
      { Containers: pipeline(2), InferenceExecutionConfig: { Mode: 'Direct' as const } },
    ],
    ['of an image without model data', { PrimaryContainer: { Image: 'image' } }],
    [
      'of files below a prefix',
      {
        PrimaryContainer: {
          ModelDataSource: {
            S3DataSource: {
              S3Uri: 's3://models/',
              S3DataType: 'S3Prefix' as const,
              CompressionType: 'None' as const,
            },
          },
        },
      },
    ],
    [
      'of many models, which may come later',
      {
        PrimaryContainer: {
          Mode: 'MultiModel' as const,
          ModelDataUrl: 's3://later/models/',
          MultiModelConfig: { ModelCacheSetting: 'Disabled' as const },
        },
      },
    ],
  ])('can be made %s', async (what, input) => {
    const name = what.replaceAll(/[^a-z0-9]+/g, '-');

    await create(name, input);

    expect(await describeModel(name)).toMatchObject(input);
  });

  it.each<[string, Omit<CreateModelCommandInput, 'ModelName'>, string | RegExp]>([
    ['no container', {}, 'Either PrimaryContainer or Containers must be given.'],
    [
      'both kinds of containers',
      { PrimaryContainer: { ModelDataUrl }, Containers: pipeline(1) },
      'PrimaryContainer and Containers cannot be given together.',
    ],
    [
      '16 containers',
      { Containers: pipeline(16) },
      /at 'containers' .* Member must have length less than or equal to 15$/,
    ],
    [
      'a container hostname twice',
      { Containers: [...pipeline(1), ...pipeline(1)] },
      'Container hostnames must be unique; "c0" is there twice.',
    ],
    [
      'direct calls and a container without a hostname',
      { Containers: [{ ModelDataUrl }], InferenceExecutionConfig: { Mode: 'Direct' } },
      /needs a ContainerHostname\.$/,
    ],
    ['a model package', { PrimaryContainer: { ModelPackageName: 'p' } }, /^ModelPackageName: /],
    ['many models and no prefix', { PrimaryContainer: { Mode: 'MultiModel' } }, /needs ModelDataUrl/],
    [
      'more than 32 KB of variables',
      { PrimaryContainer: { ModelDataUrl, Environment: Object.fromEntries(variables(40, 1000)) } },
      /^The environments of all containers may have 32768 bytes, these have 4\d{4}\.$/,
    ],
    [
      'a variable of 1,025 characters',
      { PrimaryContainer: { ModelDataUrl, Environment: Object.fromEntries(variables(1, 1025)) } },
      /^1 validation error detected: Value '\{A0=x+\.\.\.' at 'primaryContainer\.environment' failed to satisfy constraint: Map value must satisfy constraint: \[Member must have length less than or equal to 1024, /,
    ],
    [
      'an archive that is not there',
      { Containers: [{ ModelDataUrl }, { ModelDataUrl: 's3://models/none.tar.gz' }] },
      'Could not find model data at s3://models/none.tar.gz.',
    ],
    [
      'a bucket that is not there',
      { PrimaryContainer: { ModelDataUrl: 's3://none/model.tar.gz' } },
      'Could not find model data at s3://none/model.tar.gz.',
    ],
    [
      'a prefix with nothing below it',
      {
        PrimaryContainer: {
          ModelDataSource: {
            S3DataSource: { S3Uri: 's3://models/none/', S3DataType: 'S3Prefix', CompressionType: 'None' },
          },
        },
      },
      'Could not find model data at s3://models/none/.',
    ],
  ])('is refused with %s', async (_what, input, message) => {
    await expect(create('refused', input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    await expect(describeModel('refused')).rejects.toThrow(`Could not find model "${ARN}/refused".`);
  });

  it('finds its data below a key with odd characters', async () => {
    const Key = 'a b/é+%2F.tar.gz';
    await local.s3.send(new PutObjectCommand({ Bucket: 'models', Key, Body: 'x' }));

    await create('odd', { PrimaryContainer: { ModelDataUrl: `s3://models/${Key}` } });

    expect(await describeModel('odd')).toMatchObject({ PrimaryContainer: { ModelDataUrl: `s3://models/${Key}` } });
  });

  it('is deleted by its name, once', async () => {
    const remove = () => local.sageMaker.send(new DeleteModelCommand({ ModelName: 'Pairs' }));

    await remove();

    await expect(remove()).rejects.toThrow(`Could not find model "${ARN}/pairs".`);
  });
});

function variables(count: number, length: number): [string, string][] {
  return Array.from({ length: count }, (_, index) => [`A${index}`, 'x'.repeat(length)]);
}
