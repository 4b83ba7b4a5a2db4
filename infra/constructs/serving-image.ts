/**
 * The container image: built from container/Dockerfile at deploy time, or one that was built before, by its digest.
 * Synth only hashes the files, so it needs no Docker.
 */

import { type IRepository, Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Environment } from '../environments/schema.ts';
import { REPOSITORY_ROOT } from './repository.ts';

export interface ServingImageProps {
  /** Which TensorFlow libraries the image holds. */
  readonly variant: Environment['image']['variant'];
  /** @default built from this repository */
  readonly repository?: Environment['image']['repository'];
}

export class ServingImage extends Construct {
  /** By digest in both cases: a build's tag is the hash of what went into it. */
  readonly uri: string;
  private readonly source: IRepository;

  constructor(scope: Construct, id: string, { variant, repository }: ServingImageProps) {
    super(scope, id);
    if (repository) {
      this.source = Repository.fromRepositoryName(this, 'Repository', repository.name);
      this.uri = this.source.repositoryUriForDigest(repository.digest);
      return;
    }
    const asset = new DockerImageAsset(this, 'Asset', {
      directory: REPOSITORY_ROOT,
      file: 'container/Dockerfile',
      buildArgs: { VARIANT: variant },
      platform: Platform.LINUX_AMD64,
      assetName: `twinvec-${variant}`,
    });
    this.source = asset.repository;
    this.uri = asset.imageUri;
  }

  /** Pulling from this one repository. */
  grantPull(grantee: IGrantable): void {
    this.source.grantPull(grantee);
  }
}
