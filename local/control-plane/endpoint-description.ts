/** DescribeEndpoint's answer. */
import { containersOf } from '#core/sagemaker/model-request.ts';
import type { Fleet, HostedVariant, VariantPlan } from '../hosting/fleet.ts';
import type { EndpointServers } from './endpoint-life.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import { seconds } from './list-page.ts';

export function describeEndpoint(endpoint: EndpointRecord, { fleet, next }: EndpointServers) {
  const { deployment, update } = endpoint;
  const { config } = deployment;
  return {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: config.EndpointConfigName,
    EndpointStatus: endpoint.status,
    FailureReason: endpoint.failureReason,
    ProductionVariants: deployment.variants.map((plan) => describeVariant(endpoint, plan, fleet)),
    DataCaptureConfig: describeCapture(config.DataCaptureConfig),
    AsyncInferenceConfig: config.AsyncInferenceConfig,
    ExplainerConfig: config.ExplainerConfig,
    MetricsConfig: config.MetricsConfig,
    LastDeploymentConfig: endpoint.deploymentConfig,
    PendingDeploymentSummary: update && {
      EndpointConfigName: update.deployment.config.EndpointConfigName,
      StartTime: seconds(update.startedAt),
      ProductionVariants: update.deployment.variants.map(({ name, weight, instanceCount }) => ({
        VariantName: name,
        DesiredWeight: weight,
        CurrentInstanceCount: next?.fleet.find((variant) => variant.name === name)?.instances.length,
        DesiredInstanceCount: instanceCount,
        VariantStatus: [
          next
            ? { Status: 'Baking', StatusMessage: percentText(next.share), StartTime: seconds(next.since) }
            : { Status: update.keepServers ? 'Updating' : 'Creating', StartTime: seconds(update.startedAt) },
        ],
      })),
    },
    CreationTime: seconds(endpoint.createdAt),
    LastModifiedTime: seconds(endpoint.modifiedAt),
  };
}

function percentText(share: number): string {
  return `${Math.round(100 * share)} % of the requests`;
}

function describeVariant(endpoint: EndpointRecord, plan: VariantPlan, fleet: Fleet) {
  const hosted = fleet.find(({ name }) => name === plan.name);
  const wanted = endpoint.update?.deployment.variants.find(({ name }) => name === plan.name);
  const request = endpoint.deployment.config.ProductionVariants.find(({ VariantName: name }) => name === plan.name);
  return {
    VariantName: plan.name,
    DeployedImages: imagesOf(hosted, plan).map((image) => ({
      SpecifiedImage: image,
      ResolvedImage: image,
      ResolutionTime: seconds(endpoint.createdAt),
    })),
    CurrentWeight: hosted?.weight ?? plan.weight,
    DesiredWeight: wanted?.weight ?? plan.weight,
    CurrentInstanceCount: hosted?.instances.length ?? 0,
    DesiredInstanceCount: wanted?.instanceCount ?? plan.instanceCount,
    CurrentServerlessConfig: request?.ServerlessConfig,
    ManagedInstanceScaling: request?.ManagedInstanceScaling,
    RoutingConfig: request?.RoutingConfig,
  };
}

function imagesOf(hosted: HostedVariant | undefined, plan: VariantPlan): string[] {
  return containersOf(hosted?.model ?? plan.model).flatMap(({ Image: image }) => image ?? []);
}

function describeCapture(config: EndpointRecord['deployment']['config']['DataCaptureConfig']) {
  if (!config) return undefined;
  const { EnableCapture: enabled = false, InitialSamplingPercentage, DestinationS3Uri, KmsKeyId } = config;
  return {
    EnableCapture: enabled,
    CaptureStatus: enabled ? 'Started' : 'Stopped',
    CurrentSamplingPercentage: InitialSamplingPercentage,
    DestinationS3Uri,
    KmsKeyId: KmsKeyId ?? '',
  };
}
