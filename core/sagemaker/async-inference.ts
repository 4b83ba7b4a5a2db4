/** InvokeEndpointAsync: where answers go, and the notices about them (AWS docs async-inference; spec sagemaker 1.7). */
import type { AsyncInferenceConfig } from './endpoint-config-request.ts';
import { parseS3Uri, type S3Uri } from './s3-uri.ts';

export interface AsyncNames {
  readonly inferenceId: string;
  /** Of the object, instead of one made of an id. */
  readonly filename: string | undefined;
  /** Folders below the output path. */
  readonly pathExtension: string | undefined;
}

export interface AsyncLocations {
  readonly output: S3Uri;
  /** Undefined when the endpoint keeps no failures. */
  readonly failure: S3Uri | undefined;
}

/**
 * `S3OutputPath/EXTENSION/ID.out` or the file name that the caller chose, `S3FailurePath/EXTENSION/ID-error.out`.
 *
 * @param fallback the output path when the endpoint has none
 */
export function asyncLocations(config: AsyncInferenceConfig, names: AsyncNames, fallback: S3Uri): AsyncLocations {
  const { S3OutputPath: output, S3FailurePath: failure } = config.OutputConfig;
  const place = (path: string | undefined): S3Uri | undefined => (path === undefined ? undefined : parseS3Uri(path));
  const failureAt = place(failure);
  return {
    output: within(place(output) ?? fallback, names, names.filename ?? `${objectName(names)}.out`),
    failure: failureAt && within(failureAt, names, `${objectName(names)}-error.out`),
  };
}

/** An inference id may hold any printable character; an object of its own below the path must come of it. */
function objectName({ inferenceId }: AsyncNames): string {
  return inferenceId.replace(/[^A-Za-z0-9!_.*'()-]/g, '-');
}

function within({ bucket, key }: S3Uri, { pathExtension = '' }: AsyncNames, name: string): S3Uri {
  const folders = [...key.split('/'), ...pathExtension.split('/')].filter((part) => part !== '');
  return { bucket, key: [...folders, name].join('/') };
}

/** What a notice is about. */
export interface AsyncCall {
  readonly region: string;
  readonly endpointName: string;
  readonly inferenceId: string;
  readonly receivedAt: Date;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  /** Undefined when the body came with the request. */
  readonly inputLocation: string | undefined;
}

export interface AsyncAnswer {
  readonly contentType: string | undefined;
  readonly outputLocation: string;
  /** What of the answer a notice may hold. */
  readonly body: Uint8Array | undefined;
}

export function successNotice(call: AsyncCall, answer: AsyncAnswer, now: Date): Record<string, unknown> {
  return {
    ...common(call, now),
    invocationStatus: 'Completed',
    responseParameters: { contentType: answer.contentType, outputLocation: answer.outputLocation },
    ...(answer.body === undefined ? {} : { responseBody: embedded(answer.body) }),
  };
}

export function errorNotice(
  call: AsyncCall,
  reason: string,
  body: string | undefined,
  now: Date,
): Record<string, unknown> {
  return {
    ...common(call, now),
    invocationStatus: 'Failed',
    failureReason: reason,
    ...(body === undefined ? {} : { responseBody: embedded(Buffer.from(body)) }),
  };
}

function common(call: AsyncCall, now: Date): Record<string, unknown> {
  return {
    awsRegion: call.region,
    eventTime: now.toISOString(),
    receivedTime: call.receivedAt.toISOString(),
    requestParameters: {
      contentType: call.contentType,
      accept: call.accept,
      customAttributes: call.customAttributes,
      endpointName: call.endpointName,
      inputLocation: call.inputLocation,
    },
    inferenceId: call.inferenceId,
    eventVersion: '1.0',
    eventSource: 'aws:sagemaker',
    eventName: 'InferenceResult',
  };
}

function embedded(body: Uint8Array): { readonly content: string; readonly encoding: 'UTF-8' | 'BASE64' } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return { content: text, encoding: 'UTF-8' };
  return { content: bytes.toString('base64'), encoding: 'BASE64' };
}
