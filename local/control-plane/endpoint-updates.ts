/** What an update asks for: the deployment that the endpoint is to have. */
import type { DesiredWeightsAndCapacities, UpdateEndpointRequest } from '#core/sagemaker/endpoint-requests.ts';
import { validationException } from './aws-error.ts';
import type { Deployment, EndpointRecord } from './endpoint-record.ts';

/** UpdateEndpoint: the new configuration, with the weights and counts of now where they are to be retained. */
export function withRetained(next: Deployment, now: Deployment, request: UpdateEndpointRequest): Deployment {
  if (!request.RetainAllVariantProperties) return next;
  const excluded = request.ExcludeRetainedVariantProperties.map(({ VariantPropertyType: type }) => type);
  const variants = next.variants.map((variant) => {
    const before = now.variants.find(({ name }) => name === variant.name);
    if (!before) return variant;
    return {
      ...variant,
      weight: excluded.includes('DesiredWeight') ? variant.weight : before.weight,
      instanceCount: excluded.includes('DesiredInstanceCount') ? variant.instanceCount : before.instanceCount,
    };
  });
  const capture = excluded.includes('DataCaptureConfig') ? next.config : now.config;
  return { config: { ...next.config, DataCaptureConfig: capture.DataCaptureConfig }, variants };
}

/**
 * UpdateEndpointWeightsAndCapacities: what serves now, with other weights and counts.
 *
 * @throws AwsError ValidationException for a variant that the endpoint does not have.
 */
export function withCapacities(endpoint: EndpointRecord, desired: DesiredWeightsAndCapacities): Deployment {
  const { config, variants } = endpoint.deployment;
  for (const { VariantName: name } of desired) {
    if (variants.some((variant) => variant.name === name)) continue;
    throw validationException(`Could not find production variant "${name}" of endpoint "${endpoint.arn}".`);
  }
  const changed = variants.map((variant) => {
    const wanted = desired.findLast(({ VariantName: name }) => name === variant.name);
    return {
      ...variant,
      weight: wanted?.DesiredWeight ?? variant.weight,
      instanceCount: wanted?.DesiredInstanceCount ?? variant.instanceCount,
    };
  });
  return { config, variants: changed };
}
