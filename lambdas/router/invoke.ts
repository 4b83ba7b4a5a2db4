/**
 * One call of the endpoint within the caller's deadline, tried again only where that helps.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { InvokeEndpointCommand, type SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { TwinvecError } from '#core/errors.ts';
import { traced } from '../commons/tracer.ts';
import { readFailure } from './model-failure.ts';
import { delayBeforeRetry } from './retry.ts';

export interface Invocation {
  readonly endpointName: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly customAttributes: string | undefined;
  /** Becomes the container's request id. */
  readonly inferenceId: string;
  /** Archive of a multi-model endpoint. */
  readonly targetModel?: string | undefined;
  readonly inferenceComponent?: string | undefined;
  /** Whether the caller waits for a model that is not ready. */
  readonly waits?: boolean;
}

export interface ModelAnswer {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly customAttributes: string | undefined;
  readonly variant: string | undefined;
  readonly tries: number;
}

/**
 * @param budgetMs Time until which an answer is of use
 * @throws TwinvecError with the container's own code, message and record where it gave them
 */
export async function invokeModel(
  client: SageMakerRuntimeClient,
  invocation: Invocation,
  budgetMs: number,
): Promise<ModelAnswer> {
  const deadline = performance.now() + budgetMs;
  const signal = AbortSignal.timeout(Math.max(1, Math.floor(budgetMs)));
  for (let tries = 1; ; tries++) {
    try {
      return { ...(await traced('InvokeEndpoint', () => send(client, invocation, signal))), tries };
    } catch (thrown) {
      const failure = signal.aborted
        ? new TwinvecError('DeadlineExceeded', 'The model did not answer in time.', { cause: thrown })
        : readFailure(thrown, 'sagemaker:InvokeEndpoint');
      const remainingMs = deadline - performance.now();
      const delayMs = delayBeforeRetry({
        failure,
        tries,
        remainingMs,
        random: Math.random(),
        waits: invocation.waits === true,
      });
      if (delayMs === undefined) throw failure;
      await delay(delayMs);
    }
  }
}

async function send(
  client: SageMakerRuntimeClient,
  invocation: Invocation,
  abortSignal: AbortSignal,
): Promise<Omit<ModelAnswer, 'tries'>> {
  const output = await client.send(
    new InvokeEndpointCommand({
      EndpointName: invocation.endpointName,
      Body: invocation.body,
      ContentType: invocation.contentType,
      Accept: invocation.accept,
      CustomAttributes: invocation.customAttributes,
      InferenceId: invocation.inferenceId,
      TargetModel: invocation.targetModel,
      InferenceComponentName: invocation.inferenceComponent,
    }),
    { abortSignal },
  );
  return {
    body: output.Body ?? new Uint8Array(0),
    contentType: output.ContentType ?? 'application/octet-stream',
    customAttributes: output.CustomAttributes,
    variant: output.InvokedProductionVariant,
  };
}
