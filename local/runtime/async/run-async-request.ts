/** One asynchronous request: its input from S3 to a container, the answer to S3 piece by piece, a notice of either end. */
import type { Readable } from 'node:stream';
import { CreateBucketCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { LIMITS } from '#core/limits.ts';
import { errorNotice, successNotice } from '#core/sagemaker/async-inference.ts';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import { causeOf } from '../../control-plane/aws-error.ts';
import type { Endpoint } from '../../control-plane/endpoints.ts';
import { NoAnswerError } from '../../hosting/container-request.ts';
import { createObject, uriText } from '../../object-store/s3-files.ts';
import { openModel, silence } from '../ask-model.ts';
import type { ModelRequest } from '../invocation.ts';
import type { Route, Router } from '../route-request.ts';
import type { AsyncRequest } from './async-requests.ts';
import type { Notices } from './notices.ts';

export interface AsyncRun {
  readonly s3: S3Client;
  readonly router: Router;
  readonly notices: Notices;
  readonly log: (line: string) => void;
  /** Aborts when the service ends: the request is then left for the next start. */
  readonly signal: AbortSignal;
}

interface Answer {
  readonly contentType: string | undefined;
  /** Undefined when it is too long for a notice. */
  readonly body: Buffer | undefined;
}

/** Rejects only when the service ends. */
export async function runAsyncRequest(run: AsyncRun, request: AsyncRequest, route: Route): Promise<void> {
  const config = notificationsOf(route.endpoint);
  try {
    const answer = await invoke(run, request, route);
    const held = config?.IncludeInferenceResponseIn?.includes('SUCCESS_NOTIFICATION_TOPIC');
    const body = held ? answer.body : undefined;
    const outputLocation = uriText(request.output);
    const notice = successNotice(callOf(request), { ...answer, body, outputLocation }, new Date());
    run.notices.send(config?.SuccessTopic, notice);
  } catch (error) {
    if (run.signal.aborted) throw error;
    await fail(run, request, route.endpoint, causeOf(error));
  }
}

/** Ends a request that waited too long. */
export function expireAsyncRequest(run: AsyncRun, request: AsyncRequest, endpoint: Endpoint): Promise<void> {
  const reason = `The request waited longer than its RequestTTLSeconds (${request.ttlSeconds} s) and has expired.`;
  return fail(run, request, endpoint, reason);
}

async function fail(run: AsyncRun, request: AsyncRequest, endpoint: Endpoint, reason: string): Promise<void> {
  await keepFailure(run, request, reason);
  const config = notificationsOf(endpoint);
  const body = config?.IncludeInferenceResponseIn?.includes('ERROR_NOTIFICATION_TOPIC') ? reason : undefined;
  run.notices.send(config?.ErrorTopic, errorNotice(callOf(request), reason, body, new Date()));
}

function notificationsOf({ deployment }: Endpoint) {
  return deployment.config.AsyncInferenceConfig?.OutputConfig.NotificationConfig;
}

async function invoke(run: AsyncRun, request: AsyncRequest, route: Route): Promise<Answer> {
  const input = await openInput(run.s3, request, run.signal);
  const answered = route.try(async () => {
    const answer = await openModel({
      ...input,
      instance: route.instance,
      request: modelRequest(request),
      timeoutMs: request.timeoutSeconds * 1000,
      maxAnswerBytes: LIMITS.asyncInput.value,
      agent: run.router.agent,
      signal: run.signal,
    });
    const body = await store(run, request, answer.parts).catch(async (error: unknown) => {
      if (!(error instanceof NoAnswerError)) throw error;
      throw await silence(answer.hostname, error, () => route.instance.describeEnd());
    });
    return { contentType: answer.headers['content-type'], body };
  });
  return answered.catch((error: unknown) => {
    throw error === input.brokenBy?.() ? brokenInput(request, error as Error) : error;
  });
}

interface Input {
  readonly body: Uint8Array | Readable;
  readonly bodyBytes?: number;
  /** What ended the reading of it before its end. */
  readonly brokenBy?: () => Error | undefined;
}

function brokenInput({ inputLocation }: AsyncRequest, { message }: Error): Error {
  return new Error(`ClientError: the input ${inputLocation} broke off while it was read: ${message}`);
}

async function openInput(s3: S3Client, request: AsyncRequest, signal: AbortSignal): Promise<Input> {
  if (request.inputLocation === undefined) return { body: Buffer.from(request.body ?? '', 'base64') };
  const { bucket, key } = parseS3Uri(request.inputLocation)!;
  const get = new GetObjectCommand({ Bucket: bucket, Key: key });
  const { Body: body, ContentLength: bytes = 0 } = await s3.send(get, { abortSignal: signal }).catch((error: Error) => {
    throw new Error(`ClientError: the input ${request.inputLocation} cannot be read: ${error.name}`);
  });
  // Until it is sent nobody else listens to it.
  let broken: Error | undefined;
  (body as Readable).on('error', (error) => {
    broken = error;
  });
  const brokenBy = (): Error | undefined => broken;
  if (bytes <= LIMITS.asyncInput.value) return { body: body as Readable, bodyBytes: bytes, brokenBy };
  (body as Readable).destroy();
  const most = LIMITS.asyncInput.value;
  throw new Error(`ClientError: the input ${request.inputLocation} has ${bytes} bytes, ${most} are allowed`);
}

/** @returns the answer itself when it is short enough for a notice */
async function store(
  { s3 }: AsyncRun,
  { output }: AsyncRequest,
  parts: AsyncIterable<Buffer>,
): Promise<Buffer | undefined> {
  const object = await createObject(s3, output);
  const first: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of parts) {
      bytes += part.length;
      if (bytes <= LIMITS.asyncNotice.value) first.push(part);
      await object.write(part);
    }
    await object.commit();
  } catch (error) {
    await object.discard();
    throw error;
  }
  return bytes <= LIMITS.asyncNotice.value ? Buffer.concat(first) : undefined;
}

async function keepFailure(
  { s3, log }: AsyncRun,
  { failure, inferenceId }: AsyncRequest,
  reason: string,
): Promise<void> {
  if (!failure) return;
  try {
    const object = await createObject(s3, failure);
    await object.write(Buffer.from(reason));
    await object.commit();
  } catch (error) {
    log(`The failure of asynchronous request ${inferenceId} could not be written: ${causeOf(error)}`);
  }
}

/** SageMaker's own bucket, which an account has once it used the Python SDK. */
export async function makeDefaultBucket(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: Error) => {
    if (error.name !== 'BucketAlreadyOwnedByYou' && error.name !== 'BucketAlreadyExists') throw error;
  });
}

function callOf(request: AsyncRequest) {
  const { contentType, accept, customAttributes, inputLocation } = request;
  return { ...request, contentType, accept, customAttributes, inputLocation };
}

export function modelRequest({ contentType, accept, customAttributes, inferenceId }: AsyncRequest): ModelRequest {
  return {
    contentType,
    accept,
    customAttributes,
    inferenceId,
    targetModel: undefined,
    targetVariant: undefined,
    targetContainerHostname: undefined,
    sessionId: undefined,
  };
}
