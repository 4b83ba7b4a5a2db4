/**
 * The metrics that SageMaker publishes, by kind of endpoint: an alarm on a metric that a kind does not have stays silent
 * for ever. Sources: developer guide, monitoring-cloudwatch and async-inference-monitor ("any metric not listed below is
 * not published").
 */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Endpoint } from '../environments/endpoint-fields.ts';

export const VARIANT = 'AllTraffic';

type Mode = Endpoint['mode'];

/** Published per endpoint and variant. */
export const VARIANT_METRICS = {
  Invocations: ['realtime', 'components'],
  InvocationModelErrors: ['realtime', 'components'],
  Invocation4XXErrors: ['realtime', 'components', 'async'],
  Invocation5XXErrors: ['realtime', 'components', 'async'],
  ModelLatency: ['realtime', 'components', 'async'],
  OverheadLatency: ['realtime', 'components'],
} as const satisfies Record<string, readonly Mode[]>;

/** Published per endpoint, of asynchronous ones only. */
export const BACKLOG_METRICS = [
  'ApproximateBacklogSizePerInstance',
  'ApproximateAgeOfOldestRequest',
  'HasBacklogWithoutCapacity',
  'InvocationFailures',
  'ExpiredRequests',
] as const;

/** Published of the hosts, in a namespace of their own. */
export const HOST_METRICS = ['GPUUtilization', 'GPUMemoryUtilization', 'CPUUtilization', 'MemoryUtilization'] as const;

export interface MetricChoice {
  readonly statistic: string;
  readonly minutes?: number;
}

export function variantMetric(
  endpointName: string,
  mode: Mode,
  metricName: keyof typeof VARIANT_METRICS,
  choice: MetricChoice,
): Metric {
  const modes: readonly Mode[] = VARIANT_METRICS[metricName];
  if (!modes.includes(mode)) throw new Error(`This is a bug: ${mode} endpoints publish no ${metricName}.`);
  return metric('AWS/SageMaker', metricName, { EndpointName: endpointName, VariantName: VARIANT }, choice);
}

export function backlogMetric(
  endpointName: string,
  metricName: (typeof BACKLOG_METRICS)[number],
  choice: MetricChoice,
): Metric {
  return metric('AWS/SageMaker', metricName, { EndpointName: endpointName }, choice);
}

/** Calls that came while a component had no copy. */
export function noCapacityMetric(componentName: string): Metric {
  const dimensions = { InferenceComponentName: componentName };
  return metric('AWS/SageMaker', 'NoCapacityInvocationFailures', dimensions, { statistic: 'Maximum' });
}

export function hostMetric(endpointName: string, metricName: (typeof HOST_METRICS)[number]): Metric {
  const dimensions = { EndpointName: endpointName, VariantName: VARIANT };
  return metric('/aws/sagemaker/Endpoints', metricName, dimensions, { statistic: 'Average' });
}

function metric(namespace: string, metricName: string, dimensionsMap: Record<string, string>, choice: MetricChoice) {
  const { statistic, minutes = 1 } = choice;
  return new Metric({ namespace, metricName, dimensionsMap, statistic, period: Duration.minutes(minutes) });
}
