/**
 * A state machine that is started by the clock. The scheduled time, not the time of the start, goes into the run: a tick
 * that is delivered twice plans the same job name, so it cannot overlap itself.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { JobSchedule } from '../jobs/job-schedule.ts';
import { ownService } from './trust.ts';

export interface StateMachineScheduleProps {
  /** Of the job; its runs are named after it. */
  readonly name: string;
  readonly schedule: JobSchedule;
  readonly stateMachineArn: string;
  /** What every run is told, beside the time that it was scheduled for. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly deadLetters: IQueue;
}

export class StateMachineSchedule extends Construct {
  constructor(scope: Construct, id: string, props: StateMachineScheduleProps) {
    super(scope, id);
    const { schedule, name } = props;
    // An underscore, which no job's name has: "nightly-" would be the start of the runs of "nightly-embeddings" too.
    const ownRuns = `${name}_`;
    const role = new Role(this, 'Role', {
      assumedBy: ownService(this, 'scheduler.amazonaws.com', 'schedule-group/default'),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: [props.stateMachineArn] }));
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [props.deadLetters.queueArn] }));
    const cfnSchedule = new CfnSchedule(this, 'Schedule', {
      scheduleExpression: schedule.expression,
      scheduleExpressionTimezone: schedule.timeZone,
      state: schedule.enabled ? 'ENABLED' : 'DISABLED',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        // The call itself and not the ready-made target: only so can a run be named, and found by its name.
        arn: `arn:${Stack.of(this).partition}:scheduler:::aws-sdk:sfn:startExecution`,
        roleArn: role.roleArn,
        input: Stack.of(this).toJsonString({
          StateMachineArn: props.stateMachineArn,
          // Another for every attempt; that a tick delivered twice makes one job is up to the job's own name.
          Name: `${ownRuns}<aws.scheduler.execution-id>`,
          Input: Stack.of(this).toJsonString({
            ...props.input,
            scheduledTime: '<aws.scheduler.scheduled-time>',
            ...(schedule.overlap === 'skip' ? { skipWhileRunning: ownRuns } : {}),
          }),
        }),
        retryPolicy: {
          maximumRetryAttempts: schedule.retries,
          maximumEventAgeInSeconds: schedule.maximumAgeSeconds,
        },
        deadLetterConfig: { arn: props.deadLetters.queueArn },
      },
    });
    cfnSchedule.node.addDependency(role);
  }
}
