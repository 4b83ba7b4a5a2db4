/** What every named thing of the control plane has in common: models, configurations, endpoints and jobs. */
import * as z from 'zod';
import { Name, Tags } from '#core/sagemaker/fields.ts';

/** As they stand in ARNs, and as the folders of the state are called. */
export const RESOURCE_KINDS = ['model', 'endpoint-config', 'endpoint', 'transform-job', 'training-job'] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** The fields of every record; a kind adds its own with `z.object({ ...RESOURCE_FIELDS, ... })`. */
export const RESOURCE_FIELDS = {
  name: Name,
  region: z.string(),
  arn: z.string(),
  createdAt: z.coerce.date(),
  modifiedAt: z.coerce.date(),
  tags: Tags,
} as const;

const ResourceRecord = z.object(RESOURCE_FIELDS);
export type Resource = Readonly<z.infer<typeof ResourceRecord>>;

/** Names are unique per kind and region whatever their case, as ARNs hold them in lower case. */
export type ResourceKey = Pick<Resource, 'region' | 'name'>;

export function keyOf({ region, name }: ResourceKey): string {
  return `${region}/${name.toLowerCase()}`;
}
