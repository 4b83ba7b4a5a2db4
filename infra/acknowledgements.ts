/**
 * Findings of cdk-nag that stay, each with its reason. By exact finding and not by rule where the rule names what it
 * found, so that a new finding of the same rule fails the synth; a test checks that every one of these is still found.
 */
import { hasLocalStorage } from './constructs/instance-type.ts';
import type { Environment } from './environments/schema.ts';
import type { TwinvecStack } from './stacks/twinvec-stack.ts';
import { wildcards } from './wildcards.ts';

export interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}

const NIST = 'NIST.800.53.R5';

export function acknowledgements(stack: TwinvecStack, environment: Environment): readonly Acknowledgement[] {
  return [...wildcards(stack, environment), ...ALWAYS, ...byChoice(environment)];
}

const ALWAYS: readonly Acknowledgement[] = [
  { id: 'AwsSolutions-SQS3', reason: 'The queue is itself the dead-letter queue of the schedules.' },
  { id: 'Serverless-SQSRedrivePolicy', reason: 'The queue is itself the dead-letter queue of the schedules.' },
  ...['Serverless-LambdaDLQ', `${NIST}-LambdaDLQ`].map((id) => ({
    id,
    reason: 'Every function is called synchronously, by API Gateway or Step Functions, and its caller gets the error.',
  })),
  {
    id: `${NIST}-S3BucketReplicationEnabled`,
    reason:
      'Inputs and outputs can be made again; another region would hold the data a second time. Versions are kept.',
  },
  {
    id: `${NIST}-S3DefaultEncryptionKMS`,
    reason: 'S3 writes access logs only into buckets with its own encryption; data buckets have the customer key.',
  },
  {
    id: `${NIST}-IAMNoInlinePolicy`,
    reason: 'Each policy belongs to one role and goes with it; a managed policy could be attached to others.',
  },
];

function byChoice({ endpoint, overflow, vpc, alarmEmails }: Environment): Acknowledgement[] {
  const found: Acknowledgement[] = [];
  const types = [endpoint.instanceType, ...(overflow ? [overflow.instanceType] : [])];
  if (types.some(hasLocalStorage)) {
    found.push({
      id: `${NIST}-SageMakerEndpointConfigurationKMSKeyConfigured`,
      reason:
        'NVMe disks are encrypted in hardware, and SageMaker refuses a key for them (CreateEndpointConfig.KmsKeyId).',
    });
  }
  if (vpc) {
    found.push({
      id: `${NIST}-VPCDefaultSecurityGroupClosed`,
      reason: 'Only a custom resource could close it; nothing is in that group, and no route leads out of the VPC.',
    });
  } else {
    found.push({
      id: `${NIST}-LambdaInsideVPC`,
      reason: 'The functions hold no data and call AWS only, by TLS and IAM; the environment can ask for a VPC.',
    });
  }
  if (alarmEmails.length > 0) {
    found.push({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'A notice by mail that is not delivered is of no use in a queue; the alarm stays red on the dashboard.',
    });
  }
  return found;
}
