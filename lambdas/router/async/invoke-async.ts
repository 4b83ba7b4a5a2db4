/**
 * A request that is answered later: its input goes to S3, SageMaker queues it, and the caller gets the address at which
 * to ask for the answer. The ticket is written last, so an id that was given out always leads somewhere.
 */
import { randomUUID } from 'node:crypto';
import { InvokeEndpointAsyncCommand, type SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { TwinvecError } from '#core/errors.ts';
import { toAddress } from '#core/jobs/s3-address.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { type S3Access, writeObject } from '../../commons/s3-objects.ts';
import { traced } from '../../commons/tracer.ts';
import type { AsyncRoute } from '../environment.ts';
import { readFailure } from '../model-failure.ts';
import { inputOf, writeTicket } from './ticket.ts';

export interface AsyncInvocation {
  readonly requestId: string;
  /** The bytes, or the object that holds them already. */
  readonly input: Uint8Array | S3Uri;
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
}

export interface AsyncClients {
  readonly runtime: SageMakerRuntimeClient;
  readonly s3: S3Access;
}

/** @returns the id to ask with */
export async function invokeAsync(
  { runtime, s3 }: AsyncClients,
  { endpointName, folder }: AsyncRoute,
  invocation: AsyncInvocation,
): Promise<string> {
  const id = randomUUID();
  const { contentType, accept, customAttributes, requestId } = invocation;
  const input = await putInput(s3, inputOf(folder, id), invocation);
  const accepted = await send(
    runtime,
    new InvokeEndpointAsyncCommand({
      EndpointName: endpointName,
      InputLocation: toAddress(input),
      ContentType: contentType,
      Accept: accept,
      CustomAttributes: customAttributes,
      // The answer's object is named after it, so a caller's own id, which may come twice, would overwrite answers.
      InferenceId: id,
    }),
  );
  await writeTicket(s3, folder, id, {
    requestId,
    acceptedAt: new Date().toISOString(),
    output: accepted.output,
    ...(accepted.failure === undefined ? {} : { failure: accepted.failure }),
    contentType: accept ?? contentType,
  });
  return id;
}

async function putInput(s3: S3Access, at: S3Uri, { input, contentType }: AsyncInvocation): Promise<S3Uri> {
  if (!(input instanceof Uint8Array)) return input;
  await writeObject(s3, at, input, contentType);
  return at;
}

async function send(
  runtime: SageMakerRuntimeClient,
  command: InvokeEndpointAsyncCommand,
): Promise<{ readonly output: string; readonly failure: string | undefined }> {
  try {
    const { OutputLocation, FailureLocation } = await traced('InvokeEndpointAsync', () => runtime.send(command));
    if (OutputLocation === undefined) throw new TwinvecError('Internal', 'SageMaker named no place for the answer.');
    return { output: OutputLocation, failure: FailureLocation };
  } catch (thrown) {
    throw thrown instanceof TwinvecError ? thrown : readFailure(thrown, 'sagemaker:InvokeEndpointAsync');
  }
}
