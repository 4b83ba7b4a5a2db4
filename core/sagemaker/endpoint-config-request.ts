/** CreateEndpointConfig: the variants of an endpoint and how it is called, with the API model's ranges. */
import * as z from 'zod';
import { InstanceType, KmsKeyId, ModelNameText, matching, Name, RoleArn, Tags, VpcConfig } from './fields.ts';
import { refuse } from './validation.ts';

const DestinationS3Uri = matching('(https|s3)://([^/])/?(.*)').max(512);
const SnsTopic = matching('arn:aws[a-z\\-]*:sns:[a-z0-9\\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+').max(2048);
const MediaType = matching('[a-zA-Z0-9](-*[a-zA-Z0-9])*\\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*').min(1).max(256);
const Concurrency = z.int().min(1).max(200);

const ServerlessConfig = z.strictObject({
  MemorySizeInMB: z.int().min(1024).max(6144),
  MaxConcurrency: Concurrency,
  ProvisionedConcurrency: Concurrency.optional(),
});

const ManagedInstanceScaling = z.strictObject({
  Status: z.enum(['ENABLED', 'DISABLED']).optional(),
  MinInstanceCount: z.int().min(0).optional(),
  MaxInstanceCount: z.int().min(1).optional(),
  ScaleInPolicy: z
    .strictObject({
      Strategy: z.enum(['IDLE_RELEASE', 'CONSOLIDATION']),
      MaximumStepSize: z.int().min(1).max(100).optional(),
      CooldownInMinutes: z.int().min(5).max(1440).optional(),
    })
    .optional(),
});

const InstancePool = z.strictObject({
  InstanceType,
  ModelNameOverride: ModelNameText.optional(),
  Priority: z.int().min(1).max(5),
});

export const ProductionVariant = z.strictObject({
  VariantName: Name,
  ModelName: ModelNameText.optional(),
  InitialInstanceCount: z.int().min(1).optional(),
  InstanceType: InstanceType.optional(),
  InstancePools: z.array(InstancePool).min(1).max(5).optional(),
  VariantInstanceProvisionTimeoutInSeconds: z.int().min(300).max(3600).optional(),
  InitialVariantWeight: z.number().min(0).optional(),
  AcceleratorType: z
    .enum(['ml.eia1.medium', 'ml.eia1.large', 'ml.eia1.xlarge', 'ml.eia2.medium', 'ml.eia2.large', 'ml.eia2.xlarge'])
    .optional(),
  CoreDumpConfig: z.strictObject({ DestinationS3Uri, KmsKeyId: KmsKeyId.optional() }).optional(),
  ServerlessConfig: ServerlessConfig.optional(),
  VolumeSizeInGB: z.int().min(1).max(512).optional(),
  ModelDataDownloadTimeoutInSeconds: z.int().min(60).max(3600).optional(),
  ContainerStartupHealthCheckTimeoutInSeconds: z.int().min(60).max(3600).optional(),
  EnableSSMAccess: z.boolean().optional(),
  ManagedInstanceScaling: ManagedInstanceScaling.optional(),
  RoutingConfig: z.strictObject({ RoutingStrategy: z.enum(['LEAST_OUTSTANDING_REQUESTS', 'RANDOM']) }).optional(),
  InferenceAmiVersion: z.string().max(63).optional(),
  CapacityReservationConfig: z
    .strictObject({
      CapacityReservationPreference: z.enum(['capacity-reservations-only']).optional(),
      MlReservationArn: matching('arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z0-9\\-]{1,14}/.*')
        .min(20)
        .max(258)
        .optional(),
    })
    .optional(),
});

export type ProductionVariant = z.infer<typeof ProductionVariant>;

const DataCaptureConfig = z.strictObject({
  EnableCapture: z.boolean().optional(),
  InitialSamplingPercentage: z.int().min(0).max(100),
  DestinationS3Uri,
  KmsKeyId: KmsKeyId.optional(),
  CaptureOptions: z
    .array(z.strictObject({ CaptureMode: z.enum(['Input', 'Output', 'InputAndOutput']) }))
    .min(1)
    .max(32),
  CaptureContentTypeHeader: z
    .strictObject({
      CsvContentTypes: z.array(MediaType).min(1).max(10).optional(),
      JsonContentTypes: z.array(MediaType).min(1).max(10).optional(),
    })
    .optional(),
});

const AsyncInferenceConfig = z.strictObject({
  ClientConfig: z.strictObject({ MaxConcurrentInvocationsPerInstance: z.int().min(1).max(1000).optional() }).optional(),
  OutputConfig: z.strictObject({
    KmsKeyId: KmsKeyId.optional(),
    S3OutputPath: DestinationS3Uri.optional(),
    NotificationConfig: z
      .strictObject({
        SuccessTopic: SnsTopic.optional(),
        ErrorTopic: SnsTopic.optional(),
        IncludeInferenceResponseIn: z
          .array(z.enum(['SUCCESS_NOTIFICATION_TOPIC', 'ERROR_NOTIFICATION_TOPIC']))
          .max(2)
          .optional(),
      })
      .optional(),
    S3FailurePath: DestinationS3Uri.optional(),
  }),
});

export type AsyncInferenceConfig = z.infer<typeof AsyncInferenceConfig>;

export const CreateEndpointConfigRequest = z.strictObject({
  EndpointConfigName: Name,
  ProductionVariants: z.array(ProductionVariant).min(1).max(10),
  DataCaptureConfig: DataCaptureConfig.optional(),
  Tags: Tags.optional(),
  KmsKeyId: KmsKeyId.optional(),
  AsyncInferenceConfig: AsyncInferenceConfig.optional(),
  /** Described as it came; nothing explains here. */
  ExplainerConfig: z.looseObject({}).optional(),
  ShadowProductionVariants: z.array(ProductionVariant).min(1).max(10).optional(),
  ExecutionRoleArn: RoleArn.optional(),
  VpcConfig: VpcConfig.optional(),
  EnableNetworkIsolation: z.boolean().optional(),
  MetricsConfig: z
    .strictObject({
      EnableEnhancedMetrics: z.boolean().optional(),
      MetricPublishFrequencyInSeconds: z.int().optional(),
    })
    .optional(),
});

export type CreateEndpointConfigRequest = z.infer<typeof CreateEndpointConfigRequest>;

export const EndpointConfigName = z.strictObject({ EndpointConfigName: Name });

/** @throws TwinvecError ValidationFailed for a rule between fields that the configuration breaks. */
export function checkEndpointConfig(config: CreateEndpointConfigRequest): void {
  const { ProductionVariants: production, ShadowProductionVariants: shadows = [] } = config;
  const variants = [...production, ...shadows];
  variants.forEach(checkVariant);
  const names = variants.map(({ VariantName }) => VariantName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse(`Variant names must be unique; "${twice}" is there twice.`);
  if (shadows.length > 0 && (shadows.length > 1 || production.length > 1)) {
    throw refuse('With a shadow variant there must be one production variant and one shadow variant.');
  }
}

function checkVariant(variant: ProductionVariant): void {
  const { VariantName: name, ServerlessConfig: serverless } = variant;
  if (variant.ModelName === undefined) {
    throw refuse(`Variant "${name}" needs a ModelName: the local service has no inference components.`);
  }
  if (!serverless) return;
  if (variant.InstanceType !== undefined || variant.InitialInstanceCount !== undefined) {
    throw refuse(`Variant "${name}" cannot have both ServerlessConfig and InstanceType or InitialInstanceCount.`);
  }
  if (serverless.MemorySizeInMB % 1024 !== 0) {
    throw refuse(`MemorySizeInMB of variant "${name}" must be 1024, 2048, 3072, 4096, 5120 or 6144.`);
  }
  if ((serverless.ProvisionedConcurrency ?? 0) > serverless.MaxConcurrency) {
    throw refuse(`ProvisionedConcurrency of variant "${name}" must not be above its MaxConcurrency.`);
  }
}
