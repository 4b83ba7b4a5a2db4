/**
 * Requests that are kept: asynchronous ones until their answer has been fetched, captured ones for a month. Callers'
 * data, so it goes by itself, and apart from batch data, whose roles do not reach it.
 */
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { expire, PrivateBucket } from './private-bucket.ts';

export interface RequestBucketProps {
  readonly key: IKey;
  readonly accessLogs: IBucket;
}

interface Grantee {
  addToPolicy(statement: PolicyStatement): unknown;
}

const ASYNC_DAYS = 7;
const CAPTURE_DAYS = 30;

export class RequestBucket extends Construct {
  readonly bucket: Bucket;
  readonly keyArn: string;

  constructor(scope: Construct, id: string, { key, accessLogs }: RequestBucketProps) {
    super(scope, id);
    this.keyArn = key.keyArn;
    this.bucket = new PrivateBucket(this, 'Requests', {
      keepData: false,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'requests/',
      lifecycleRules: [
        expire(ASYNC_DAYS, 'async/'),
        expire(CAPTURE_DAYS, 'capture/'),
        { id: 'expire-old-versions', noncurrentVersionExpiration: Duration.days(1) },
      ],
    });
  }

  /** The address of a folder. */
  uri(folder: string): string {
    return this.bucket.s3UrlForObject(folder);
  }

  /** An asynchronous endpoint's own role reads inputs and writes answers and failures. */
  grantAnswering(role: Role): void {
    this.allow(role, ['s3:GetObject'], ['async/inputs/*', 'async/uploads/*']);
    this.allow(role, ['s3:PutObject'], ['async/outputs/*', 'async/failures/*']);
    role.addToPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }));
    this.allowKey(role);
  }

  /** A captured endpoint's role writes what it captures, and can read none of it. */
  grantCapturing(role: Role): void {
    this.allow(role, ['s3:PutObject'], ['capture/*']);
    this.allowKey(role);
  }

  /** The router puts inputs and tickets there and reads how they ended. Callers put uploads/ there themselves. */
  grantRouting(role: { addToRolePolicy(statement: PolicyStatement): void }): void {
    const grantee = { addToPolicy: (statement: PolicyStatement) => role.addToRolePolicy(statement) };
    this.allow(grantee, ['s3:PutObject'], ['async/inputs/*', 'async/tickets/*']);
    this.allow(
      grantee,
      ['s3:GetObject'],
      ['async/tickets/*', 'async/outputs/*', 'async/failures/*', 'async/uploads/*'],
    );
    // Without it S3 answers 403 for an object that does not exist yet.
    grantee.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': 'async/*' } },
      }),
    );
    this.allowKey(grantee);
  }

  private allow(role: Grantee, actions: string[], objects: readonly string[]): void {
    const resources = objects.map((pattern) => this.bucket.arnForObjects(pattern));
    role.addToPolicy(new PolicyStatement({ actions, resources }));
  }

  private allowKey(role: Grantee): void {
    const actions = ['kms:Decrypt', 'kms:GenerateDataKey'];
    role.addToPolicy(new PolicyStatement({ actions, resources: [this.keyArn] }));
  }
}
