/** What a state machine needs to log its events and to be traced. */
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';

/** Neither log delivery nor X-Ray knows resources (AWS Step Functions guide, "Logging" and "X-Ray"). */
export function allowTracing(role: Role): void {
  role.addToPolicy(
    new PolicyStatement({
      actions: [
        'logs:CreateLogDelivery',
        'logs:GetLogDelivery',
        'logs:UpdateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:DescribeLogGroups',
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ],
      resources: ['*'],
    }),
  );
}
