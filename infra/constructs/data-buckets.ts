/** Where batch input is put and batch output appears, and where accesses to both, and to other buckets, are logged. */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { EXPIRE_OLD_VERSIONS, expire, PrivateBucket } from './private-bucket.ts';

export interface DataBucketsProps {
  readonly key: IKey;
  readonly keepData: boolean;
}

export class DataBuckets extends Construct {
  readonly input: Bucket;
  readonly output: Bucket;
  /** The cast: CDK's Bucket does not fit its own interface under exactOptionalPropertyTypes. */
  readonly accessLogs: IBucket;

  constructor(scope: Construct, id: string, { key, keepData }: DataBucketsProps) {
    super(scope, id);
    const accessLogs = new PrivateBucket(this, 'AccessLogs', {
      keepData,
      // S3 writes access logs only into buckets with its own encryption.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [expire(365)],
    });
    this.accessLogs = accessLogs as IBucket;
    const data = {
      keepData,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      serverAccessLogsBucket: this.accessLogs,
      lifecycleRules: [EXPIRE_OLD_VERSIONS],
    };
    this.input = new PrivateBucket(this, 'Input', { ...data, serverAccessLogsPrefix: 'input/' });
    this.output = new PrivateBucket(this, 'Output', { ...data, serverAccessLogsPrefix: 'output/' });
  }
}
