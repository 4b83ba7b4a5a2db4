/**
 * Retraining on a schedule or by hand: a role for the job, a state machine that starts it and looks after it, and an
 * alarm when it fails.
 */
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Training } from '../environments/training-fields.ts';
import { allowTracing } from './allow-tracing.ts';
import { allowVolumeKey } from './allow-volume-key.ts';
import type { DataBuckets } from './data-buckets.ts';
import { DeadLetters } from './dead-letters.ts';
import { allowSageMakerLogs } from './gpu-model.ts';
import { hasLocalStorage } from './instance-type.ts';
import type { NoticeTopic } from './notice-topic.ts';
import type { FunctionSurroundings } from './service-function.ts';
import type { ServingImage } from './serving-image.ts';
import { StateMachineSchedule } from './state-machine-schedule.ts';
import { trainingStates } from './training-states.ts';
import { ownService } from './trust.ts';
import { watch } from './watch.ts';

export interface TrainingPipelineProps {
  readonly training: Training;
  readonly image: ServingImage;
  /** Channels come from the input bucket, models go to the output bucket. */
  readonly buckets: DataBuckets;
  readonly key: IKey;
  /** Where a new model's address is told. */
  readonly notices: NoticeTopic;
  /** Of every job, beside what the stack's resources carry. */
  readonly tags: Readonly<Record<string, string>>;
  readonly surroundings: FunctionSurroundings;
}

export class TrainingPipeline extends Construct {
  readonly stateMachineArn: string;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: TrainingPipelineProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const jobPrefix = `${stack.stackName}-train`;
    const jobRole = this.createJobRole(props);
    this.stateMachineArn = stack.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: jobPrefix,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const role = this.createRole(props, jobRole, jobPrefix);
    const machine = new CfnStateMachine(this, 'StateMachine', {
      stateMachineName: jobPrefix,
      roleArn: role.roleArn,
      definition: trainingStates({
        request: trainingRequest(props, jobRole),
        jobPrefix,
        topicArn: props.notices.topicArn,
        partition: stack.partition,
      }),
      definitionSubstitutions: { Partition: stack.partition },
      tracingConfiguration: { enabled: true },
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: this.createLogs(props.surroundings).logGroupArn } }],
      },
    });
    machine.node.addDependency(role, jobRole);
    this.alarms = [this.watchRuns(), ...this.schedule(props.training)];
  }

  private createJobRole({ image, buckets, key, training, surroundings }: TrainingPipelineProps): Role {
    const role = new Role(this, 'JobRole', { assumedBy: ownService(this, 'sagemaker.amazonaws.com', '*') });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    image.grantPull(role);
    allowSageMakerLogs(role, 'TrainingJobs');
    surroundings.network?.grantInterfaces(role);
    const folders = Object.values(training.channels).filter((folder) => folder !== undefined);
    allow(['s3:ListBucket'], [buckets.input.bucketArn]);
    allow(
      ['s3:GetObject'],
      folders.map((folder) => buckets.input.arnForObjects(`${folder}*`)),
    );
    allow(['s3:PutObject', 's3:AbortMultipartUpload'], [buckets.output.arnForObjects('models/*')]);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn]);
    if (!hasLocalStorage(training.instanceType)) allowVolumeKey(role, key);
    return role;
  }

  private createRole({ notices, key }: TrainingPipelineProps, jobRole: Role, jobPrefix: string): Role {
    const role = new Role(this, 'Role', { assumedBy: ownService(this, 'states.amazonaws.com', 'stateMachine:*') });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    const jobs = Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'training-job',
      resourceName: `${jobPrefix}-*`,
    });
    allow(['sagemaker:AddTags', 'sagemaker:CreateTrainingJob', 'sagemaker:DescribeTrainingJob'], [jobs]);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [jobRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
      }),
    );
    allow(['sns:Publish'], [notices.topicArn]);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn]);
    allow(['states:ListExecutions'], [this.stateMachineArn]);
    allowTracing(role);
    return role;
  }

  private createLogs({ logRetentionDays, logKey }: FunctionSurroundings): LogGroup {
    return new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${Stack.of(this).stackName}-training`,
      retention: logRetentionDays,
      encryptionKey: logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private watchRuns(): Alarm {
    return watch(this, 'TrainingFailed', {
      description: 'A retraining failed; the execution has the reason: docs/operations.md',
      metric: new Metric({
        namespace: 'AWS/States',
        metricName: 'ExecutionsFailed',
        dimensionsMap: { StateMachineArn: this.stateMachineArn },
        statistic: 'Sum',
      }),
      threshold: 1,
      periods: 1,
    });
  }

  private schedule({ schedule }: Training): Alarm[] {
    if (!schedule) return [];
    const deadLetters = new DeadLetters(this, 'DeadLetters');
    const { stateMachineArn } = this;
    new StateMachineSchedule(this, 'Schedule', { name: 'training', schedule, stateMachineArn, input: {}, deadLetters });
    return [deadLetters.alarm];
  }
}

/** CreateTrainingJob's request, all but the name. */
function trainingRequest({ training, image, buckets, key, tags, surroundings }: TrainingPipelineProps, jobRole: Role) {
  const { spotWaitSeconds, maxRuntimeSeconds } = training;
  const volumeKey = hasLocalStorage(training.instanceType) ? {} : { VolumeKmsKeyId: key.keyArn };
  return {
    AlgorithmSpecification: { TrainingImage: image.uri, TrainingInputMode: 'File' },
    RoleArn: jobRole.roleArn,
    HyperParameters: training.hyperparameters,
    InputDataConfig: Object.entries(training.channels).map(([ChannelName, folder]) => ({
      ChannelName,
      DataSource: {
        S3DataSource: {
          S3DataType: 'S3Prefix',
          S3Uri: buckets.input.s3UrlForObject(folder),
          S3DataDistributionType: 'FullyReplicated',
        },
      },
    })),
    OutputDataConfig: { S3OutputPath: buckets.output.s3UrlForObject('models'), KmsKeyId: key.keyArn },
    ResourceConfig: {
      InstanceType: training.instanceType,
      InstanceCount: 1,
      VolumeSizeInGB: training.volumeGib,
      ...volumeKey,
    },
    StoppingCondition: {
      MaxRuntimeInSeconds: maxRuntimeSeconds,
      ...(spotWaitSeconds === undefined ? {} : { MaxWaitTimeInSeconds: maxRuntimeSeconds + spotWaitSeconds }),
    },
    EnableManagedSpotTraining: spotWaitSeconds !== undefined,
    EnableNetworkIsolation: true,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    ...(surroundings.network
      ? {
          VpcConfig: {
            Subnets: surroundings.network.configuration.subnets,
            SecurityGroupIds: surroundings.network.configuration.securityGroupIds,
          },
        }
      : {}),
  };
}
