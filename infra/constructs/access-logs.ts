/** Who asked for what and how it went, one line a request, without headers and bodies. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionSurroundings } from './service-function.ts';

/** The fields that HTTP and REST APIs share. */
export const ACCESS_LOG_FIELDS = {
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  status: '$context.status',
  responseBytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  integrationLatencyMs: '$context.integrationLatency',
  error: '$context.error.message',
};

export class AccessLogs extends Construct {
  readonly group: ILogGroup;

  constructor(scope: Construct, id: string, { logRetentionDays, logKey }: FunctionSurroundings) {
    super(scope, id);
    this.group = new LogGroup(this, 'Group', {
      retention: logRetentionDays,
      encryptionKey: logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    }) as ILogGroup;
  }
}
