/** The general part of a record that a Create call makes. */
import type { Resource, ResourceKind } from '../state/resource.ts';
import { validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';

/** @throws AwsError ValidationException when a tag is there twice. */
export function newResource(
  kind: ResourceKind,
  region: string,
  name: string,
  tags: Resource['tags'] | undefined,
): Resource {
  const keys = (tags ?? []).map(({ Key }) => Key);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) throw validationException(`Duplicate tag key: ${twice}`);
  const now = new Date();
  return { name, region, arn: arnOf(region, kind, name), createdAt: now, modifiedAt: now, tags: tags ?? [] };
}
