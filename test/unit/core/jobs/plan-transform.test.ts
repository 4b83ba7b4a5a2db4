import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTransform } from '#core/jobs/plan-transform.ts';
import { MOST_RETRIES, TransformDefinition } from '#core/jobs/transform-definition.ts';

const DEFINITION = {
  name: 'nightly',
  modelName: 'model-1',
  inputS3Uri: 's3://input-bucket/day/',
  outputS3Uri: 's3://output-bucket/day/',
  instanceType: 'ml.g5.xlarge',
};
const NIGHT = '2026-11-21T03:00:00Z';

describe('the plan of a transform', () => {
  it('states everything that CreateTransformJob would otherwise choose by itself', () => {
    const plan = planTransform(TransformDefinition.parse({ ...DEFINITION, outputKmsKeyId: 'key-1' }), NIGHT);

    expect(plan.jobName).toMatch(/^nightly-20261121t030000-[0-9a-f]{10}$/);
    expect(plan.request).toEqual({
      TransformJobName: plan.jobName,
      ModelName: 'model-1',
      MaxConcurrentTransforms: 4,
      MaxPayloadInMB: 6,
      BatchStrategy: 'MultiRecord',
      ModelClientConfig: { InvocationsTimeoutInSeconds: 600, InvocationsMaxRetries: 3 },
      Environment: {},
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://input-bucket/day/' } },
        ContentType: 'application/jsonlines',
        CompressionType: 'None',
        SplitType: 'Line',
      },
      TransformOutput: {
        S3OutputPath: `s3://output-bucket/day/${plan.jobName}`,
        Accept: 'application/jsonlines',
        AssembleWith: 'Line',
        KmsKeyId: 'key-1',
      },
      TransformResources: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1 },
    });
    expect(plan.manifestS3Uri).toBe(`s3://output-bucket/day/${plan.jobName}/manifest.json`);
  });

  it('is the same for the same definition and tick, however they are written', () => {
    const reordered = Object.fromEntries(Object.entries(DEFINITION).reverse());
    const plan = planTransform(TransformDefinition.parse(DEFINITION), NIGHT);

    expect(planTransform(TransformDefinition.parse(reordered), '2026-11-21T04:00:00.000+01:00')).toEqual(plan);
  });

  it('has another name for another tick and for another definition', () => {
    const names = [
      planTransform(TransformDefinition.parse(DEFINITION), NIGHT),
      planTransform(TransformDefinition.parse(DEFINITION), '2026-11-22T03:00:00Z'),
      planTransform(TransformDefinition.parse({ ...DEFINITION, modelName: 'model-2' }), NIGHT),
    ].map(({ jobName }) => jobName);

    expect(new Set(names).size).toBe(3);
  });

  it('Q18 always has a name that SageMaker takes', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,15}$/),
        fc.integer({ min: 0, max: MOST_RETRIES }),
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (name, attempt, time) => {
          const definition = TransformDefinition.parse({ ...DEFINITION, name });
          const { jobName } = planTransform(definition, time.toISOString(), attempt);
          expect(jobName).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
        },
      ),
    );
  });

  it('of a later attempt reads a manifest of the run instead of the prefix, and differs in nothing else', () => {
    const definition = TransformDefinition.parse(DEFINITION);
    const first = planTransform(definition, NIGHT);
    const second = planTransform(definition, NIGHT, 2);
    const folder = `s3://output-bucket/day/${first.runName}`;

    expect(first.jobName).toBe(first.runName);
    expect(second).toEqual({
      ...first,
      attempt: 2,
      jobName: `${first.runName}-r2`,
      request: {
        ...first.request,
        TransformJobName: `${first.runName}-r2`,
        TransformInput: {
          ...first.request.TransformInput,
          DataSource: { S3DataSource: { S3DataType: 'ManifestFile', S3Uri: `${folder}/retry-2.json` } },
        },
      },
    });
  });

  it('of a definition with a manifest reads what that names, tells the validator, and runs failed files again by its own', () => {
    const inputManifestS3Uri = 's3://input-bucket/manifests/today.json';
    const definition = TransformDefinition.parse({ ...DEFINITION, inputManifestS3Uri });
    const first = planTransform(definition, NIGHT);
    const source = (plan: typeof first) => plan.request.TransformInput.DataSource.S3DataSource;

    expect(source(first)).toEqual({ S3DataType: 'ManifestFile', S3Uri: inputManifestS3Uri });
    expect(first).toMatchObject({ inputS3Uri: DEFINITION.inputS3Uri, inputManifestS3Uri });
    expect(first.validation).toMatchObject({ inputS3Uri: DEFINITION.inputS3Uri, inputManifestS3Uri });
    expect(source(planTransform(definition, NIGHT, 1)).S3Uri).toMatch(/\/retry-1\.json$/);
    expect(first.runName).not.toBe(planTransform(TransformDefinition.parse(DEFINITION), NIGHT).runName);
  });

  it.each([
    ['summer time begins', '2026-03-29T02:30:00+01:00', '20260329t013000'],
    ['summer time ends', '2026-10-25T02:30:00+01:00', '20261025t013000'],
    ['a leap day', '2028-02-29T23:59:59.999Z', '20280229t235959'],
  ])('(R6) is named in UTC by the time it was scheduled for: %s', (_, time, stamp) => {
    expect(planTransform(TransformDefinition.parse(DEFINITION), time).jobName).toContain(`nightly-${stamp}-`);
  });

  it('is refused for a time that is none', () => {
    expect(() => planTransform(TransformDefinition.parse(DEFINITION), '<aws.scheduler.scheduled-time>')).toThrow(
      'scheduledTime is not an ISO 8601 time',
    );
  });
});

describe('a transform definition', () => {
  it.each([
    ['R17 an input elsewhere than S3', { inputS3Uri: 'http://169.254.169.254/latest' }, 'is not s3://bucket/key'],
    ['an input that climbs', { inputS3Uri: 's3://input-bucket/../other/' }, 'has a "." or ".." part in its key'],
    ['a manifest elsewhere than S3', { inputManifestS3Uri: '/etc/passwd' }, 'is not s3://bucket/key'],
    [
      'a manifest for a prefix that ends within a name',
      { inputManifestS3Uri: 's3://input-bucket/m.json', inputS3Uri: 's3://input-bucket/day' },
      'must end with "/": it is the folder of the objects that inputManifestS3Uri may name',
    ],
    ['a file', { outputS3Uri: 'file:///etc/passwd' }, 'is not s3://bucket/key'],
    ['Q17 too much at a time', { maxPayloadInMB: 26 }, 'is 4 x 26; the product may be at most 100 MB'],
    ['a name that is too long', { name: 'a'.repeat(33) }, '<=32 characters'],
    ['retries out of range', { invocationRetries: 4 }, '<=3'],
    ['types that Object2Vec does not write', { accept: 'text/csv' }, 'is for modelKind tensorflow'],
    ['a different way together than apart', { assembleWith: 'None' }, 'must be the same as splitType'],
    ['a misspelt field', { maxPayload: 6 }, 'Unrecognized key: "maxPayload"'],
  ])('is refused with %s', (_, wrong, message) => {
    const parsed = TransformDefinition.safeParse({ ...DEFINITION, ...wrong });
    expect(parsed.error?.issues.map((issue) => issue.message).join('\n')).toContain(message);
  });
});
