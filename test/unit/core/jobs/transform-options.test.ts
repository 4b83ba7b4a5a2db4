/** Every field of CreateTransformJob can be asked for by a definition, and reaches the request as the API takes it. */
import { describe, expect, it } from 'vitest';
import { planTransform } from '#core/jobs/plan-transform.ts';
import { TransformDefinition } from '#core/jobs/transform-definition.ts';
import { CreateTransformJobRequest, checkTransformJob } from '#core/sagemaker/transform-job.ts';

const DEFINITION = {
  name: 'nightly',
  modelName: 'model-1',
  inputS3Uri: 's3://input-bucket/day/',
  outputS3Uri: 's3://output-bucket/day/',
  instanceType: 'ml.g5.xlarge',
};

const EVERYTHING = {
  ...DEFINITION,
  instanceCount: 2,
  batchStrategy: 'SingleRecord',
  compressionType: 'Gzip',
  maxConcurrentTransforms: 8,
  maxPayloadInMB: 3,
  invocationTimeoutSeconds: 60,
  invocationRetries: 1,
  environment: { INFERENCE_PREFERRED_MODE: 'embedding' },
  inputFilter: '$.pair',
  joinSource: 'Input',
  outputFilter: "$['id','SageMakerOutput']",
  outputKmsKeyId: 'key-1',
  volumeKmsKeyId: 'key-2',
  transformAmiVersion: 'al2-ami-sagemaker-batch-gpu-535',
  capture: { s3Uri: 's3://output-bucket/captured/', kmsKeyId: 'key-3', generateInferenceId: true },
  tags: { team: 'search', 'cost centre': '17' },
  experiment: { experimentName: 'e-1', trialName: 't-1', trialComponentDisplayName: 'c-1', runName: 'r-1' },
};

const requestOf = (definition: object) =>
  planTransform(TransformDefinition.parse(definition), '2026-11-21T03:00:00Z').request;

/** Names of fields at every depth, such as `TransformInput.SplitType`; those of maps and lists are the caller's. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || path === 'Environment') return [path];
  return Object.entries(value).flatMap(([name, inner]) => fieldsOf(inner, path === '' ? name : `${path}.${name}`));
}

describe('the request of a definition', () => {
  it('can have every field that the API has', () => {
    const parsed = CreateTransformJobRequest.parse(requestOf(EVERYTHING));
    expect(Object.keys(parsed).sort()).toEqual(Object.keys(CreateTransformJobRequest.shape).sort());
    expect(fieldsOf(requestOf(EVERYTHING)).sort()).toEqual(fieldsOf(parsed).sort());
    expect(() => checkTransformJob(parsed)).not.toThrow();
  });

  it('can have every kind of input that the API has', () => {
    const manifest = { inputManifestS3Uri: 's3://input-bucket/manifests/today.json' };
    const asked = [DEFINITION, { ...DEFINITION, ...manifest }].map(
      (definition) => requestOf(definition).TransformInput.DataSource.S3DataSource.S3DataType,
    );
    const { S3DataType } = CreateTransformJobRequest.shape.TransformInput.shape.DataSource.shape.S3DataSource.shape;
    expect(asked.sort()).toEqual([...S3DataType.options].sort());
  });

  it('carries capture, tags and experiment in the words of the API', () => {
    expect(requestOf(EVERYTHING)).toMatchObject({
      DataCaptureConfig: {
        DestinationS3Uri: 's3://output-bucket/captured/',
        KmsKeyId: 'key-3',
        GenerateInferenceId: true,
      },
      Tags: [
        { Key: 'team', Value: 'search' },
        { Key: 'cost centre', Value: '17' },
      ],
      ExperimentConfig: {
        ExperimentName: 'e-1',
        TrialName: 't-1',
        TrialComponentDisplayName: 'c-1',
        RunName: 'r-1',
      },
    });
  });

  it('leaves out what was not asked for', () => {
    const request = requestOf(DEFINITION);
    for (const field of ['DataCaptureConfig', 'ExperimentConfig', 'Tags', 'DataProcessing']) {
      expect(request).not.toHaveProperty(field);
    }
  });
});

describe('a definition', () => {
  it.each([
    ['a tag that AWS does not take', { tags: { 'a?': 'b' } }, /tags/],
    [
      'more tags than a job has',
      { tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ''])) },
      /at most 50 tags/,
    ],
    ['an experiment that AWS does not take', { experiment: { experimentName: '-' } }, /experimentName/],
    ['a capture elsewhere than S3', { capture: { s3Uri: 'https://example.com/' } }, /is not s3:\/\/bucket\/key/],
    [
      'ids on answers of a type that has no place for them',
      {
        modelKind: 'tensorflow',
        contentType: 'application/x-npy',
        accept: 'application/x-npy',
        splitType: 'None',
        assembleWith: 'None',
        capture: { s3Uri: 's3://output-bucket/captured/', generateInferenceId: true },
      },
      /text\/csv, application\/json or application\/jsonlines/,
    ],
  ])('is refused with %s', (_, wrong, message) => {
    const parsed = TransformDefinition.safeParse({ ...DEFINITION, ...wrong });
    expect(parsed.error?.issues.map(({ path, message: text }) => `${path.join('.')}: ${text}`).join('\n')).toMatch(
      message,
    );
  });
});
