/**
 * What a batch transform is to do, as data: the part that a team writes down once and every run reads. The cross-rules
 * of CreateTransformJob are checked here, before anything is submitted.
 */
import * as z from 'zod';
import { payloadProblem } from '#core/batch/settings.ts';
import { LIMITS } from '#core/limits.ts';
import { S3Address } from './s3-address.ts';

/** JSON Lines in and out: the one pair of formats in which records can be counted on both sides. */
const MEDIA_TYPE = z.literal('application/jsonlines');
/** 32 leaves room in a 63-character job name for the time and the hash. */
const JOB_NAME = z
  .string()
  .max(32)
  .regex(/^[a-z0-9](-?[a-z0-9])*$/, 'must be lower-case letters and digits, joined by single hyphens');

/** Sizes of one input of the model, so that ids can be checked before a GPU starts. */
export const InputSizes = z.strictObject({
  vocabularySize: z.int().min(2).max(LIMITS.vocabularySize.value),
  maxSeqLen: z.int().min(1).max(LIMITS.sequenceLength.value).default(LIMITS.sequenceLength.value),
  /** Whether the model has a vocabulary of this input and reads text. */
  text: z.boolean().optional(),
});
export type InputSizes = z.infer<typeof InputSizes>;

const fields = {
  name: JOB_NAME,
  instanceType: z.string().regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'must look like ml.g5.xlarge'),
  instanceCount: z.int().min(1).max(100).default(1),
  contentType: MEDIA_TYPE.default('application/jsonlines'),
  accept: MEDIA_TYPE.default('application/jsonlines'),
  splitType: z.enum(['Line', 'None']).default('Line'),
  assembleWith: z.enum(['Line', 'None']).default('Line'),
  batchStrategy: z.enum(['MultiRecord', 'SingleRecord']).default('MultiRecord'),
  maxPayloadInMB: z.int().min(1).max(LIMITS.batchMaxPayloadMb.value).default(LIMITS.batchDefaultPayloadMb.value),
  maxConcurrentTransforms: z.int().min(1).max(LIMITS.batchMaxConcurrency.value).default(4),
  /** Seconds that one request may take. */
  invocationTimeoutSeconds: z.int().min(1).max(3600).default(LIMITS.batchInvocationSeconds.value),
  invocationRetries: z.int().min(0).max(LIMITS.batchInvocationRetries.value).default(3),
  environment: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,1023}$/), z.string().max(10_240))
    .refine((entries) => Object.keys(entries).length <= 16, 'CreateTransformJob takes at most 16 entries')
    .default({}),
  /** Sizes of the model's inputs; without them only the form of ids is checked. */
  inputs: z.strictObject({ in0: InputSizes, in1: InputSizes }).optional(),
  /** Bad records that the input may hold before the run is refused. */
  maxBadRecords: z.int().min(0).default(0),
  /** Placeholder lines that the output may hold before the run counts as failed. */
  maxPlaceholders: z.int().min(0).default(0),
};

interface PayloadShape {
  readonly maxConcurrentTransforms: number;
  readonly maxPayloadInMB: number;
  readonly splitType: string;
  readonly assembleWith: string;
}

/**
 * MaxConcurrentTransforms x MaxPayloadInMB must not be over 100 (CreateTransformJobRequest); and what was split must be
 * assembled the same way, or lines in and lines out could not be counted against each other.
 */
export function checkPayloadShape(value: PayloadShape, context: z.RefinementCtx): void {
  const problem = payloadProblem(value.maxConcurrentTransforms, value.maxPayloadInMB);
  if (problem !== undefined) context.addIssue({ code: 'custom', path: ['maxPayloadInMB'], message: problem });
  if (value.splitType === value.assembleWith) return;
  context.addIssue({ code: 'custom', path: ['assembleWith'], message: 'must be the same as splitType' });
}

/** The fields of a definition that do not depend on where it is deployed. */
export const TransformFields = z.strictObject(fields);

/** A definition that can be submitted: the fields, and where model, input and output are. */
export const TransformDefinition = z
  .strictObject({
    ...fields,
    modelName: z.string().regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/),
    inputS3Uri: S3Address,
    outputS3Uri: S3Address,
    /** Key for the output objects; absent = the bucket's own default. */
    outputKmsKeyId: z.string().min(1).max(2048).optional(),
  })
  .superRefine(checkPayloadShape);

export type TransformDefinition = z.infer<typeof TransformDefinition>;
