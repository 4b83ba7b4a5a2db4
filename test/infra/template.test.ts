/** What a deployment consists of: names that stay, names that do not, and the template as a whole. */
import { describe, expect, it } from 'vitest';
import { hasGpu, hasLocalStorage } from '../../infra/constructs/instance-type.ts';
import { ENVIRONMENTS, findEnvironment } from '../../infra/environments/all.ts';
import { parseEnvironment } from '../../infra/environments/schema.ts';
import { plain, resourcesOf, statementsOf, synthesise } from './synthesise.ts';

const dev = findEnvironment('dev');

/** Hashes of assets change with every line of code; everything else must not change unseen. */
function withoutHashes(template: unknown): unknown {
  return JSON.parse(JSON.stringify(template).replace(/[0-9a-f]{64}/g, 'HASH'));
}

describe('the template', () => {
  it.each(Object.entries(ENVIRONMENTS))('of %s is the one that was reviewed', (_, load) => {
    expect(withoutHashes(synthesise(load()).toJSON())).toMatchSnapshot();
  });

  it('has the same endpoint name at every release, and leaves models and configurations to CloudFormation', () => {
    const template = synthesise(dev);
    template.hasResourceProperties('AWS::SageMaker::Endpoint', { EndpointName: 'twinvec-dev' });
    for (const type of ['AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig']) {
      for (const { properties } of resourcesOf(template, type)) {
        expect(properties.ModelName ?? properties.EndpointConfigName).toBeUndefined();
      }
    }
  });

  it('hands what a job says, and keys and tags, to its runs as they were written', () => {
    // Prepare
    const [job] = dev.jobs;
    const processing = { inputFilter: '$.pair', joinSource: 'Input' as const, outputFilter: '$.SageMakerOutput' };
    const options = {
      tags: { team: 'search' },
      experiment: { experimentName: 'e-1' },
      capture: { folder: 'captured/' },
    };
    const on = (instanceType: string, variant: 'cpu' | 'gpu') =>
      parseEnvironment({
        ...dev,
        image: { variant },
        endpoint: { ...dev.endpoint, instanceType },
        jobs: [{ ...job!, instanceType, ...processing, ...options }],
      });

    // Act
    const [disks, nvme] = [on('ml.m6i.xlarge', 'cpu'), on('ml.g5.xlarge', 'gpu')].map((environment) => {
      const [schedule] = resourcesOf(synthesise(environment), 'AWS::Scheduler::Schedule');
      return JSON.parse(JSON.parse(plain(schedule?.properties.Target.Input)).Input).definition;
    });

    // Assess
    expect(disks).toMatchObject({ ...processing, outputKmsKeyId: '<Key.Arn>', volumeKmsKeyId: '<Key.Arn>' });
    expect(nvme).toMatchObject({ ...processing, outputKmsKeyId: '<Key.Arn>' });
    expect(nvme.volumeKmsKeyId).toBeUndefined();
    expect(nvme).toMatchObject({
      // The bill and the budget know a job by the tags that the stack's resources have.
      tags: { team: 'search', service: 'twinvec', environment: 'dev' },
      experiment: { experimentName: 'e-1' },
      capture: { s3Uri: 's3://<DataOutput>/captured/', kmsKeyId: '<Key.Arn>', generateInferenceId: false },
    });
  });

  it('hands the manifest of a job on as an address in the input bucket, and gives no role anything for it', () => {
    // Prepare
    const [job] = dev.jobs;
    const named = parseEnvironment({ ...dev, jobs: [{ ...job!, inputManifest: 'manifests/today.json' }] });

    // Act
    const template = synthesise(named);

    // Assess
    const [schedule] = resourcesOf(template, 'AWS::Scheduler::Schedule');
    const { definition } = JSON.parse(JSON.parse(plain(schedule?.properties.Target.Input)).Input);
    expect(definition).toMatchObject({
      inputS3Uri: `s3://<DataInput>/${job!.inputFolder}`,
      inputManifestS3Uri: 's3://<DataInput>/manifests/today.json',
    });
    expect(definition).not.toHaveProperty('inputManifest');
    expect(statementsOf(template)).toEqual(statementsOf(synthesise(dev)));
  });

  it('builds the image for the variant of the environment', () => {
    const gpu = resourcesOf(synthesise(dev), 'AWS::SageMaker::Model')[0];
    const cpu = resourcesOf(synthesise(onInstances(dev, 'cpu', 'ml.m6i.xlarge')), 'AWS::SageMaker::Model')[0];
    expect(plain(gpu?.properties.PrimaryContainer.Image)).not.toBe(plain(cpu?.properties.PrimaryContainer.Image));
  });

  it('gives the endpoint a driver image on GPUs only', () => {
    const variantOf = (environment: typeof dev) =>
      resourcesOf(synthesise(environment), 'AWS::SageMaker::EndpointConfig')[0]?.properties.ProductionVariants[0];
    expect(variantOf(dev).InferenceAmiVersion).toBe('al2-ami-sagemaker-inference-gpu-3-1');
    expect(variantOf(onInstances(dev, 'cpu', 'ml.m6i.xlarge')).InferenceAmiVersion).toBeUndefined();
  });

  it('hands the sizes of the model to the router and to every job', () => {
    // Prepare
    const inputs = {
      in0: { vocabularySize: 100, maxSeqLen: 20, text: true },
      in1: { vocabularySize: 200, maxSeqLen: 30 },
    };

    // Act
    const template = synthesise({ ...dev, model: { ...dev.model, inputs } });

    // Assess
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { IN0_VOCABULARY_SIZE: '100', IN1_MAX_SEQ_LEN: '30', IN0_TEXT: 'true' } },
    });
    const [schedule] = resourcesOf(template, 'AWS::Scheduler::Schedule');
    const { Input } = JSON.parse(plain(schedule?.properties.Target.Input));
    expect(JSON.parse(Input).definition.inputs.in0).toEqual(inputs.in0);
  });
});

describe('the schedule of a job', () => {
  it('R7 R9 makes up for a missed tick within the hour and twice at most, and keeps what could not be started', () => {
    const [schedule] = resourcesOf(synthesise(dev), 'AWS::Scheduler::Schedule');
    const { RetryPolicy, DeadLetterConfig, Input } = schedule!.properties.Target;
    expect(RetryPolicy).toEqual({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 });
    expect(plain(DeadLetterConfig.Arn)).toMatch(/^<BatchDeadLetters/);
    // R6: of the tick and not of the moment that it is delivered, so that it is the same run however often that is.
    expect(plain(Input)).toContain('<aws.scheduler.scheduled-time>');
  });
});

describe('the volume key of an endpoint', () => {
  it.each([
    ['ml.m6i.xlarge', true],
    ['ml.c6i.2xlarge', true],
    ['ml.c5d.xlarge', false],
    ['ml.g4dn.xlarge', false],
    ['ml.g5.xlarge', false],
    ['ml.g6e.xlarge', false],
    ['ml.p4d.24xlarge', false],
    ['ml.p5.48xlarge', false],
  ])('is set where SageMaker takes one: %s -> %s', (instanceType, hasKey) => {
    // Prepare
    const variant = hasGpu(instanceType) ? 'gpu' : 'cpu';

    // Act
    const template = synthesise(onInstances(dev, variant, instanceType));

    // Assess
    const [config] = resourcesOf(template, 'AWS::SageMaker::EndpointConfig');
    expect(config?.properties.KmsKeyId !== undefined).toBe(hasKey);
    expect(hasLocalStorage(instanceType)).toBe(!hasKey);
  });
});

function onInstances(environment: typeof dev, imageVariant: 'cpu' | 'gpu', instanceType: string): typeof dev {
  return parseEnvironment({
    ...environment,
    image: { variant: imageVariant },
    endpoint: { ...environment.endpoint, instanceType },
    // Transforms know fewer types than endpoints.
    jobs: [],
  });
}
