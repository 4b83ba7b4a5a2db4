/** What the router is told by its environment. */
import * as z from 'zod';
import { S3Address } from '#core/jobs/s3-address.ts';
import { LIMITS } from '#core/limits.ts';
import { NamedModels } from './models.ts';

const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.int().min(least).max(most));

/** Without the model's own size every id that fits the graph is let through; the container knows better. */
const vocabularySize = wholeNumber(2, LIMITS.vocabularySize.value).optional();
const maxSeqLen = wholeNumber(1, LIMITS.sequenceLength.value).optional();

/** Whether the model has a vocabulary and reads text. */
const text = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .optional();

const endpointName = z.string().regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, 'must be the name of an endpoint');

export const RouterEnvironment = z
  .object({
    ENDPOINT_NAME: endpointName,
    /** An asynchronous endpoint has an AsyncInferenceConfig and takes nothing else. */
    ENDPOINT_MODE: z.enum(['real-time', 'async']).default('real-time'),
    /** Where a real-time endpoint's requests go that it cannot take: too large, or while it has no instances. */
    ASYNC_ENDPOINT_NAME: endpointName.optional(),
    /** Folder of the asynchronous requests: inputs/, tickets/, and uploads/ for callers' own objects. */
    ASYNC_S3_URI: S3Address.refine((uri) => uri.endsWith('/'), 'must end with "/"').optional(),
    /** Account that must own the buckets. */
    BUCKET_OWNER: z
      .string()
      .regex(/^\d{12}$/)
      .optional(),
    MODEL_KIND: z.enum(['object2vec', 'tensorflow']).default('object2vec'),
    /** JSON: what can be asked at /models/{name}/invocations. */
    MODELS: NamedModels.optional(),
    /** An HTTP API gives up after 30 s; an answer must be on its way before. */
    DEADLINE_MS: wholeNumber(100, 60_000).default(28_000),
    /** Origins of the web pages that may read answers, by commas; where API Gateway does not say it by itself. */
    CORS_ORIGINS: z
      .string()
      .transform((origins) => origins.split(','))
      .optional(),
    IN0_VOCABULARY_SIZE: vocabularySize,
    IN1_VOCABULARY_SIZE: vocabularySize,
    IN0_MAX_SEQ_LEN: maxSeqLen,
    IN1_MAX_SEQ_LEN: maxSeqLen,
    IN0_TEXT: text,
    IN1_TEXT: text,
  })
  .superRefine((value, context) => {
    const wantsFolder = value.ENDPOINT_MODE === 'async' || value.ASYNC_ENDPOINT_NAME !== undefined;
    if (!wantsFolder || value.ASYNC_S3_URI !== undefined) return;
    context.addIssue({ code: 'custom', path: ['ASYNC_S3_URI'], message: 'is needed for asynchronous requests' });
  });

export type RouterEnvironment = z.infer<typeof RouterEnvironment>;

export interface AsyncRoute {
  readonly endpointName: string;
  /** Ends with "/". */
  readonly folder: string;
}

/** Undefined when this deployment has no asynchronous endpoint. */
export function asyncRouteOf(environment: RouterEnvironment): AsyncRoute | undefined {
  const { ENDPOINT_MODE, ENDPOINT_NAME, ASYNC_ENDPOINT_NAME, ASYNC_S3_URI: folder } = environment;
  const name = ENDPOINT_MODE === 'async' ? ENDPOINT_NAME : ASYNC_ENDPOINT_NAME;
  return name === undefined || folder === undefined ? undefined : { endpointName: name, folder };
}
