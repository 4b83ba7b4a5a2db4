/** The general part of a record that a Create call makes. */
import type { Resource, ResourceKind } from '../state/resource.ts';
import { arnOf } from './caller.ts';

export function newResource(
  kind: ResourceKind,
  region: string,
  name: string,
  tags: Resource['tags'] | undefined,
): Resource {
  const now = new Date();
  return { name, region, arn: arnOf(region, kind, name), createdAt: now, modifiedAt: now, tags: tags ?? [] };
}
