import { describe, expect, it } from 'vitest';
import { CreateTransformJobRequest, checkTransformJob, choicesOf } from '#core/sagemaker/transform-job.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';

const JOB = {
  TransformJobName: 'nightly-1',
  ModelName: 'pairs',
  TransformInput: {
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/in/' } },
    ContentType: 'application/jsonlines',
    SplitType: 'Line',
  },
  TransformOutput: { S3OutputPath: 's3://data/out', AssembleWith: 'Line' },
  TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 },
};

const parse = (job: unknown) => parseRequest(CreateTransformJobRequest, job);

describe('CreateTransformJob', () => {
  it('fills in the defaults of the service', () => {
    const job = parse(JOB);

    expect(job.ModelClientConfig).toEqual({ InvocationsTimeoutInSeconds: 600, InvocationsMaxRetries: 3 });
    expect(choicesOf(job)).toMatchObject({ splitType: 'Line', assembleWith: 'Line' });
    expect(() => checkTransformJob(job)).not.toThrow();
  });

  it.each([
    [{ TransformJobName: 'a_b' }, /Value 'a_b' at 'transformJobName' .* regular expression pattern: \[a-zA-Z0-9\]/],
    [{ ModelName: undefined }, /Value null at 'modelName' failed to satisfy constraint: Member must not be null/],
    [{ MaxPayloadInMB: 101 }, /Value '101' at 'maxPayloadInMB' .* Member must have value less than or equal to 100/],
    [{ BatchStrategy: 'Many' }, /Value 'Many' at 'batchStrategy' .* enum value set: \[MultiRecord, SingleRecord\]/],
    [{ ModelClientConfig: { InvocationsMaxRetries: 4 } }, /'modelClientConfig.invocationsMaxRetries'/],
    [{ Environment: { '1A': 'x' } }, /environment/],
    [{ TransformResources: { InstanceType: 'big', InstanceCount: 0 } }, /^2 validation errors detected/],
    [{ Surprise: 1 }, /Surprise is not a field/],
  ])('refuses %j in the wording of the service', (change, message) => {
    expect(() => parse({ ...JOB, ...change })).toThrow(message);
  });

  it('takes what has no effect here: keys, experiments and AMIs', () => {
    const job = parse({
      ...JOB,
      TransformOutput: { ...JOB.TransformOutput, KmsKeyId: 'alias/key' },
      TransformResources: {
        ...JOB.TransformResources,
        VolumeKmsKeyId: 'k',
        TransformAmiVersion: 'al2-ami-sagemaker-1',
      },
      DataCaptureConfig: { DestinationS3Uri: 's3://data/capture', KmsKeyId: 'k' },
      ExperimentConfig: { ExperimentName: 'e', TrialName: 't', TrialComponentDisplayName: 'c', RunName: 'r' },
    });

    expect(() => checkTransformJob(job)).not.toThrow();
  });

  it.each([
    [{ TransformOutput: { ...JOB.TransformOutput, KmsKeyId: 'not a key' } }, /'transformOutput.kmsKeyId'/],
    [{ TransformResources: { ...JOB.TransformResources, VolumeKmsKeyId: 'ä' } }, /'transformResources.volumeKmsKeyId'/],
    [
      { TransformResources: { ...JOB.TransformResources, TransformAmiVersion: '-' } },
      /'transformResources.transformAmiVersion'/,
    ],
    [{ ExperimentConfig: { ExperimentName: '_' } }, /'experimentConfig.experimentName'/],
    [{ ExperimentConfig: { Surprise: 'e' } }, /Surprise is not a field/],
  ])('refuses those, too, in a form that they cannot have: %j', (change, message) => {
    expect(() => parse({ ...JOB, ...change })).toThrow(message);
  });

  it.each(['None', 'Line', 'RecordIO', 'TFRecord'])('splits by %s', (SplitType) => {
    const job = parse({ ...JOB, TransformInput: { ...JOB.TransformInput, SplitType } });
    expect(() => checkTransformJob(job)).not.toThrow();
    expect(choicesOf(job).splitType).toBe(SplitType);
  });

  it('takes DataProcessing that changes nothing', () => {
    expect(() =>
      checkTransformJob(parse({ ...JOB, DataProcessing: { InputFilter: '$', JoinSource: 'None' } })),
    ).not.toThrow();
  });

  it('refuses concurrency x payload over 100 MB', () => {
    expect(() => checkTransformJob(parse({ ...JOB, MaxConcurrentTransforms: 50, MaxPayloadInMB: 3 }))).toThrow(
      /50 x 3/,
    );
  });
});
