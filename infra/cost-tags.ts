/**
 * The tags by which a budget and a bill know a deployment. Resources get them from the stack; jobs are made at run time
 * and carry only what their request names.
 */
import type { Environment } from './environments/schema.ts';

export function costTags({ name }: Pick<Environment, 'name'>): Readonly<Record<string, string>> {
  return { service: 'twinvec', environment: name };
}
