/** Alarms of one kind: at or over a threshold for so many periods; no data means that nothing happened. */
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

export interface Watch {
  /** What a person reads first: what happened, and where docs/operations.md says what to do. */
  readonly description: string;
  readonly metric: Metric;
  readonly threshold: number;
  readonly periods: number;
}

export function watch(scope: Construct, id: string, { description, metric, threshold, periods }: Watch): Alarm {
  return new Alarm(scope, id, {
    alarmDescription: description,
    metric,
    threshold,
    evaluationPeriods: periods,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
