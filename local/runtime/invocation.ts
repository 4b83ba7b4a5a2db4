/** What a caller of the runtime asks for: the headers of the three InvokeEndpoint operations, checked (spec sagemaker 1.4). */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { AwsError } from '../control-plane/aws-error.ts';
import { readBody } from '../read-body.ts';

/** What reaches the model. */
export interface ModelRequest {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  readonly inferenceId: string | undefined;
  readonly targetModel: string | undefined;
  readonly targetVariant: string | undefined;
  readonly targetContainerHostname: string | undefined;
  readonly sessionId: string | undefined;
}

const PREFIX = 'x-amzn-sagemaker-';
const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const PRINTABLE = /^\S[\x20-\x7e]*$/;
const SESSION = /^(NEW_SESSION|[a-zA-Z0-9](-*[a-zA-Z0-9])*)$/;

interface HeaderRule {
  readonly member: string;
  readonly most: number;
  readonly pattern?: RegExp;
}

const RULES = {
  'content-type': { member: 'contentType', most: 1024 },
  accept: { member: 'accept', most: 1024 },
  [`${PREFIX}content-type`]: { member: 'contentType', most: 1024 },
  [`${PREFIX}accept`]: { member: 'accept', most: 1024 },
  [`${PREFIX}custom-attributes`]: { member: 'customAttributes', most: 1024, pattern: /^[\x20-\x7e\t]*$/ },
  [`${PREFIX}inference-id`]: { member: 'inferenceId', most: 64, pattern: PRINTABLE },
  [`${PREFIX}target-model`]: { member: 'targetModel', most: 1024, pattern: PRINTABLE },
  [`${PREFIX}target-variant`]: { member: 'targetVariant', most: 63, pattern: NAME },
  [`${PREFIX}target-container-hostname`]: { member: 'targetContainerHostname', most: 63, pattern: NAME },
  [`${PREFIX}session-id`]: { member: 'sessionId', most: 256, pattern: SESSION },
} as const satisfies Record<string, HeaderRule>;

/** Valid at AWS, and about things that are not here. */
const REFUSED: Readonly<Record<string, string>> = {
  [`${PREFIX}enable-explanations`]: 'EnableExplanations: the local service explains nothing.',
  [`${PREFIX}inference-component`]: 'InferenceComponentName: the local service has no inference components.',
};

/** How the operations call Content-Type and Accept. */
export const PLAIN_HEADERS = { contentType: 'content-type', accept: 'accept' } as const;
export const STREAM_HEADERS = { contentType: 'content-type', accept: `${PREFIX}accept` } as const;
export const ASYNC_HEADERS = { contentType: `${PREFIX}content-type`, accept: `${PREFIX}accept` } as const;

type Names = { readonly contentType: keyof typeof RULES; readonly accept: keyof typeof RULES };

/** @throws AwsError ValidationError naming the header. */
export function readModelRequest(headers: IncomingHttpHeaders, names: Names): ModelRequest {
  for (const [name, message] of Object.entries(REFUSED)) {
    if (headers[name] !== undefined) throw validationError(message);
  }
  return {
    contentType: readHeader(headers, names.contentType),
    accept: readHeader(headers, names.accept),
    customAttributes: readHeader(headers, `${PREFIX}custom-attributes`),
    inferenceId: readHeader(headers, `${PREFIX}inference-id`),
    targetModel: readHeader(headers, `${PREFIX}target-model`),
    targetVariant: readHeader(headers, `${PREFIX}target-variant`),
    targetContainerHostname: readHeader(headers, `${PREFIX}target-container-hostname`),
    sessionId: readHeader(headers, `${PREFIX}session-id`),
  };
}

function readHeader(headers: IncomingHttpHeaders, name: keyof typeof RULES): string | undefined {
  const value = headers[name];
  if (value === undefined || Array.isArray(value)) return undefined;
  return checkHeader(RULES[name], value);
}

/** @throws AwsError ValidationError in the service's words. */
export function checkHeader({ member, most, pattern }: HeaderRule, value: string): string {
  if (value.length > most) throw constraint(member, `Member must have length less than or equal to ${most}`);
  if (pattern && !pattern.test(value)) {
    throw constraint(member, `Member must satisfy regular expression pattern: ${pattern.source}`);
  }
  return value;
}

/** The headers that a container gets; the service strips all others. */
export function containerHeaders(request: ModelRequest): Record<string, string> {
  const all: readonly (readonly [string, string | undefined])[] = [
    ['content-type', request.contentType],
    ['accept', request.accept],
    [`${PREFIX}custom-attributes`, request.customAttributes],
    [`${PREFIX}inference-id`, request.inferenceId],
    [`${PREFIX}target-model`, request.targetModel],
    [`${PREFIX}target-variant`, request.targetVariant],
    [`${PREFIX}session-id`, request.sessionId],
  ];
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** What a container's answer tells the caller besides its body. */
export const ANSWER_HEADERS = [
  `${PREFIX}custom-attributes`,
  `${PREFIX}new-session-id`,
  `${PREFIX}closed-session-id`,
] as const;

/** @throws AwsError ValidationError when the body is longer. */
export async function readInvocationBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return readBody(request, maxBytes).catch((error: unknown) => {
    if (!(error instanceof TwinvecError)) throw error;
    throw constraint('body', `Member must have length less than or equal to ${maxBytes}`);
  });
}

export const REAL_TIME_BYTES = LIMITS.realTimeBody.value;

export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

export function constraint(member: string, rule: string): AwsError {
  return validationError(`1 validation error detected: Value at '${member}' failed to satisfy constraint: ${rule}`);
}
