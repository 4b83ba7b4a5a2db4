/**
 * CreateTrainingJob: the request with the API model's ranges, and which of its valid fields this machine does not do.
 * Those are refused by name; a field is never accepted and then ignored, but for those that mean nothing on one machine.
 */
import * as z from 'zod';
import {
  HyperParameters,
  InstanceType,
  KmsKeyId,
  matching,
  Name,
  RoleArn,
  S3UriText,
  Tags,
  TrainingEnvironment,
  VpcConfig,
} from './fields.ts';
import { MetricDefinition } from './metric-definitions.ts';
import { DebugHookConfig, ProfilerConfig, RuleConfiguration } from './training-debugger.ts';
import { refuse } from './validation.ts';

/** Where a container sees its files. A job's own paths begin with it. */
export const CONTAINER_BASE = '/opt/ml';
const DEFAULT_CHECKPOINT_PATH = `${CONTAINER_BASE}/checkpoints`;
const DAY_SECONDS = 86_400;

const InputMode = z.enum(['Pipe', 'File', 'FastFile']);

/** Valid at AWS and refused here by name, whatever is in it. */
const NotHere = z.unknown().optional();

const Channel = z.strictObject({
  ChannelName: matching('[A-Za-z0-9\\.\\-_]+').min(1).max(64),
  DataSource: z.strictObject({
    S3DataSource: z.strictObject({
      S3DataType: z.enum(['ManifestFile', 'S3Prefix', 'AugmentedManifestFile', 'Converse']),
      S3Uri: S3UriText,
      S3DataDistributionType: z.enum(['FullyReplicated', 'ShardedByS3Key']).default('FullyReplicated'),
      AttributeNames: z.array(matching('.+').min(1).max(256)).max(16).optional(),
      InstanceGroupNames: z.array(matching('.+').min(1).max(64)).max(5).optional(),
      ModelAccessConfig: NotHere,
      HubAccessConfig: NotHere,
    }),
  }),
  ContentType: matching('.*').max(256).optional(),
  CompressionType: z.enum(['None', 'Gzip']).default('None'),
  RecordWrapperType: z.enum(['None', 'RecordIO']).default('None'),
  InputMode: InputMode.optional(),
  ShuffleConfig: z.strictObject({ Seed: z.int() }).optional(),
});

export type Channel = z.infer<typeof Channel>;

const AlgorithmSpecification = z.strictObject({
  /** Kept and described; the local service always runs this package's own trainer. */
  TrainingImage: matching('.*').max(255).optional(),
  AlgorithmName: matching(
    '(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)',
  )
    .min(1)
    .max(170)
    .optional(),
  TrainingInputMode: InputMode,
  MetricDefinitions: z.array(MetricDefinition).max(40).optional(),
  EnableSageMakerMetricsTimeSeries: z.boolean().optional(),
  ContainerEntrypoint: NotHere,
  ContainerArguments: NotHere,
  TrainingImageConfig: NotHere,
});

const OutputDataConfig = z.strictObject({
  S3OutputPath: S3UriText,
  KmsKeyId: KmsKeyId.optional(),
  CompressionType: z.enum(['GZIP', 'NONE']).default('GZIP'),
});

const ResourceConfig = z.strictObject({
  InstanceType,
  InstanceCount: z.int().min(0),
  VolumeSizeInGB: z.int().min(0).optional(),
  VolumeKmsKeyId: KmsKeyId.optional(),
  KeepAlivePeriodInSeconds: z.int().min(0).max(21_600).optional(),
  InstanceGroups: NotHere,
  TrainingPlanArn: NotHere,
  InstancePlacementConfig: NotHere,
});

const StoppingCondition = z.strictObject({
  MaxRuntimeInSeconds: z.int().min(1).default(DAY_SECONDS),
  MaxWaitTimeInSeconds: z.int().min(1).optional(),
  MaxPendingTimeInSeconds: z.int().min(7200).max(2_419_200).optional(),
});

const CheckpointConfig = z.strictObject({
  S3Uri: S3UriText,
  LocalPath: matching('.*').max(4096).default(DEFAULT_CHECKPOINT_PATH),
});

export const CreateTrainingJobRequest = z.strictObject({
  TrainingJobName: Name.min(1),
  HyperParameters: HyperParameters.default({}),
  AlgorithmSpecification,
  RoleArn,
  InputDataConfig: z.array(Channel).min(1).max(20).optional(),
  OutputDataConfig,
  ResourceConfig,
  StoppingCondition: StoppingCondition.prefault({}),
  CheckpointConfig: CheckpointConfig.optional(),
  EnableManagedSpotTraining: z.boolean().optional(),
  Environment: TrainingEnvironment.default({}),
  Tags: Tags.optional(),
  // Without a meaning on one machine of one's own, and sent by the Python SDK without being asked.
  EnableNetworkIsolation: z.boolean().optional(),
  EnableInterContainerTrafficEncryption: z.boolean().optional(),
  VpcConfig: VpcConfig.optional(),
  DebugHookConfig: DebugHookConfig.optional(),
  ProfilerConfig: ProfilerConfig.optional(),
  ProfilerRuleConfigurations: z.array(RuleConfiguration).max(20).optional(),
  DebugRuleConfigurations: NotHere,
  TensorBoardOutputConfig: NotHere,
  ExperimentConfig: NotHere,
  RetryStrategy: NotHere,
  RemoteDebugConfig: NotHere,
  InfraCheckConfig: NotHere,
  SessionChainingConfig: NotHere,
  ServerlessJobConfig: NotHere,
  MlflowConfig: NotHere,
  ModelPackageConfig: NotHere,
});

export type CreateTrainingJobRequest = z.infer<typeof CreateTrainingJobRequest>;

export const TrainingJobName = z.strictObject({ TrainingJobName: Name.min(1) });

export type TrainingJobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

/** The steps of a job, each with the sentence that Describe gives for it. */
export const SECONDARY_STATUSES = {
  Starting: 'Preparing the instances for training',
  Restarting: 'Restarting the training job from its checkpoint',
  Downloading: 'Downloading input data',
  Training: 'Training in progress',
  Uploading: 'Uploading generated training model',
  Stopping: 'Stopping the training job',
  Stopped: 'Training job stopped',
  MaxRuntimeExceeded: 'Training job runtime exceeded MaxRuntimeInSeconds provided',
  Completed: 'Training job completed',
  Failed: 'Training job failed',
} as const;

export type SecondaryStatus = keyof typeof SECONDARY_STATUSES;

/** @throws TwinvecError ValidationFailed naming every valid field that is not done here, or a rule between fields. */
export function checkTrainingSupported(job: CreateTrainingJobRequest): void {
  const unsupported = unsupportedFields(job);
  if (unsupported.length > 0) {
    throw refuse(
      `${unsupported.join(', ')}: valid at AWS, not supported by the local service. docs/local-differences.md lists what is.`,
    );
  }
  if (job.ResourceConfig.InstanceCount === 0) throw refuse('ResourceConfig.InstanceCount must be at least 1.');
  const names = (job.InputDataConfig ?? []).map(({ ChannelName }) => ChannelName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse(`Channel names must be unique; ${twice} is there twice.`);
  const spot = job.EnableManagedSpotTraining ?? false;
  const { MaxRuntimeInSeconds: run, MaxWaitTimeInSeconds: waitFor } = job.StoppingCondition;
  if (spot && (waitFor === undefined || waitFor < run)) {
    throw refuse(
      'Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds',
    );
  }
}

/** Top members that only the hosted service can mean. */
const NOT_HERE = [
  'DebugRuleConfigurations',
  'TensorBoardOutputConfig',
  'ExperimentConfig',
  'RetryStrategy',
  'RemoteDebugConfig',
  'InfraCheckConfig',
  'SessionChainingConfig',
  'ServerlessJobConfig',
  'MlflowConfig',
  'ModelPackageConfig',
] as const satisfies readonly (keyof CreateTrainingJobRequest)[];

function given<Member extends string>(
  owner: { readonly [Key in Member]?: unknown },
  at: string,
  members: readonly Member[],
): (readonly [boolean, string])[] {
  return members.map((member) => [owner[member] !== undefined, `${at}${member}`]);
}

function unsupportedFields(job: CreateTrainingJobRequest): string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [job.AlgorithmSpecification.TrainingInputMode === 'Pipe', 'AlgorithmSpecification.TrainingInputMode=Pipe'],
    ...given(job, '', NOT_HERE),
    ...given(job.AlgorithmSpecification, 'AlgorithmSpecification.', [
      'ContainerEntrypoint',
      'ContainerArguments',
      'TrainingImageConfig',
    ]),
    ...given(job.ResourceConfig, 'ResourceConfig.', ['InstanceGroups', 'TrainingPlanArn', 'InstancePlacementConfig']),
    [
      job.CheckpointConfig !== undefined && !isContainerPath(job.CheckpointConfig.LocalPath),
      `CheckpointConfig.LocalPath=${job.CheckpointConfig?.LocalPath} (it must be below ${CONTAINER_BASE})`,
    ],
    ...(job.InputDataConfig ?? []).flatMap(unsupportedInChannel),
  ];
  return rules.filter(([present]) => present).map(([, name]) => name);
}

function unsupportedInChannel(channel: Channel): (readonly [boolean, string])[] {
  const at = `InputDataConfig.${channel.ChannelName}`;
  const source = channel.DataSource.S3DataSource;
  return [
    [channel.InputMode === 'Pipe', `${at}.InputMode=Pipe`],
    [!/^(ManifestFile|S3Prefix)$/.test(source.S3DataType), `${at}.S3DataType=${source.S3DataType}`],
    ...given(source, `${at}.`, ['AttributeNames', 'InstanceGroupNames', 'ModelAccessConfig', 'HubAccessConfig']),
    [channel.RecordWrapperType !== 'None', `${at}.RecordWrapperType=${channel.RecordWrapperType}`],
    [channel.ShuffleConfig !== undefined, `${at}.ShuffleConfig`],
  ];
}

function isContainerPath(path: string): boolean {
  return path.startsWith(`${CONTAINER_BASE}/`) && !path.split('/').includes('..');
}

/** The files of `input/config` as AWS documents them, by name (your-algorithms-training-algo-running-container). */
export function trainingConfigFiles(job: CreateTrainingJobRequest): Readonly<Record<string, unknown>> {
  const { InstanceCount: count, InstanceType: type } = job.ResourceConfig;
  const hosts = Array.from({ length: count }, (_, n) => `algo-${n + 1}`);
  const group = 'homogeneousCluster';
  return {
    'hyperparameters.json': job.HyperParameters,
    'inputdataconfig.json': Object.fromEntries(
      (job.InputDataConfig ?? []).map((channel) => [channel.ChannelName, describeChannel(job, channel)]),
    ),
    'resourceconfig.json': {
      current_host: hosts[0],
      current_instance_type: type,
      current_group_name: group,
      hosts,
      instance_groups: [{ instance_group_name: group, instance_type: type, hosts }],
      network_interface_name: 'lo',
    },
  };
}

function describeChannel(job: CreateTrainingJobRequest, channel: Channel) {
  return {
    TrainingInputMode: channel.InputMode ?? job.AlgorithmSpecification.TrainingInputMode,
    S3DistributionType: channel.DataSource.S3DataSource.S3DataDistributionType,
    RecordWrapperType: channel.RecordWrapperType,
    ...(channel.ContentType === undefined ? {} : { ContentType: channel.ContentType }),
    ...(channel.CompressionType === 'None' ? {} : { CompressionType: channel.CompressionType }),
  };
}

/**
 * DescribeTrainingJob's FailureReason: what the failure file says, whose fault it is in front, the exit code behind.
 *
 * @param said the content of `output/failure`; undefined when there is none
 */
export function trainingFailureReason(said: string | undefined, exitCode: number, maxLength: number): string {
  const text = said?.trim() ?? '';
  const whose = /^(Client|Algorithm|InternalServer)Error: /.test(text) ? '' : 'AlgorithmError: ';
  const end = `, exit code: ${exitCode}`;
  return `${whose}${text}`.slice(0, maxLength - end.length) + end;
}
