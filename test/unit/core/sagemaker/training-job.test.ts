import { describe, expect, it } from 'vitest';
import { LIMITS } from '#core/limits.ts';
import {
  CreateTrainingJobRequest,
  checkTrainingSupported,
  trainingConfigFiles,
  trainingFailureReason,
} from '#core/sagemaker/training-job.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';

const SOURCE = { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://b/train' } };

const REQUEST = {
  TrainingJobName: 'job',
  RoleArn: 'arn:aws:iam::000000000000:role/r',
  AlgorithmSpecification: { TrainingInputMode: 'File' },
  InputDataConfig: [{ ChannelName: 'train', ContentType: 'application/jsonlines', DataSource: SOURCE }],
  OutputDataConfig: { S3OutputPath: 's3://b/out' },
  ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 2, VolumeSizeInGB: 1 },
};

const parse = (change: object) => parseRequest(CreateTrainingJobRequest, { ...REQUEST, ...change });

describe('the configuration that a training container reads', () => {
  it('is what AWS documents', () => {
    const files = trainingConfigFiles(parse({ HyperParameters: { epochs: '2' } }));

    expect(files).toMatchObject({
      'hyperparameters.json': { epochs: '2' },
      'inputdataconfig.json': {
        train: {
          ContentType: 'application/jsonlines',
          TrainingInputMode: 'File',
          S3DistributionType: 'FullyReplicated',
          RecordWrapperType: 'None',
        },
      },
      'resourceconfig.json': { current_host: 'algo-1', hosts: ['algo-1', 'algo-2'] },
    });
  });
});

describe('a training job', () => {
  it('lists every valid field that is not done here', () => {
    const job = parse({
      InputDataConfig: [{ ChannelName: 'train', DataSource: SOURCE, InputMode: 'Pipe', RecordWrapperType: 'RecordIO' }],
      CheckpointConfig: { S3Uri: 's3://b/c', LocalPath: '/opt/ml/../etc' },
    });

    expect(() => checkTrainingSupported(job)).toThrow(
      /^CheckpointConfig.LocalPath=.*InputDataConfig.train.InputMode=Pipe, InputDataConfig.train.RecordWrapperType=RecordIO/,
    );
  });

  it('may name keys, which encrypt nothing here', () => {
    const job = parse({
      OutputDataConfig: { S3OutputPath: 's3://b/out', KmsKeyId: 'k' },
      ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 1, VolumeSizeInGB: 10, VolumeKmsKeyId: 'k' },
    });
    expect(() => checkTrainingSupported(job)).not.toThrow();
  });

  it('is refused with a channel twice', () => {
    const channel = { ChannelName: 'train', DataSource: SOURCE };

    expect(() => checkTrainingSupported(parse({ InputDataConfig: [channel, channel] }))).toThrow(
      /train is there twice/,
    );
  });

  it.each([
    ['RetryStrategy', { RetryStrategy: { MaximumRetryAttempts: 2 } }],
    ['ServerlessJobConfig', { ServerlessJobConfig: {} }],
    ['ResourceConfig.InstanceGroups', { ResourceConfig: { ...REQUEST.ResourceConfig, InstanceGroups: [] } }],
    [
      'AlgorithmSpecification.ContainerArguments',
      { AlgorithmSpecification: { TrainingInputMode: 'File', ContainerArguments: ['a'] } },
    ],
    [
      'InputDataConfig.train.S3DataType=Converse',
      {
        InputDataConfig: [
          { ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'Converse', S3Uri: 's3://b/x' } } },
        ],
      },
    ],
  ])('is refused with %s, which is valid at AWS only', (words, change) => {
    expect(() => checkTrainingSupported(parse(change))).toThrow(`${words}: valid at AWS, not supported`);
  });

  it('is refused without an instance', () => {
    const none = parse({ ResourceConfig: { ...REQUEST.ResourceConfig, InstanceCount: 0 } });
    expect(() => checkTrainingSupported(none)).toThrow('ResourceConfig.InstanceCount must be at least 1.');
  });

  it.each([
    ['TrainingJobName', { TrainingJobName: 'a_b' }],
    ['at .hyperParameters. failed', { HyperParameters: { x: 'y'.repeat(2501) } }],
    ['Bogus is not a field', { Bogus: 1 }],
  ])('is refused in the service’s words: %s', (words, change) => {
    expect(() => parse(change)).toThrow(new RegExp(words, 'i'));
  });
});

describe('the reason of a failure', () => {
  it.each([
    ['ClientError: no such channel\n', 1, 'ClientError: no such channel, exit code: 1'],
    ['it broke', 2, 'AlgorithmError: it broke, exit code: 2'],
    [undefined, 137, 'AlgorithmError: , exit code: 137'],
  ])('%j with exit code %i is %j', (said, code, reason) => {
    expect(trainingFailureReason(said, code, LIMITS.failureFile.value)).toBe(reason);
  });

  it('fits into the field, its exit code kept', () => {
    const reason = trainingFailureReason('x'.repeat(5000), 1, 1024);

    expect(reason).toHaveLength(1024);
    expect(reason).toMatch(/, exit code: 1$/);
  });
});
