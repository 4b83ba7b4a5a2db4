/** The three kinds of endpoints: what each has, and that nothing asks for what its kind does not know. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BACKLOG_METRICS, VARIANT_METRICS } from '../../infra/constructs/endpoint-metrics.ts';
import { findEnvironment } from '../../infra/environments/all.ts';
import { parseEnvironment } from '../../infra/environments/schema.ts';
import { plain, resourcesOf, synthesise } from './synthesise.ts';
import { asynchronous, closed, components, VARIANTS } from './variants.ts';

const dev = findEnvironment('dev');
const only = (template: ReturnType<typeof synthesise>, type: string) => resourcesOf(template, type)[0]?.properties;

describe('a real-time endpoint', () => {
  const environment = parseEnvironment({
    ...dev,
    endpoint: {
      ...dev.endpoint,
      instanceCount: 2,
      deployment: { strategy: 'rolling', percent: 50, waitSeconds: 60 },
      scaling: {
        min: 1,
        max: 5,
        invocationsPerInstancePerMinute: 600,
        schedules: [{ name: 'morning', expression: 'cron(0 6 * * ? *)', timeZone: 'UTC', min: 2, max: 5 }],
      },
    } as never,
  });
  const template = synthesise(environment);

  it('follows the calls that an instance gets, and the clock, and never goes down to nothing', () => {
    expect(only(template, 'AWS::ApplicationAutoScaling::ScalableTarget')).toMatchObject({
      ResourceId: 'endpoint/twinvec-dev/variant/AllTraffic',
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      MinCapacity: 1,
      ScheduledActions: [{ ScheduledActionName: 'morning', Timezone: 'UTC', ScalableTargetAction: { MinCapacity: 2 } }],
    });
    const policies = resourcesOf(template, 'AWS::ApplicationAutoScaling::ScalingPolicy');
    expect(policies).toHaveLength(1);
    expect(policies[0]?.properties.TargetTrackingScalingPolicyConfiguration).toMatchObject({
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      TargetValue: 600,
    });
  });

  it('keeps its instances through a deployment, and goes back when an alarm rings', () => {
    const endpoint = only(template, 'AWS::SageMaker::Endpoint');
    expect(endpoint.RetainAllVariantProperties).toBe(true);
    expect(endpoint.DeploymentConfig.RollingUpdatePolicy).toMatchObject({
      MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 },
    });
    const { Alarms } = endpoint.DeploymentConfig.AutoRollbackConfiguration;
    expect(Alarms.map(({ AlarmName }: { AlarmName: unknown }) => plain(AlarmName))).toEqual([
      '<EndpointAlarmsServerErrors>',
      '<EndpointAlarmsSlow>',
      '<EndpointAlarmsRefused>',
    ]);
  });

  it('keeps captured requests in a bucket, under the key, for a month', () => {
    const captured = synthesise(closed());
    const { DataCaptureConfig } = only(captured, 'AWS::SageMaker::EndpointConfig');
    expect(DataCaptureConfig.InitialSamplingPercentage).toBe(10);
    expect(plain(DataCaptureConfig.DestinationS3Uri)).toBe('s3://<KeptRequests>/capture/');
    expect(plain(DataCaptureConfig.KmsKeyId)).toBe('<Key.Arn>');
    const kept = resourcesOf(captured, 'AWS::S3::Bucket').find(({ id }) => id.startsWith('KeptRequests'));
    const rules = kept?.properties.LifecycleConfiguration.Rules;
    expect(rules).toContainEqual({ Id: 'expire-capture', ExpirationInDays: 30, Prefix: 'capture/', Status: 'Enabled' });
  });
});

describe('an asynchronous endpoint', () => {
  const template = synthesise(asynchronous());

  it('takes asynchronous calls only, and the router is told so', () => {
    const { AsyncInferenceConfig } = only(template, 'AWS::SageMaker::EndpointConfig');
    expect(plain(AsyncInferenceConfig.OutputConfig.S3OutputPath)).toBe('s3://<KeptRequests>/async/outputs/');
    expect(AsyncInferenceConfig.ClientConfig).toEqual({ MaxConcurrentInvocationsPerInstance: 4 });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { ENDPOINT_NAME: 'twinvec-dev', ENDPOINT_MODE: 'async' } },
    });
  });

  it('lets its container take bodies as large as SageMaker sends', () => {
    const [model] = resourcesOf(template, 'AWS::SageMaker::Model').filter(({ id }) => id.startsWith('EndpointModel'));
    expect(model?.properties.PrimaryContainer.Environment).toEqual({ TWINVEC_MAX_BODY_MB: '1024' });
  });

  it('follows its backlog, found by the one dimension that AWS publishes it with, and wakes from nothing', () => {
    const policies = resourcesOf(template, 'AWS::ApplicationAutoScaling::ScalingPolicy');
    const [load, wake] = ['Load', 'Wake'].map((name) => policies.find(({ id }) => id.includes(name))?.properties);
    expect(load.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification).toMatchObject({
      MetricName: 'ApproximateBacklogSizePerInstance',
      Dimensions: [{ Name: 'EndpointName', Value: 'twinvec-dev' }],
    });
    expect(wake.PolicyType).toBe('StepScaling');
    const waiting = resourcesOf(template, 'AWS::CloudWatch::Alarm').find(({ id }) => id.includes('ScalingWaiting'));
    expect(waiting?.properties).toMatchObject({ MetricName: 'HasBacklogWithoutCapacity', Threshold: 1 });
    expect(plain(waiting?.properties.AlarmActions[0])).toBe('<EndpointScalingWake>');
  });
});

describe('a component-hosted endpoint', () => {
  const template = synthesise(components());

  it('has no model of its own but a component, cut off from the network like any model', () => {
    const config = only(template, 'AWS::SageMaker::EndpointConfig');
    expect(config.EnableNetworkIsolation).toBe(true);
    expect(config.ProductionVariants[0]).toMatchObject({
      ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 2 },
    });
    expect(config.ProductionVariants[0].ModelName).toBeUndefined();
    expect(only(template, 'AWS::SageMaker::InferenceComponent')).toMatchObject({
      InferenceComponentName: 'twinvec-dev-model',
      Specification: {
        ComputeResourceRequirements: { NumberOfAcceleratorDevicesRequired: 1, MinMemoryRequiredInMb: 4096 },
      },
      DeploymentConfig: { RollingUpdatePolicy: { MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 } } },
    });
  });

  it('goes down to no copies, and comes back when somebody calls', () => {
    expect(only(template, 'AWS::ApplicationAutoScaling::ScalableTarget')).toMatchObject({
      ResourceId: 'inference-component/twinvec-dev-model',
      ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
      MinCapacity: 0,
    });
    const waiting = resourcesOf(template, 'AWS::CloudWatch::Alarm').find(({ id }) => id.includes('ScalingWaiting'));
    expect(waiting?.properties).toMatchObject({
      MetricName: 'NoCapacityInvocationFailures',
      Dimensions: [{ Name: 'InferenceComponentName', Value: 'twinvec-dev-model' }],
    });
  });
});

describe.each(Object.entries(VARIANTS))('the metrics that %s asks for', (_, load) => {
  const environment = load();
  const template = synthesise(environment);
  const modes = new Map([
    ['twinvec-dev', environment.endpoint.mode],
    ['twinvec-prod', environment.endpoint.mode],
    ['twinvec-dev-async', 'async' as const],
    ['twinvec-prod-async', 'async' as const],
  ]);

  it('are published for that kind of endpoint', () => {
    const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').filter(
      ({ properties }) => properties.Namespace === 'AWS/SageMaker' && !properties.MetricName.startsWith('NoCapacity'),
    );
    expect(alarms.length).toBeGreaterThan(4);
    for (const { properties } of alarms) {
      const named = (name: string) => properties.Dimensions.find(({ Name }: { Name: string }) => Name === name)?.Value;
      const mode = modes.get(named('EndpointName'));
      const published: Readonly<Record<string, readonly string[]>> = VARIANT_METRICS;
      if (named('VariantName') === undefined) {
        expect(mode).toBe('async');
        expect(BACKLOG_METRICS).toContain(properties.MetricName);
      } else expect(published[properties.MetricName]).toContain(mode);
    }
  });

  it('are told to somebody when they ring, all but the one that starts the first instance', () => {
    for (const { id, properties } of resourcesOf(template, 'AWS::CloudWatch::Alarm')) {
      if (id.includes('ScalingWaiting')) continue;
      expect(properties.AlarmActions.map(plain)).toEqual(['<Notices>']);
      expect(properties.AlarmDescription).toContain('docs/operations.md');
    }
  });
});

describe('the model', () => {
  it('can be a file of this machine, of which the role may read nothing but that', () => {
    // Prepare
    const folder = mkdtempSync(join(tmpdir(), 'twinvec-archive-'));
    const archive = join(folder, 'model.tar.gz');
    writeFileSync(archive, 'the bytes do not matter here');

    // Act
    const template = synthesise(parseEnvironment({ ...dev, model: { archive } }));
    rmSync(folder, { recursive: true });

    // Assess
    const { PrimaryContainer } = only(template, 'AWS::SageMaker::Model');
    expect(plain(PrimaryContainer.ModelDataUrl)).toMatch(/^s3:\/\/cdk-hnb659fds-assets-.*\/[0-9a-f]{64}\.gz$/);
    const [policy] = resourcesOf(template, 'AWS::IAM::Policy').filter(({ id }) => id.startsWith('EndpointModelRole'));
    const readable = policy?.properties.PolicyDocument.Statement.filter(
      ({ Action }: { Action: unknown }) => Action === 's3:GetObject',
    );
    expect(plain(readable[0].Resource)).toMatch(/[0-9a-f]{64}\.gz$/);
  });

  it('runs in an image that is named by its digest', () => {
    const { PrimaryContainer } = only(synthesise(closed()), 'AWS::SageMaker::Model');
    expect(plain(PrimaryContainer.Image)).toMatch(/\/twinvec@sha256:(?:0a){32}$/);
  });
});
