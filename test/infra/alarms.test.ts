/** What a person is told: every alarm of spec faults S37, a dashboard, a topic, a budget. */
import { describe, expect, it } from 'vitest';
import { findEnvironment } from '../../infra/environments/all.ts';
import { plain, resourcesOf, synthesise } from './synthesise.ts';

const environment = findEnvironment('prod');
const template = synthesise(environment);
const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);

describe('production', () => {
  it.each(['twinvec-prod', 'twinvec-prod-async'])('watches errors and latency of %s', (endpoint) => {
    const watched = alarms
      .filter(({ Dimensions }) => Dimensions?.some(({ Value }: { Value: unknown }) => Value === endpoint))
      .map(({ MetricName }) => MetricName);
    const inTime = ['InvocationModelErrors', 'OverheadLatency'];
    const queued = ['InvocationFailures', 'ApproximateAgeOfOldestRequest'];
    expect(watched).toEqual(
      expect.arrayContaining([
        'Invocation4XXErrors',
        'Invocation5XXErrors',
        'ModelLatency',
        ...(endpoint.endsWith('async') ? queued : inTime),
      ]),
    );
  });

  it('watches runs that fail, records that are lost, and runs that could not be started', () => {
    const metrics = alarms.map(({ Namespace, MetricName }) => `${plain(Namespace)} ${plain(MetricName)}`);
    expect(metrics).toContain('AWS/States ExecutionsFailed');
    const [lost] = resourcesOf(template, 'AWS::Logs::MetricFilter').flatMap(
      ({ properties }) => properties.MetricTransformations,
    );
    expect(metrics).toContain(`${lost.MetricNamespace} ${lost.MetricName}`);
    const queues = alarms.filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible');
    expect(queues).toHaveLength(resourcesOf(template, 'AWS::SQS::Queue').length);
    expect(queues.map(({ Threshold }) => Threshold)).toEqual(queues.map(() => 1));
  });

  it('shows all of it on one dashboard', () => {
    const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
    const body = plain(dashboard?.properties.DashboardBody);
    for (const { AlarmName } of alarms) expect(AlarmName).toBeUndefined();
    for (const title of ['Alarms', 'twinvec-prod: load', 'twinvec-prod-async: load']) expect(body).toContain(title);
  });

  it('tells the addresses of the environment, and whoever watches the budget, by the tag of the deployment', () => {
    const told = resourcesOf(template, 'AWS::SNS::Subscription').map(({ properties }) => properties.Endpoint);
    expect(told).toEqual(environment.alarmEmails);
    const [budget] = resourcesOf(template, 'AWS::Budgets::Budget');
    expect(budget?.properties.Budget).toMatchObject({
      BudgetLimit: { Amount: environment.budget?.monthlyUsd, Unit: 'USD' },
      CostFilters: { TagKeyValue: ['user:environment$prod'] },
    });
    expect(budget?.properties.NotificationsWithSubscribers).toHaveLength(4);
  });

  it('keeps two instances, so that one may fail', () => {
    const [config] = resourcesOf(template, 'AWS::SageMaker::EndpointConfig').filter(({ id }) =>
      id.startsWith('EndpointConfiguration'),
    );
    expect(config?.properties.ProductionVariants[0].InitialInstanceCount).toBeGreaterThanOrEqual(2);
    const [target] = resourcesOf(template, 'AWS::ApplicationAutoScaling::ScalableTarget').filter(
      ({ properties }) => properties.ResourceId === 'endpoint/twinvec-prod/variant/AllTraffic',
    );
    expect(target?.properties.MinCapacity).toBeGreaterThanOrEqual(2);
  });
});

describe('a schedule', () => {
  const schedules = resourcesOf(template, 'AWS::Scheduler::Schedule').map(({ properties }) => properties);
  const wanted = [...environment.jobs.map(({ schedule }) => schedule), environment.training!.schedule!];

  it('starts its machine in its own time zone, on the minute, and only while it is switched on', () => {
    expect(schedules).toHaveLength(wanted.length);
    for (const { expression, timeZone, enabled } of wanted) {
      const found = schedules.find(({ ScheduleExpression }) => ScheduleExpression === expression);
      expect(found).toMatchObject({
        ScheduleExpressionTimezone: timeZone,
        State: enabled ? 'ENABLED' : 'DISABLED',
        FlexibleTimeWindow: { Mode: 'OFF' },
      });
    }
  });

  it('tries a start again a few times, within an hour, and then puts it where it is found', () => {
    for (const { Target } of schedules) {
      expect(Target.RetryPolicy).toEqual({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 });
      expect(plain(Target.DeadLetterConfig.Arn)).toMatch(/DeadLetters\.Arn>$/);
    }
  });

  it('hands on the time that the run was meant for, and that it is left out while the last one goes on', () => {
    for (const { Target } of schedules) {
      const { Name, Input } = JSON.parse(plain(Target.Input));
      expect(Name).toMatch(/^[a-z-]+_<aws\.scheduler\.execution-id>$/);
      expect(JSON.parse(Input)).toMatchObject({
        scheduledTime: '<aws.scheduler.scheduled-time>',
        skipWhileRunning: expect.stringMatching(/^[a-z-]+_$/),
      });
    }
  });
});
