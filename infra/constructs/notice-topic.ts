/** Where alarms, budgets and ended jobs are told: one topic, encrypted, for this account's services only. */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

export interface NoticeTopicProps {
  readonly key: Key;
  /** Each has to confirm once. */
  readonly emails: readonly string[];
}

/** Services of AWS that tell something, and so have to be let to topic and key. */
const TELLERS = ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'];
const OWN_ACCOUNT = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };

export class NoticeTopic extends Topic {
  constructor(scope: Construct, id: string, { key, emails }: NoticeTopicProps) {
    super(scope, id, { displayName: 'Twinvec', masterKey: key as IKey, enforceSSL: true });
    const principals = TELLERS.map((service) => new ServicePrincipal(service));
    this.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: OWN_ACCOUNT,
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        principals,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: OWN_ACCOUNT,
      }),
    );
    for (const email of emails) this.addSubscription(new EmailSubscription(email));
  }
}
