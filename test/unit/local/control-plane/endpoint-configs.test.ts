import {
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  DeleteEndpointConfigCommand,
  DescribeEndpointConfigCommand,
  type ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalClients, startLocalClients } from '../../../fixtures/local-service/clients.ts';

const ARN = 'arn:aws:sagemaker:eu-west-1:000000000000:endpoint-config';

let local: LocalClients;
beforeAll(async () => {
  local = await startLocalClients();
  const PrimaryContainer = { ModelDataUrl: 's3://models/model.tar.gz' };
  await local.sageMaker.send(new CreateModelCommand({ ModelName: 'pairs', PrimaryContainer }));
});
afterAll(() => local.close());

const create = (EndpointConfigName: string, input: Omit<CreateEndpointConfigCommandInput, 'EndpointConfigName'>) =>
  local.sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName, ...input }));

async function describeConfig(EndpointConfigName: string) {
  const command = new DescribeEndpointConfigCommand({ EndpointConfigName });
  const { $metadata: _, ...described } = await local.sageMaker.send(command);
  return described;
}

const variant = (VariantName: string, more: Partial<ProductionVariant> = {}): ProductionVariant => ({
  VariantName,
  ModelName: 'pairs',
  InitialInstanceCount: 1,
  InstanceType: 'ml.g5.xlarge',
  ...more,
});

/** Accepted and described, whatever of it this machine can do. */
const EVERYTHING = {
  ProductionVariants: [
    variant('a', {
      InitialVariantWeight: 0.25,
      VolumeSizeInGB: 30,
      ModelDataDownloadTimeoutInSeconds: 60,
      ContainerStartupHealthCheckTimeoutInSeconds: 60,
      RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
      ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 1, MaxInstanceCount: 2 },
      EnableSSMAccess: true,
    }),
  ],
  ShadowProductionVariants: [variant('s', { InitialVariantWeight: 1 })],
  DataCaptureConfig: {
    EnableCapture: true,
    InitialSamplingPercentage: 10,
    DestinationS3Uri: 's3://models/capture',
    CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
    CaptureContentTypeHeader: { JsonContentTypes: ['application/json'] },
  },
  AsyncInferenceConfig: {
    ClientConfig: { MaxConcurrentInvocationsPerInstance: 4 },
    OutputConfig: { S3OutputPath: 's3://models/async', S3FailurePath: 's3://models/failed' },
  },
  KmsKeyId: 'alias/key',
  VpcConfig: { SecurityGroupIds: ['sg-1'], Subnets: ['subnet-1'] },
  ExecutionRoleArn: 'arn:aws:iam::000000000000:role/hosting',
} satisfies Omit<CreateEndpointConfigCommandInput, 'EndpointConfigName'>;

describe('an endpoint configuration', () => {
  it('is described as it was made, with what the service fills in', async () => {
    // Act
    const made = await create('all', EVERYTHING);
    await create('least', { ProductionVariants: [variant('v')] });

    // Assess
    expect(made.EndpointConfigArn).toBe(`${ARN}/all`);
    expect(await describeConfig('all')).toEqual({
      ...EVERYTHING,
      EndpointConfigName: 'all',
      EndpointConfigArn: `${ARN}/all`,
      EnableNetworkIsolation: false,
      CreationTime: expect.any(Date),
    });
    expect(await describeConfig('least')).toMatchObject({ ProductionVariants: [{ InitialVariantWeight: 1 }] });
  });

  it.each<[string, Omit<CreateEndpointConfigCommandInput, 'EndpointConfigName'>, string | RegExp]>([
    [
      'a model that nobody has',
      { ProductionVariants: [variant('v', { ModelName: 'none' })] },
      'Could not find model "arn:aws:sagemaker:eu-west-1:000000000000:model/none".',
    ],
    [
      'a shadow of a model that nobody has',
      { ProductionVariants: [variant('v')], ShadowProductionVariants: [variant('s', { ModelName: 'none' })] },
      /^Could not find model/,
    ],
    ['no variant', { ProductionVariants: [] }, /at 'productionVariants' .* length greater than or equal to 1$/],
    [
      '11 variants',
      { ProductionVariants: Array.from({ length: 11 }, (_, index) => variant(`v${index}`)) },
      /at 'productionVariants' .* length less than or equal to 10$/,
    ],
    [
      'a variant name twice',
      { ProductionVariants: [variant('v'), variant('v')] },
      'Variant names must be unique; "v" is there twice.',
    ],
    [
      'two shadows',
      { ProductionVariants: [variant('v')], ShadowProductionVariants: [variant('s'), variant('t')] },
      /one production variant and one shadow variant\.$/,
    ],
    ['a variant without a model', { ProductionVariants: [{ VariantName: 'v' }] }, /^Variant "v" needs a ModelName/],
    [
      'a serverless variant with instances',
      { ProductionVariants: [variant('v', { ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } })] },
      /cannot have both ServerlessConfig and InstanceType/,
    ],
    [
      'a serverless variant of an odd size',
      {
        ProductionVariants: [
          { VariantName: 'v', ModelName: 'pairs', ServerlessConfig: { MemorySizeInMB: 2000, MaxConcurrency: 5 } },
        ],
      },
      'MemorySizeInMB of variant "v" must be 1024, 2048, 3072, 4096, 5120 or 6144.',
    ],
    [
      'more provisioned than allowed',
      {
        ProductionVariants: [
          {
            VariantName: 'v',
            ModelName: 'pairs',
            ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 5, ProvisionedConcurrency: 6 },
          },
        ],
      },
      /^ProvisionedConcurrency of variant "v" must not be above/,
    ],
    [
      'a local instance type',
      { ProductionVariants: [variant('v', { InstanceType: 'local' as 'ml.g5.xlarge' })] },
      /^1 validation error detected: Value 'local' at 'productionVariants\.1\.member\.instanceType' failed to satisfy/,
    ],
  ])('is refused with %s', async (_what, input, message) => {
    await expect(create('refused', input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('has a name that can be taken once, and is free again when it is deleted', async () => {
    const remove = () => local.sageMaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'once' }));
    await create('once', { ProductionVariants: [variant('v')] });

    await expect(create('once', { ProductionVariants: [variant('v')] })).rejects.toThrow(
      `Cannot create already existing endpoint configuration "${ARN}/once".`,
    );
    await remove();
    await expect(remove()).rejects.toThrow(`Could not find endpoint configuration "${ARN}/once".`);
    await create('once', { ProductionVariants: [variant('v')] });
  });
});
