/** How every bucket is made: private, TLS only, versioned, without the uploads that a network fault leaves unfinished. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, type BucketProps, type LifecycleRule } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface PrivateBucketProps extends BucketProps {
  /** Whether it stays, with what is in it, when the stack is deleted. */
  readonly keepData: boolean;
}

/** AWS advises the rule for batch transform: a network outage may leave parts of an upload (batch-transform-errors). */
const ABORT_UPLOADS = { id: 'abort-unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) };

/** Versions that were overwritten or deleted by mistake can be had back for so long. */
export const EXPIRE_OLD_VERSIONS = { id: 'expire-old-versions', noncurrentVersionExpiration: Duration.days(90) };

/** Objects below a folder, or all of them, go after so many days. */
export function expire(days: number, folder?: string): LifecycleRule {
  const name = folder === undefined ? 'expire' : `expire-${folder.replaceAll('/', '')}`;
  return { id: name, expiration: Duration.days(days), ...(folder === undefined ? {} : { prefix: folder }) };
}

export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, { keepData, lifecycleRules = [], ...props }: PrivateBucketProps) {
    super(scope, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      lifecycleRules: [ABORT_UPLOADS, ...lifecycleRules],
      ...props,
    });
  }
}
