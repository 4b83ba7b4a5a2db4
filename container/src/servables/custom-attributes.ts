/**
 * Which model, version and method a request of `/invocations` means: the attributes `tfs-model-name`,
 * `tfs-model-version` and `tfs-method` in `X-Amzn-SageMaker-Custom-Attributes`, as AWS's TensorFlow container has them.
 */
import type { IncomingMessage } from 'node:http';
import { TwinvecError } from '#core/errors.ts';
import type { InferenceMethod } from '#core/tensors/signature.ts';
import type { RequestHead } from '../http/served-model.ts';

export interface ModelAddress {
  readonly name?: string;
  /** Decimal, without leading zeros. */
  readonly version?: string;
  readonly method: InferenceMethod;
}

const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;
const VERSION = /^[0-9]{1,19}$/;
const METHODS: readonly string[] = ['predict', 'classify', 'regress'] satisfies InferenceMethod[];

/**
 * `tfs-model-name=a,tfs-method=classify`; attributes of others are passed over.
 *
 * @throws TwinvecError InvalidCustomAttributes
 */
export function parseCustomAttributes(header: string | undefined): ModelAddress {
  const found = new Map<string, string>();
  for (const attribute of header?.split(',') ?? []) {
    const equals = attribute.indexOf('=');
    if (equals < 0) continue;
    const key = attribute.slice(0, equals).trim();
    if (!key.startsWith('tfs-')) continue;
    if (found.has(key)) throw invalid(`${key} comes twice`);
    found.set(key, attribute.slice(equals + 1).trim());
  }
  return modelAddress(found.get('tfs-model-name'), found.get('tfs-model-version'), found.get('tfs-method'));
}

/** What the headers of a request say about the model, and what its body is. */
export function readInvocation(req: IncomingMessage): ModelAddress & { readonly head: RequestHead } {
  const customAttributes = req.headersDistinct['x-amzn-sagemaker-custom-attributes']?.join(',');
  const address = parseCustomAttributes(customAttributes);
  const { 'content-type': contentType, accept } = req.headers;
  return { ...address, head: { contentType, accept, customAttributes, method: address.method } };
}

/** Letters, digits, dots, dashes and underscores: nothing that could lead anywhere in a path. */
export function isModelName(name: string): boolean {
  return MODEL_NAME.test(name);
}

/** @throws TwinvecError InvalidCustomAttributes in the words of AWS's container. */
export function modelAddress(name?: string, version?: string, method = 'predict'): ModelAddress {
  if (name !== undefined && !isModelName(name)) throw invalid('invalid tfs-model-name');
  if (version !== undefined && !VERSION.test(version)) {
    throw invalid('invalid tfs-model-version: must be a positive integer');
  }
  if (!METHODS.includes(method)) throw invalid(`invalid tfs-method: must be one of ${METHODS.join('|')}`);
  return {
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version: BigInt(version).toString() }),
    method: method as InferenceMethod,
  };
}

function invalid(message: string): TwinvecError {
  return new TwinvecError('InvalidCustomAttributes', message);
}
