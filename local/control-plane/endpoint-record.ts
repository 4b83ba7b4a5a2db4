/** What is kept of an endpoint: its state, and all that is needed to start it again when its model and config are gone. */
import * as z from 'zod';
import { CreateEndpointConfigRequest } from '#core/sagemaker/endpoint-config-request.ts';
import { DeploymentConfig, ENDPOINT_STATUSES } from '#core/sagemaker/endpoint-requests.ts';
import { CreateModelRequest } from '#core/sagemaker/model-request.ts';
import type { VariantPlan } from '../hosting/fleet.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import type { EndpointConfig } from './endpoint-configs.ts';
import type { Models } from './models.ts';

/** The most that ModelDataDownloadTimeoutInSeconds may say; the API names no default. */
const LONGEST_DOWNLOAD_MS = 3_600_000;

const Variant = z.object({
  name: z.string(),
  model: CreateModelRequest,
  weight: z.number().min(0),
  instanceCount: z.int().min(0),
  startupTimeoutMs: z.int().min(1),
  downloadTimeoutMs: z.int().min(1).default(LONGEST_DOWNLOAD_MS),
});

const Deployment = z.object({
  config: CreateEndpointConfigRequest,
  variants: z.array(Variant),
});

/** A configuration with its models as they were when it was put into service, and the weights and counts of now. */
export type Deployment = Readonly<z.infer<typeof Deployment>>;

const Update = z.object({
  deployment: Deployment,
  /** Whether the servers of now stay, as far as they are still wanted, or all are new. */
  keepServers: z.boolean(),
  startedAt: z.coerce.date(),
});

export const EndpointRecord = z.object({
  ...RESOURCE_FIELDS,
  status: z.enum(ENDPOINT_STATUSES),
  failureReason: z.string().optional(),
  deployment: Deployment,
  /** What the endpoint is being changed to. */
  update: Update.optional(),
  deploymentConfig: DeploymentConfig.optional(),
});
export type EndpointRecord = Readonly<z.infer<typeof EndpointRecord>>;

/** How long SageMaker waits for /ping when the variant does not say (spec sagemaker 1.3). */
const DEFAULT_STARTUP_SECONDS = 240;

/** @throws AwsError ValidationException when a model of the configuration is gone. */
export function deploymentOf(config: EndpointConfig, models: Models): Deployment {
  const variants = config.request.ProductionVariants.map(
    (variant): VariantPlan => ({
      name: variant.VariantName,
      model: models.find(variant.ModelName ?? '', config.region).request,
      weight: variant.InitialVariantWeight ?? 1,
      instanceCount: variant.InitialInstanceCount ?? 1,
      startupTimeoutMs: 1000 * (variant.ContainerStartupHealthCheckTimeoutInSeconds ?? DEFAULT_STARTUP_SECONDS),
      downloadTimeoutMs:
        variant.ModelDataDownloadTimeoutInSeconds === undefined
          ? LONGEST_DOWNLOAD_MS
          : 1000 * variant.ModelDataDownloadTimeoutInSeconds,
    }),
  );
  return { config: config.request, variants };
}
