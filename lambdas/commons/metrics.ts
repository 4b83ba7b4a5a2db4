/**
 * Counts and times as CloudWatch metrics. They are lines of the log in CloudWatch's embedded format, so they cost no call,
 * no permission and no waiting. Names come from a fixed set: every dimension's value is billed as a metric of its own.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { once } from './once.ts';
import { serviceName } from './service-name.ts';

const metrics = once(() => new Metrics({ namespace: 'Twinvec', serviceName: serviceName() }));

/** Names that say their unit; any other number counts things. */
const UNIT_OF: Readonly<Record<string, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  milliseconds: MetricUnit.Milliseconds,
  bytes: MetricUnit.Bytes,
};

/**
 * Writes the numbers among `fields` as one line; other fields are for the log.
 *
 * @param dimensions Few values each, such as a route or a step
 */
export function publishMetrics(
  dimensions: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, unknown>>,
): void {
  const collected = metrics();
  collected.addDimensions(dimensions);
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'number') collected.addMetric(titleCase(name), UNIT_OF[name] ?? MetricUnit.Count, value);
  }
  collected.publishStoredMetrics();
}

function titleCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
