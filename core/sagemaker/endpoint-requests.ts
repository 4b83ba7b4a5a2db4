/** The requests that make, change and name endpoints, with the API model's ranges. */
import * as z from 'zod';
import { Name, Tags } from './fields.ts';
import { refuse } from './validation.ts';

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

const CapacitySize = z.strictObject({
  Type: z.enum(['INSTANCE_COUNT', 'CAPACITY_PERCENT']),
  Value: z.int().min(1),
});
export type CapacitySize = z.infer<typeof CapacitySize>;
const WaitSeconds = z.int().min(0).max(3600);
const ExecutionSeconds = z.int().min(600).max(28_800);

export const DeploymentConfig = z.strictObject({
  BlueGreenUpdatePolicy: z
    .strictObject({
      TrafficRoutingConfiguration: z.strictObject({
        Type: z.enum(['ALL_AT_ONCE', 'CANARY', 'LINEAR']),
        WaitIntervalInSeconds: WaitSeconds,
        CanarySize: CapacitySize.optional(),
        LinearStepSize: CapacitySize.optional(),
      }),
      TerminationWaitInSeconds: WaitSeconds.optional(),
      MaximumExecutionTimeoutInSeconds: ExecutionSeconds.optional(),
    })
    .optional(),
  RollingUpdatePolicy: z
    .strictObject({
      MaximumBatchSize: CapacitySize,
      WaitIntervalInSeconds: WaitSeconds,
      MaximumExecutionTimeoutInSeconds: ExecutionSeconds.optional(),
      RollbackMaximumBatchSize: CapacitySize.optional(),
    })
    .optional(),
  AutoRollbackConfiguration: z
    .strictObject({
      Alarms: z
        .array(
          z.strictObject({
            AlarmName: z
              .string()
              .regex(/^(?!\s*$).+$/)
              .min(1)
              .max(255)
              .optional(),
          }),
        )
        .min(1)
        .max(10)
        .optional(),
    })
    .optional(),
});

export type DeploymentConfig = z.infer<typeof DeploymentConfig>;

/**
 * What the fields alone do not show. Sizes in instances are not held to their percentages: endpoints here often have one.
 *
 * @throws TwinvecError ValidationFailed
 */
export function checkDeploymentConfig(config: DeploymentConfig | undefined): void {
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = config ?? {};
  if (blueGreen && rolling) {
    throw refuse('DeploymentConfig cannot have both BlueGreenUpdatePolicy and RollingUpdatePolicy.');
  }
  if (rolling) {
    checkSize('MaximumBatchSize', rolling.MaximumBatchSize, 5, 50);
    if (rolling.RollbackMaximumBatchSize)
      checkSize('RollbackMaximumBatchSize', rolling.RollbackMaximumBatchSize, 5, 100);
  }
  const { Type: type, CanarySize: canary, LinearStepSize: step } = blueGreen?.TrafficRoutingConfiguration ?? {};
  if (type === 'CANARY' && !canary) throw refuse('TrafficRoutingConfiguration of Type CANARY needs a CanarySize.');
  if (type === 'LINEAR' && !step) throw refuse('TrafficRoutingConfiguration of Type LINEAR needs a LinearStepSize.');
  if (canary) checkSize('CanarySize', canary, 1, 50);
  if (step) checkSize('LinearStepSize', step, 10, 50);
}

function checkSize(name: string, { Type: type, Value: value }: CapacitySize, least: number, most: number): void {
  if (type !== 'CAPACITY_PERCENT' || (value >= least && value <= most)) return;
  throw refuse(`${name} must be from ${least} to ${most} percent of the capacity, not ${value}.`);
}

export const CreateEndpointRequest = z.strictObject({
  EndpointName: Name,
  EndpointConfigName: Name,
  DeploymentConfig: DeploymentConfig.optional(),
  Tags: Tags.optional(),
});

export const UpdateEndpointRequest = z.strictObject({
  EndpointName: Name,
  EndpointConfigName: Name,
  RetainAllVariantProperties: z.boolean().default(false),
  ExcludeRetainedVariantProperties: z
    .array(
      z.strictObject({ VariantPropertyType: z.enum(['DesiredInstanceCount', 'DesiredWeight', 'DataCaptureConfig']) }),
    )
    .max(3)
    .default([]),
  DeploymentConfig: DeploymentConfig.optional(),
  RetainDeploymentConfig: z.boolean().default(false),
});

export type UpdateEndpointRequest = z.infer<typeof UpdateEndpointRequest>;

export const UpdateEndpointWeightsAndCapacitiesRequest = z.strictObject({
  EndpointName: Name,
  DesiredWeightsAndCapacities: z
    .array(
      z.strictObject({
        VariantName: Name,
        DesiredWeight: z.number().min(0).optional(),
        DesiredInstanceCount: z.int().min(0).optional(),
        ServerlessUpdateConfig: z
          .strictObject({
            MaxConcurrency: z.int().min(1).max(200).optional(),
            ProvisionedConcurrency: z.int().min(1).max(200).optional(),
          })
          .optional(),
      }),
    )
    .min(1),
});

export type DesiredWeightsAndCapacities = z.infer<
  typeof UpdateEndpointWeightsAndCapacitiesRequest
>['DesiredWeightsAndCapacities'];

export const EndpointName = z.strictObject({ EndpointName: Name });
