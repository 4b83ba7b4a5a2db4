/** Runs that could not even be started, kept for two weeks, with an alarm as soon as there is one. */
import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { watch } from './watch.ts';

export class DeadLetters extends Queue {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.alarm = watch(this, 'NotEmpty', {
      description: 'A scheduled run could not be started; the message in the queue is its input: docs/operations.md',
      metric: this.metricApproximateNumberOfMessagesVisible(),
      threshold: 1,
      periods: 1,
    });
  }
}
