/**
 * What tells that an endpoint is not well (spec faults S37). The same alarms send a deployment back: a model that is
 * worse than the one before is worse by one of these.
 */
import type { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Endpoint } from '../environments/endpoint-fields.ts';
import { backlogMetric, type VARIANT_METRICS, variantMetric } from './endpoint-metrics.ts';
import { watch } from './watch.ts';

export interface EndpointAlarmsProps {
  readonly endpointName: string;
  readonly mode: Endpoint['mode'];
}

type MetricOf = (name: keyof typeof VARIANT_METRICS, statistic: string) => Metric;

const MICROSECONDS = 1_000_000;
/** Of the caller's 30 s at the API; an answer after this is of no use to most. */
const SLOW_SECONDS = 10;
const OVERHEAD_SECONDS = 2;
/** Share of calls that fail by the caller's own fault before something is wrong with what the callers are told. */
const REFUSED_SHARE = 0.25;

export class EndpointAlarms extends Construct {
  /** Those that also send a deployment back. */
  readonly rollback: readonly Alarm[];
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { endpointName, mode }: EndpointAlarmsProps) {
    super(scope, id);
    const metric: MetricOf = (name, statistic) => variantMetric(endpointName, mode, name, { statistic });
    const server = watch(this, 'ServerErrors', {
      description: 'The endpoint answered 5xx five times in a minute, twice in a row: docs/operations.md',
      metric: metric('Invocation5XXErrors', 'Sum'),
      threshold: 5,
      periods: 2,
    });
    const slow = watch(this, 'Slow', {
      description: `One answer in a hundred took over ${SLOW_SECONDS} s for five minutes: docs/operations.md`,
      metric: metric('ModelLatency', 'p99'),
      threshold: SLOW_SECONDS * MICROSECONDS,
      periods: 5,
    });
    const refused = watch(this, 'Refused', {
      description: 'A quarter of the requests was refused for five minutes: docs/operations.md',
      metric: metric('Invocation4XXErrors', 'Average'),
      threshold: REFUSED_SHARE,
      periods: 5,
    });
    this.rollback = [server, slow, refused];
    this.all = [...this.rollback, ...(mode === 'async' ? this.watchBacklog(endpointName) : this.watchCalls(metric))];
  }

  private watchCalls(metric: MetricOf): Alarm[] {
    return [
      watch(this, 'ModelErrors', {
        description: 'Calls failed, timed out or lost their connection: docs/operations.md',
        metric: metric('InvocationModelErrors', 'Sum'),
        threshold: 10,
        periods: 5,
      }),
      watch(this, 'Overhead', {
        description: `SageMaker itself took over ${OVERHEAD_SECONDS} s on average: docs/operations.md`,
        metric: metric('OverheadLatency', 'Average'),
        threshold: OVERHEAD_SECONDS * MICROSECONDS,
        periods: 5,
      }),
    ];
  }

  private watchBacklog(endpointName: string): Alarm[] {
    return [
      watch(this, 'RequestsFailed', {
        description: 'Asynchronous requests failed: docs/operations.md',
        metric: backlogMetric(endpointName, 'InvocationFailures', { statistic: 'Sum' }),
        threshold: 1,
        periods: 1,
      }),
      watch(this, 'RequestsOld', {
        description: 'A request has waited for an hour: docs/operations.md',
        metric: backlogMetric(endpointName, 'ApproximateAgeOfOldestRequest', { statistic: 'Maximum', minutes: 5 }),
        threshold: 3600,
        periods: 3,
      }),
    ];
  }
}
