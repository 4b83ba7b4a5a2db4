/**
 * The AWS clients, made once and kept while the Lambda is warm. AWS_ENDPOINT_URL points all of them at `twinvec local`.
 */
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { once } from './once.ts';
import { tracer } from './tracer.ts';

/** Tries of one call: the SDK backs off exponentially with full jitter (spec faults Q1). */
const TRIES = 5;

/** Not traced call by call: a step may read a hundred thousand objects. */
export const s3Client = once(
  () =>
    new S3Client({
      maxAttempts: TRIES,
      // A custom endpoint has no DNS name per bucket.
      forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined,
    }),
);

export const sageMakerClient = once(() => tracer().captureAWSv3Client(new SageMakerClient({ maxAttempts: TRIES })));

/**
 * One try only: an invocation is GPU work, so the router itself decides when a second one helps (spec faults R15). A
 * model may take 60 s; AWS advises a socket timeout of 70 s. Not traced by the SDK, which would keep a refusal's words.
 */
export const runtimeClient = once(
  () =>
    new SageMakerRuntimeClient({
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 3_000, requestTimeout: 70_000 },
    }),
);
