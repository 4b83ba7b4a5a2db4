/**
 * AWS WAF before the API: known bad inputs and addresses, and a rate for each address. Not the rule set for web pages
 * (SQL, scripts, bodies over 8 KB): of tensors and texts it would refuse what is meant.
 */
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { FunctionSurroundings } from './service-function.ts';

export interface WebFirewallProps {
  /** Of a REST API; AWS WAF takes no HTTP API. */
  readonly stageArn: string;
  /** In five minutes. */
  readonly requestsPerAddress: number;
  readonly surroundings: FunctionSurroundings;
}

const MANAGED = ['AWSManagedRulesAmazonIpReputationList', 'AWSManagedRulesKnownBadInputsRuleSet'];

/** Signatures and what callers tell the model; bodies are never logged. */
const REDACTED = ['authorization', 'x-amz-security-token', 'x-amzn-sagemaker-custom-attributes'];

export class WebFirewall extends Construct {
  constructor(scope: Construct, id: string, { stageArn, requestsPerAddress, surroundings }: WebFirewallProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: seen('all'),
      rules: [
        {
          name: 'rate',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: {
            rateBasedStatement: { aggregateKeyType: 'IP', limit: requestsPerAddress, evaluationWindowSec: 300 },
          },
          visibilityConfig: seen('rate'),
        },
        ...MANAGED.map((name, index) => ({
          name,
          priority: index + 1,
          overrideAction: { none: {} },
          statement: { managedRuleGroupStatement: { vendorName: 'AWS', name } },
          visibilityConfig: seen(name),
        })),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', { webAclArn: acl.attrArn, resourceArn: stageArn });
    this.log(acl, surroundings);
  }

  private log(acl: CfnWebACL, { logRetentionDays, logKey }: FunctionSurroundings): void {
    const stack = Stack.of(this);
    // WAF takes only groups whose names begin like this.
    const logGroupName = `aws-waf-logs-${stack.stackName}`;
    const group = new LogGroup(this, 'Logs', {
      logGroupName,
      retention: logRetentionDays,
      encryptionKey: logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const groupArn = stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      // Without the ":*" that the group's own ARN ends with, which WAF refuses.
      resourceName: logGroupName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const logging = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      logDestinationConfigs: [groupArn],
      redactedFields: REDACTED.map((name) => ({ singleHeader: { Name: name } })),
    });
    logging.node.addDependency(group);
  }
}

function seen(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
