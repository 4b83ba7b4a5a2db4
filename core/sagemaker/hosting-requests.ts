/**
 * The requests that make and describe models, endpoint configurations and endpoints, with the API model's ranges.
 * Only the fields that the local service acts on are here: another field is refused by name, never ignored.
 */
import * as z from 'zod';
import { InstanceType, ModelEnvironment, Name, S3UriText, Tags } from './fields.ts';

const Container = z.strictObject({
  /** Kept and described; the local service always starts this package's own server. */
  Image: z.string().max(255).optional(),
  ModelDataUrl: S3UriText,
  Environment: ModelEnvironment.default({}),
  Mode: z.literal('SingleModel').optional(),
});

export const CreateModelRequest = z.strictObject({
  ModelName: Name,
  PrimaryContainer: Container,
  ExecutionRoleArn: z.string().min(20).max(2048).optional(),
  EnableNetworkIsolation: z.boolean().optional(),
  Tags: Tags.optional(),
});

export type CreateModelRequest = z.infer<typeof CreateModelRequest>;

const ProductionVariant = z.strictObject({
  VariantName: Name,
  ModelName: Name,
  InitialInstanceCount: z.int().min(1).optional(),
  InstanceType: InstanceType.optional(),
  InitialVariantWeight: z.number().min(0).optional(),
  VolumeSizeInGB: z.int().min(1).max(512).optional(),
  ModelDataDownloadTimeoutInSeconds: z.int().min(60).max(3600).optional(),
  ContainerStartupHealthCheckTimeoutInSeconds: z.int().min(60).max(3600).optional(),
});

export const CreateEndpointConfigRequest = z.strictObject({
  EndpointConfigName: Name,
  ProductionVariants: z.array(ProductionVariant).min(1).max(10),
  Tags: Tags.optional(),
});

export type CreateEndpointConfigRequest = z.infer<typeof CreateEndpointConfigRequest>;

export const CreateEndpointRequest = z.strictObject({
  EndpointName: Name,
  EndpointConfigName: Name,
  Tags: Tags.optional(),
});

export const ModelName = z.strictObject({ ModelName: Name });
export const EndpointConfigName = z.strictObject({ EndpointConfigName: Name });
export const EndpointName = z.strictObject({ EndpointName: Name });

export const ENDPOINT_STATUSES = [
  'OutOfService',
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'InService',
  'Deleting',
  'Failed',
  'UpdateRollbackFailed',
] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];
