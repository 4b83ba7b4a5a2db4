/**
 * The state machine that runs batch transforms, with its role, its logs and an alarm on failed runs. On the L1, because
 * the L2's tasks would grant more than the two functions.
 */
import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, LogGroup, MetricFilter, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { allowTracing } from './allow-tracing.ts';
import type { NoticeTopic } from './notice-topic.ts';
import { transformStates } from './transform-states.ts';
import type { StateSubstitutions } from './transform-tasks.ts';
import { ownService } from './trust.ts';
import { watch } from './watch.ts';

export interface TransformStateMachineProps {
  readonly validator: IFunction;
  readonly orchestrator: IFunction;
  /** Parts of an input that are validated at the same time. */
  readonly partConcurrency: number;
  /** Where failed runs are told, and the key that it is encrypted with. */
  readonly notices: NoticeTopic;
  readonly noticeKey: IKey;
  readonly logRetentionDays: RetentionDays;
  readonly logKey: IKey;
}

export class TransformStateMachine extends Construct {
  readonly arn: string;
  readonly role: Role;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: TransformStateMachineProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: ownService(this, 'states.amazonaws.com', 'stateMachine:*') });
    const stateMachineName = this.machineName();
    this.arn = Stack.of(this).formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: stateMachineName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.allow(props);
    const logs = this.createLogs(props);
    const machine = new CfnStateMachine(this, 'StateMachine', {
      // Stable, so that the role can be allowed to list the runs of this one machine.
      stateMachineName,
      roleArn: this.role.roleArn,
      definition: transformStates({ partConcurrency: props.partConcurrency }),
      definitionSubstitutions: {
        Partition: Aws.PARTITION,
        ValidatorArn: props.validator.functionArn,
        OrchestratorArn: props.orchestrator.functionArn,
        TopicArn: props.notices.topicArn,
      } satisfies StateSubstitutions,
      tracingConfiguration: { enabled: true },
      loggingConfiguration: {
        level: 'ALL',
        // Events only: what the steps pass on may quote records.
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logs.logGroupArn } }],
      },
    });
    machine.node.addDependency(this.role);
    this.alarms = this.createAlarms(logs);
  }

  private allow({ validator, orchestrator, notices, noticeKey }: TransformStateMachineProps): void {
    const allow = (actions: string[], ...resources: string[]) =>
      this.role.addToPolicy(new PolicyStatement({ actions, resources }));
    allow(['lambda:InvokeFunction'], validator.functionArn, orchestrator.functionArn);
    // The second is for a Distributed Map, whose parts are runs of this machine.
    allow(['states:ListExecutions', 'states:StartExecution'], this.arn);
    allow(['states:DescribeExecution', 'states:StopExecution'], this.runsArn());
    allow(['sns:Publish'], notices.topicArn);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], noticeKey.keyArn);
    allowTracing(this.role);
  }

  private runsArn(): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${this.machineName()}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  private machineName(): string {
    return `${Stack.of(this).stackName}-transform`;
  }

  private createLogs({ logRetentionDays, logKey }: TransformStateMachineProps): LogGroup {
    return new LogGroup(this, 'Logs', {
      // This prefix keeps the account's resource policy for log delivery from growing past its limit.
      logGroupName: `/aws/vendedlogs/states/${this.machineName()}`,
      retention: logRetentionDays,
      encryptionKey: logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private createAlarms(logs: LogGroup): Alarm[] {
    const lost = new MetricFilter(this, 'RecordsLost', {
      logGroup: logs as ILogGroup,
      metricNamespace: 'Twinvec',
      metricName: `${Stack.of(this).stackName}-records-lost`,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.type', '=', 'FailStateEntered'),
        FilterPattern.stringValue('$.details.name', '=', 'RecordsLost'),
      ),
    });
    return [
      watch(this, 'RunsFailed', {
        description: 'A batch run failed; the execution names the state that it failed in: docs/operations.md',
        metric: new Metric({
          namespace: 'AWS/States',
          metricName: 'ExecutionsFailed',
          dimensionsMap: { StateMachineArn: this.arn },
          statistic: 'Sum',
        }),
        threshold: 1,
        periods: 1,
      }),
      watch(this, 'CountsDiffer', {
        description:
          'A transform ended with other records than it was given; its manifest names them: docs/operations.md',
        metric: lost.metric({ statistic: 'Sum' }),
        threshold: 1,
        periods: 1,
      }),
    ];
  }
}
