/**
 * Batch, as a whole: a model of its own whose role reaches the data buckets (the endpoint's does not), the functions,
 * the state machine, and one schedule per job of the environment.
 */
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { costTags } from '../cost-tags.ts';
import type { Environment } from '../environments/schema.ts';
import type { JobDefinition } from '../jobs/schema.ts';
import { allowVolumeKey } from './allow-volume-key.ts';
import { BatchFunctions, RETRY_MANIFESTS } from './batch-functions.ts';
import type { DataBuckets } from './data-buckets.ts';
import { DeadLetters } from './dead-letters.ts';
import { GpuModel } from './gpu-model.ts';
import { hasLocalStorage } from './instance-type.ts';
import type { ModelArtifact } from './model-artifact.ts';
import type { NoticeTopic } from './notice-topic.ts';
import type { FunctionSurroundings } from './service-function.ts';
import type { ServingImage } from './serving-image.ts';
import { StateMachineSchedule } from './state-machine-schedule.ts';
import { TransformStateMachine } from './transform-state-machine.ts';

export interface BatchTransformsProps {
  readonly environment: Environment;
  readonly image: ServingImage;
  readonly artifact: ModelArtifact;
  readonly buckets: DataBuckets;
  readonly key: IKey;
  /** Where failed runs are told. */
  readonly notices: NoticeTopic;
  readonly surroundings: FunctionSurroundings;
}

export class BatchTransforms extends Construct {
  readonly stateMachineArn: string;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: BatchTransformsProps) {
    super(scope, id);
    const { environment, image, artifact, buckets, key, notices, surroundings } = props;
    const model = new GpuModel(this, 'Model', {
      image,
      artifact,
      logGroup: 'TransformJobs',
      network: surroundings.network,
    });
    allowData(model, buckets, key);
    if (!environment.jobs.every(({ instanceType }) => hasLocalStorage(instanceType))) allowVolumeKey(model.role, key);
    const functions = new BatchFunctions(this, 'Functions', {
      buckets,
      key,
      jobNames: environment.jobs.map(({ name }) => name),
      reservedConcurrency: environment.reservedConcurrency,
      surroundings,
    });
    const machine = new TransformStateMachine(this, 'Transform', {
      validator: functions.validator,
      orchestrator: functions.orchestrator,
      partConcurrency: environment.reservedConcurrency.validator,
      notices,
      noticeKey: key,
      logRetentionDays: surroundings.logRetentionDays,
      logKey: surroundings.logKey,
    });
    this.stateMachineArn = machine.arn;
    const deadLetters = new DeadLetters(this, 'DeadLetters');
    this.alarms = [...machine.alarms, deadLetters.alarm];
    for (const job of environment.jobs) {
      new StateMachineSchedule(this, job.name, {
        name: job.name,
        schedule: job.schedule,
        stateMachineArn: machine.arn,
        input: { definition: { ...definitionOf(job, model, props), inputs: environment.model.inputs } },
        deadLetters,
      });
    }
  }
}

/** The job as the orchestrator takes it: folders become addresses in this deployment's buckets. */
function definitionOf(
  job: JobDefinition,
  model: GpuModel,
  { environment, buckets, key }: BatchTransformsProps,
): Record<string, unknown> {
  const { inputFolder, inputManifest, outputFolder, capture, schedule: _, ...fields } = job;
  const captured = capture && {
    s3Uri: buckets.output.s3UrlForObject(capture.folder),
    kmsKeyId: key.keyArn,
    generateInferenceId: capture.generateInferenceId,
  };
  return {
    ...fields,
    tags: { ...fields.tags, ...costTags(environment) },
    ...(captured ? { capture: captured } : {}),
    modelName: model.modelName,
    inputS3Uri: buckets.input.s3UrlForObject(inputFolder),
    ...(inputManifest === undefined ? {} : { inputManifestS3Uri: buckets.input.s3UrlForObject(inputManifest) }),
    outputS3Uri: buckets.output.s3UrlForObject(outputFolder),
    outputKmsKeyId: key.keyArn,
    ...(hasLocalStorage(fields.instanceType) ? {} : { volumeKmsKeyId: key.keyArn }),
  };
}

/** A transform reads and writes with its model's role. */
function allowData(model: GpuModel, buckets: DataBuckets, key: IKey): void {
  const allow = (actions: string[], resource: string) =>
    model.role.addToPolicy(new PolicyStatement({ actions, resources: [resource] }));
  allow(['s3:ListBucket'], buckets.input.bucketArn);
  allow(['s3:GetObject'], buckets.input.arnForObjects('*'));
  // The files that failed, named in a manifest.
  allow(['s3:GetObject'], buckets.output.arnForObjects(RETRY_MANIFESTS));
  allow(['s3:PutObject', 's3:AbortMultipartUpload'], buckets.output.arnForObjects('*'));
  allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn);
}
