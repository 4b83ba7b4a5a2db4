/**
 * What a batch transform is to do, as data: the part that a team writes down once and every run reads. The cross-rules
 * of CreateTransformJob are checked here, before anything is submitted.
 */
import * as z from 'zod';
import { readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { payloadProblem } from '#core/batch/settings.ts';
import { SPLIT_TYPES } from '#core/batch/split-types.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { MEDIA_TYPES } from '#core/object2vec/wire-formats.ts';
import { TENSOR_ANSWER_TYPES, TENSOR_REQUEST_TYPES } from '#core/tensors/media-types.ts';
import type { InputPlace } from './input-manifest.ts';
import { S3Address } from './s3-address.ts';
import { TransformCapture, TransformOptions } from './transform-options.ts';

/** What of a job decides how its records are read: the same for the validator, the job and the count afterwards. */
export const InputFields = {
  modelKind: z.enum(['object2vec', 'tensorflow']).default('object2vec'),
  contentType: z.enum([...new Set([...MEDIA_TYPES, ...TENSOR_REQUEST_TYPES])]).default('application/jsonlines'),
  compressionType: z.enum(['None', 'Gzip']).default('None'),
  splitType: z.enum(SPLIT_TYPES).default('Line'),
  batchStrategy: z.enum(['MultiRecord', 'SingleRecord']).default('MultiRecord'),
  maxPayloadInMB: z.int().min(1).max(LIMITS.batchMaxPayloadMb.value).default(LIMITS.batchDefaultPayloadMb.value),
  /** JSONPath: what of a record the model gets. */
  inputFilter: z.string().max(63).default('$'),
  joinSource: z.enum(['None', 'Input']).default('None'),
};

/** 32 leaves room in a 63-character job name for the time and the hash. */
const JOB_NAME = z
  .string()
  .max(32)
  .regex(/^[a-z0-9](-?[a-z0-9])*$/, 'must be lower-case letters and digits, joined by single hyphens');

/** Jobs of one run beyond the first; a digit, for which job names have room. */
export const MOST_RETRIES = 5;

/** Sizes of one input of the model, so that ids can be checked before a GPU starts. */
export const InputSizes = z.strictObject({
  vocabularySize: z.int().min(2).max(LIMITS.vocabularySize.value),
  maxSeqLen: z.int().min(1).max(LIMITS.sequenceLength.value).default(LIMITS.sequenceLength.value),
  /** Whether the model has a vocabulary of this input and reads text. */
  text: z.boolean().optional(),
});
export type InputSizes = z.infer<typeof InputSizes>;

const fields = {
  ...InputFields,
  name: JOB_NAME,
  instanceType: z.string().regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'must look like ml.g5.xlarge'),
  instanceCount: z.int().min(1).max(LIMITS.batchMaxInstances.value).default(1),
  accept: z.enum([...new Set([...MEDIA_TYPES, ...TENSOR_ANSWER_TYPES])]).default('application/jsonlines'),
  assembleWith: z.enum(['Line', 'None']).default('Line'),
  /** JSONPath: what of an answer, or of record and answer joined, is written. */
  outputFilter: z.string().max(63).default('$'),
  maxConcurrentTransforms: z.int().min(1).max(LIMITS.batchMaxConcurrency.value).default(4),
  /** Seconds that one request may take. */
  invocationTimeoutSeconds: z.int().min(1).max(3600).default(LIMITS.batchInvocationSeconds.value),
  invocationRetries: z.int().min(0).max(LIMITS.batchInvocationRetries.value).default(3),
  /** GPU driver of the instances, such as al2-ami-sagemaker-batch-gpu-535. */
  transformAmiVersion: z
    .string()
    .max(63)
    .regex(/^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$/)
    .optional(),
  environment: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,1023}$/), z.string().max(10_240))
    .refine((entries) => Object.keys(entries).length <= 16, 'CreateTransformJob takes at most 16 entries')
    .default({}),
  /** Sizes of the model's inputs; without them only the form of ids is checked. */
  inputs: z.strictObject({ in0: InputSizes, in1: InputSizes }).optional(),
  ...TransformOptions,
  /** Bad records that the input may hold before the run is refused. */
  maxBadRecords: z.int().min(0).default(0),
  /** Times that the files which failed, and only they, are run again. */
  failedFileRetries: z.int().min(0).max(MOST_RETRIES).default(1),
  /** Placeholder lines that the output may hold before the run counts as failed. */
  maxPlaceholders: z.int().min(0).default(0),
};

interface PayloadShape {
  readonly maxConcurrentTransforms: number;
  readonly maxPayloadInMB: number;
  readonly splitType: (typeof SPLIT_TYPES)[number];
  readonly assembleWith: 'Line' | 'None';
  readonly modelKind: 'object2vec' | 'tensorflow';
  readonly contentType: string;
  readonly accept: string;
  readonly inputFilter: string;
  readonly outputFilter: string;
  readonly joinSource: 'None' | 'Input';
  readonly capture?: { readonly generateInferenceId: boolean } | undefined;
}

/**
 * MaxConcurrentTransforms x MaxPayloadInMB must not be over 100 (CreateTransformJobRequest); what was split by lines must
 * be assembled by lines, or lines in and lines out could not be counted against each other; and filters have rules.
 */
export function checkPayloadShape(value: PayloadShape, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  const problem = payloadProblem(value.maxConcurrentTransforms, value.maxPayloadInMB);
  if (problem !== undefined) refuse('maxPayloadInMB', problem);
  const { splitType, assembleWith } = value;
  const byLines = splitType === 'Line' || splitType === 'None';
  if (byLines && splitType !== assembleWith) refuse('assembleWith', 'must be the same as splitType');
  if (value.modelKind === 'object2vec') {
    if (!MEDIA_TYPES.includes(value.contentType)) refuse('contentType', 'is for modelKind tensorflow');
    if (!MEDIA_TYPES.includes(value.accept)) refuse('accept', 'is for modelKind tensorflow');
    if (splitType === 'RecordIO' || splitType === 'TFRecord') refuse('splitType', 'is for modelKind tensorflow');
  }
  try {
    const generateInferenceId = value.capture?.generateInferenceId;
    readDataProcessing({ ...value, maxPayloadMb: value.maxPayloadInMB, generateInferenceId });
  } catch (error) {
    if (!(error instanceof TwinvecError)) throw error;
    refuse('inputFilter', error.message);
  }
}

/** The fields of a definition that do not depend on where it is deployed. */
export const TransformFields = z.strictObject(fields);

/** Where a manifest names the objects, the input is the folder that they have to be in. */
function checkManifestFolder(value: InputPlace, context: z.RefinementCtx): void {
  if (value.inputManifestS3Uri === undefined || value.inputS3Uri.endsWith('/')) return;
  const message = 'must end with "/": it is the folder of the objects that inputManifestS3Uri may name';
  context.addIssue({ code: 'custom', path: ['inputS3Uri'], message });
}

/** A definition that can be submitted: the fields, and where model, input and output are. */
export const TransformDefinition = z
  .strictObject({
    ...fields,
    modelName: z.string().regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/),
    inputS3Uri: S3Address,
    /** Of a manifest (S3DataType ManifestFile) that names the objects to be read, all below `inputS3Uri`. */
    inputManifestS3Uri: S3Address.optional(),
    outputS3Uri: S3Address,
    /** Key for the output objects; absent = the bucket's own default. */
    outputKmsKeyId: z.string().min(1).max(2048).optional(),
    /** Key for the disks of the instances; not for types with local NVMe. */
    volumeKmsKeyId: z.string().min(1).max(2048).optional(),
    capture: TransformCapture.optional(),
  })
  .superRefine(checkPayloadShape)
  .superRefine(checkManifestFolder);

export type TransformDefinition = z.infer<typeof TransformDefinition>;
