/** What a person looks at and is told: a dashboard, the alarms' way to the topic, and what a month may cost. */
import { Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { type Alarm, AlarmStatusWidget, Dashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Endpoint } from '../environments/endpoint-fields.ts';
import { BACKLOG_METRICS, backlogMetric, HOST_METRICS, hostMetric, variantMetric } from './endpoint-metrics.ts';
import type { NoticeTopic } from './notice-topic.ts';

export interface ObservabilityProps {
  /** A row of the dashboard each. */
  readonly endpoints: readonly { readonly endpointName: string; readonly mode: Endpoint['mode'] }[];
  /** Those that a person is told of, when they ring and when they stop. */
  readonly alarms: readonly Alarm[];
  /** Where they are told. */
  readonly notices: NoticeTopic;
  /** @default no budget */
  readonly monthlyUsd?: number | undefined;
}

/** Shares of the budget at which somebody is told: spent, and as it looks for the month. */
const SPENT_PERCENT = [50, 80, 100];

export class Observability extends Construct {
  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    const action = new SnsAction(props.notices as ITopic);
    for (const alarm of props.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: Stack.of(this).stackName });
    dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 24 }));
    for (const { endpointName, mode } of props.endpoints) dashboard.addWidgets(...widgets(endpointName, mode));
    if (props.monthlyUsd !== undefined) this.addBudget(props.monthlyUsd, props.notices.topicArn);
  }

  private addBudget(monthlyUsd: number, topicArn: string): void {
    const notify = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'SNS', address: topicArn }],
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        // What carries this deployment's tags; AWS has to be told once that `environment` is a cost tag.
        costFilters: { TagKeyValue: [`user:environment$${Stack.of(this).stackName.replace(/^twinvec-/, '')}`] },
      },
      notificationsWithSubscribers: [
        ...SPENT_PERCENT.map((percent) => notify('ACTUAL', percent)),
        notify('FORECASTED', 100),
      ],
    });
  }
}

function widgets(endpointName: string, mode: Endpoint['mode']): GraphWidget[] {
  const metric = (name: Parameters<typeof variantMetric>[2], statistic: string) =>
    variantMetric(endpointName, mode, name, { statistic });
  const load =
    mode === 'async'
      ? BACKLOG_METRICS.map((name) => backlogMetric(endpointName, name, { statistic: 'Maximum' }))
      : [metric('Invocations', 'Sum')];
  return [
    new GraphWidget({ title: `${endpointName}: load`, left: load }),
    new GraphWidget({
      title: `${endpointName}: errors`,
      left: [metric('Invocation4XXErrors', 'Sum'), metric('Invocation5XXErrors', 'Sum')],
    }),
    new GraphWidget({
      title: `${endpointName}: latency, microseconds`,
      left: [metric('ModelLatency', 'p50'), metric('ModelLatency', 'p99')],
    }),
    new GraphWidget({
      title: `${endpointName}: instances, percent`,
      left: HOST_METRICS.map((name) => hostMetric(endpointName, name)),
    }),
  ];
}
