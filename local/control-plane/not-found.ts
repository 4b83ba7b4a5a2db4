/** How the service says that a name means nothing, which differs from kind to kind; nearly always a ValidationException. */
import type { ResourceKind } from '../state/resource.ts';
import { type AwsError, validationException } from './aws-error.ts';
import { arnOf } from './caller.ts';

const MESSAGES: Readonly<Record<ResourceKind, (arn: string, name: string) => string>> = {
  model: (arn) => `Could not find model "${arn}".`,
  'endpoint-config': (arn) => `Could not find endpoint configuration "${arn}".`,
  endpoint: (arn) => `Could not find endpoint "${arn}".`,
  'transform-job': (_arn, name) => `Could not find requested job with name: ${name}`,
  'training-job': (_arn, name) => `Requested resource not found: training job ${name}.`,
};

export function notFound(kind: ResourceKind, region: string, name: string): AwsError {
  return validationException(MESSAGES[kind](arnOf(region, kind, name), name));
}
