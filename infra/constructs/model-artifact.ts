/**
 * The trained `model.tar.gz`: an object in S3, or a file of this machine that the deployment uploads. A file's address
 * has its hash in it, so another model is another address and CloudFormation sees the change.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { locate } from '#core/jobs/s3-address.ts';
import { REPOSITORY_ROOT } from './repository.ts';

export interface ModelArtifactProps {
  /** `s3://bucket/key.tar.gz`, or a path, relative to the repository. */
  readonly archive: string;
}

export class ModelArtifact extends Construct {
  readonly s3Uri: string;
  readonly bucketArn: string;
  private readonly objectArn: string;

  /** @throws TwinvecError InvalidConfiguration when the file does not exist */
  constructor(scope: Construct, id: string, { archive }: ModelArtifactProps) {
    super(scope, id);
    if (archive.startsWith('s3://')) {
      const { bucket, key } = locate(archive);
      this.s3Uri = archive;
      this.bucketArn = `arn:${Stack.of(this).partition}:s3:::${bucket}`;
      this.objectArn = `${this.bucketArn}/${key}`;
      return;
    }
    const asset = new Asset(this, 'Asset', { path: findFile(archive) });
    this.s3Uri = asset.s3ObjectUrl;
    this.bucketArn = asset.bucket.bucketArn;
    this.objectArn = asset.bucket.arnForObjects(asset.s3ObjectKey);
  }

  /** Reading this one object; Asset's own grant would be for the whole bucket of assets. */
  grantRead(role: Role): void {
    role.addToPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: [this.objectArn] }));
  }
}

function findFile(archive: string): string {
  const path = isAbsolute(archive) ? archive : join(REPOSITORY_ROOT, archive);
  if (existsSync(path)) return path;
  const advice = 'Train one (npx twinvec train), or name an object as s3://bucket/key.tar.gz.';
  throw new TwinvecError('InvalidConfiguration', `model.archive: there is no file ${quoteForMessage(path)}. ${advice}`);
}
