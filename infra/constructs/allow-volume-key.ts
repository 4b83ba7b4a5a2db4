/** Disks of a job's instances under the customer key: SageMaker takes it on by a grant that the job's role makes. */
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/** For types that have no disks of their own (AWS docs, "Protect data at rest"); a grant to AWS's services only. */
export function allowVolumeKey(role: Role, key: IKey): void {
  role.addToPolicy(
    new PolicyStatement({
      actions: ['kms:CreateGrant'],
      resources: [key.keyArn],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    }),
  );
}
