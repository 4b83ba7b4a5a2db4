/** What InvokeEndpointAsync asks for beside the model's own headers. */
import type { IncomingHttpHeaders } from 'node:http';
import { LIMITS } from '#core/limits.ts';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import { checkHeader, constraint, validationError } from '../invocation.ts';

export interface AsyncAsked {
  /** Undefined when the body comes with the request. */
  readonly inputLocation: string | undefined;
  readonly filename: string | undefined;
  readonly pathExtension: string | undefined;
  readonly ttlSeconds: number;
  readonly timeoutSeconds: number;
}

const PREFIX = 'x-amzn-sagemaker-';
const FILENAME = { member: 'filename', most: 32, pattern: /^(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_.]*$/ };
const EXTENSION = { member: 's3OutputPathExtension', most: 512, pattern: /^(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+$/ };
const INPUT = { member: 'inputLocation', most: 1024, pattern: /^(https|s3):\/\/([^/]+)\/?(.*)$/ };

/** @throws AwsError ValidationError naming the member. */
export function readAsyncRequest(headers: IncomingHttpHeaders): AsyncAsked {
  const text = (name: string, rule: Parameters<typeof checkHeader>[0]): string | undefined => {
    const value = headers[`${PREFIX}${name}`];
    return typeof value === 'string' ? checkHeader(rule, value) : undefined;
  };
  const inputLocation = text('inputlocation', INPUT);
  if (inputLocation !== undefined && !parseS3Uri(inputLocation)) {
    throw validationError(`InputLocation ${inputLocation} is not an s3:// address.`);
  }
  const pathExtension = text('s3outputpathextension', EXTENSION);
  if (pathExtension?.split('/').includes('..')) throw constraint(EXTENSION.member, 'Member must not lead upwards');
  const { asyncRequestSeconds: ttl, asyncInvocationSeconds: invocation } = LIMITS;
  return {
    inputLocation,
    filename: text('filename', FILENAME),
    pathExtension,
    ttlSeconds: whole(headers, 'requestttlseconds', 'requestTTLSeconds', 60, ttl.value) ?? ttl.value,
    timeoutSeconds: whole(headers, 'invocationtimeoutseconds', 'invocationTimeoutSeconds', 1, 3600) ?? invocation.value,
  };
}

function whole(
  headers: IncomingHttpHeaders,
  name: string,
  member: string,
  least: number,
  most: number,
): number | undefined {
  const text = headers[`${PREFIX}${name}`];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value)) throw constraint(member, 'Member must be an integer');
  if (value < least) throw constraint(member, `Member must have value greater than or equal to ${least}`);
  if (value > most) throw constraint(member, `Member must have value less than or equal to ${most}`);
  return value;
}
