/**
 * Findings of cdk-nag that stay, each with its reason. By exact finding and not by rule where the rule names what it
 * found, so that a new finding of the same rule fails the synth; a test checks that every one of these is still found.
 */
import type { Acknowledgement } from './acknowledgement.ts';
import { hasLocalStorage } from './constructs/instance-type.ts';
import type { Environment } from './environments/schema.ts';
import type { TwinvecStack } from './stacks/twinvec-stack.ts';
import { wildcards } from './wildcards.ts';

const NIST = 'NIST.800.53.R5';
const HIPAA = 'HIPAA.Security';
const PCI = 'PCI.DSS.321';
/** These three packs share most of their rules, and what is said of one is said of all. */
const STANDARDS = [NIST, HIPAA, PCI];

export function acknowledgements(stack: TwinvecStack, environment: Environment): readonly Acknowledgement[] {
  return [...wildcards(stack, environment), ...ALWAYS, ...byChoice(environment), ...ofRestApi(environment)];
}

function inEach(packs: readonly string[], rule: string, reason: string): Acknowledgement[] {
  return packs.map((pack) => ({ id: `${pack}-${rule}`, reason }));
}

const ALWAYS: readonly Acknowledgement[] = [
  { id: 'AwsSolutions-SQS3', reason: 'The queue is itself the dead-letter queue of the schedules.' },
  { id: 'Serverless-SQSRedrivePolicy', reason: 'The queue is itself the dead-letter queue of the schedules.' },
  ...inEach(
    ['Serverless', NIST, HIPAA],
    'LambdaDLQ',
    'Every function is called synchronously, by API Gateway or Step Functions, and its caller gets the error.',
  ),
  ...inEach(
    STANDARDS,
    'S3BucketReplicationEnabled',
    'Inputs and outputs can be made again; another region would hold the data a second time. Versions are kept.',
  ),
  ...inEach(
    STANDARDS,
    'S3DefaultEncryptionKMS',
    'S3 writes access logs only into buckets with its own encryption; data buckets have the customer key.',
  ),
  ...inEach(
    STANDARDS,
    'IAMNoInlinePolicy',
    'Each policy belongs to one role and goes with it; a managed policy could be attached to others.',
  ),
];

function byChoice({ endpoint, overflow, vpc, alarmEmails }: Environment): Acknowledgement[] {
  const found: Acknowledgement[] = [];
  const types = [endpoint.instanceType, ...(overflow ? [overflow.instanceType] : [])];
  if (types.some(hasLocalStorage)) {
    const reason =
      'NVMe disks are encrypted in hardware, and SageMaker refuses a key for them (CreateEndpointConfig.KmsKeyId).';
    found.push(...inEach(STANDARDS, 'SageMakerEndpointConfigurationKMSKeyConfigured', reason));
  }
  if (vpc) {
    const reason =
      'Only a custom resource could close it; nothing is in that group, and no route leads out of the VPC.';
    found.push(...inEach(STANDARDS, 'VPCDefaultSecurityGroupClosed', reason));
  } else {
    const reason = 'The functions hold no data and call AWS only, by TLS and IAM; the environment can ask for a VPC.';
    found.push(...inEach(STANDARDS, 'LambdaInsideVPC', reason));
  }
  if (alarmEmails.length > 0) {
    found.push({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'A notice by mail that is not delivered is of no use in a queue; the alarm stays red on the dashboard.',
    });
  }
  return found;
}

function ofRestApi({ api: { kind, waf } }: Environment): Acknowledgement[] {
  if (kind !== 'rest') return [];
  const firewall = 'Signatures and throttling hold without a firewall; the environment can ask for one (api.waf).';
  return [
    {
      id: 'AwsSolutions-COG4',
      reason: 'Callers are roles and users of AWS, which sign with IAM; a pool of users would be a second directory.',
    },
    ...inEach(
      STANDARDS,
      'APIGWCacheEnabledAndEncrypted',
      'Answers belong to the caller who asked, and every body is another question: nothing may be cached.',
    ),
    ...inEach(
      STANDARDS,
      'APIGWSSLEnabled',
      'The certificate would show API Gateway to an HTTP server behind it; behind it is a Lambda, called by IAM.',
    ),
    ...(waf
      ? []
      : [{ id: 'AwsSolutions-APIG3', reason: firewall }, ...inEach([NIST, PCI], 'APIGWAssociatedWithWAF', firewall)]),
  ];
}
