/**
 * CreateTransformJob: the request with the API model's ranges (spec sagemaker 2.2) and the rules between its fields.
 * docs/local-differences.md lists the fields that are checked and described, and have no effect on one's own machine.
 */
import * as z from 'zod';
import { type DataProcessing, readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { payloadProblem, type TransformChoices } from '#core/batch/settings.ts';
import { SPLIT_TYPES } from '#core/batch/split-types.ts';
import type { SliceEnd } from '#core/json-path/json-path.ts';
import { LIMITS } from '#core/limits.ts';
import {
  InstanceType,
  KmsKeyId,
  ModelNameText,
  matching,
  Name,
  S3UriText,
  Tags,
  TransformEnvironment,
} from './fields.ts';
import { refuse } from './validation.ts';

const JobName = Name.min(1);
const MediaType = matching('.*').max(256);
const JsonPath = z.string().max(63);

const TransformInput = z.strictObject({
  DataSource: z.strictObject({
    S3DataSource: z.strictObject({ S3DataType: z.enum(['ManifestFile', 'S3Prefix']), S3Uri: S3UriText }),
  }),
  ContentType: MediaType.optional(),
  CompressionType: z.enum(['None', 'Gzip']).default('None'),
  SplitType: z.enum(SPLIT_TYPES).default('None'),
});

const TransformOutput = z.strictObject({
  S3OutputPath: S3UriText,
  Accept: MediaType.optional(),
  AssembleWith: z.enum(['None', 'Line']).default('None'),
  KmsKeyId: KmsKeyId.optional(),
});

const TransformResources = z.strictObject({
  InstanceType,
  InstanceCount: z.int().min(1).max(LIMITS.batchMaxInstances.value),
  VolumeKmsKeyId: KmsKeyId.optional(),
  TransformAmiVersion: matching('[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*').min(1).max(63).optional(),
});

const ModelClientConfig = z.strictObject({
  InvocationsTimeoutInSeconds: z.int().min(1).max(3600).default(LIMITS.batchInvocationSeconds.value),
  InvocationsMaxRetries: z.int().min(0).max(3).default(LIMITS.batchInvocationRetries.value),
});

const DataProcessingFields = z.strictObject({
  InputFilter: JsonPath.default('$'),
  OutputFilter: JsonPath.default('$'),
  JoinSource: z.enum(['Input', 'None']).default('None'),
});

const DataCapture = z.strictObject({
  DestinationS3Uri: S3UriText,
  KmsKeyId: KmsKeyId.optional(),
  GenerateInferenceId: z.boolean().default(false),
});

export const ExperimentName = matching('[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}').min(1).max(120);
const ExperimentConfig = z.strictObject({
  ExperimentName: ExperimentName.optional(),
  TrialName: ExperimentName.optional(),
  TrialComponentDisplayName: ExperimentName.optional(),
  RunName: ExperimentName.optional(),
});

export const CreateTransformJobRequest = z.strictObject({
  TransformJobName: JobName,
  ModelName: ModelNameText,
  MaxConcurrentTransforms: z.int().min(0).optional(),
  ModelClientConfig: ModelClientConfig.prefault({}),
  MaxPayloadInMB: z.int().min(0).max(LIMITS.batchMaxPayloadMb.value).optional(),
  BatchStrategy: z.enum(['MultiRecord', 'SingleRecord']).optional(),
  Environment: TransformEnvironment.default({}),
  TransformInput,
  TransformOutput,
  TransformResources,
  DataProcessing: DataProcessingFields.prefault({}),
  DataCaptureConfig: DataCapture.optional(),
  ExperimentConfig: ExperimentConfig.optional(),
  Tags: Tags.optional(),
});

export type CreateTransformJobRequest = z.infer<typeof CreateTransformJobRequest>;

export const TransformJobName = z.strictObject({ TransformJobName: JobName });

export const TRANSFORM_JOB_STATUSES = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] as const;
export type TransformJobStatus = (typeof TRANSFORM_JOB_STATUSES)[number];

/**
 * The rules of the API between fields.
 *
 * @returns what is to be done with the records, undefined when nothing is
 * @throws TwinvecError ValidationFailed or InvalidConfiguration naming the fields
 */
export function checkTransformJob(job: CreateTransformJobRequest, sliceEnd?: SliceEnd): DataProcessing | undefined {
  const problem = payloadProblem(job.MaxConcurrentTransforms || 1, job.MaxPayloadInMB ?? 1);
  if (problem) throw refuse(problem);
  const { TransformInput: input, TransformOutput: output, DataProcessing: data } = job;
  return readDataProcessing({
    inputFilter: data.InputFilter,
    outputFilter: data.OutputFilter,
    joinSource: data.JoinSource,
    generateInferenceId: job.DataCaptureConfig?.GenerateInferenceId,
    contentType: input.ContentType,
    accept: output.Accept,
    splitType: input.SplitType,
    assembleWith: output.AssembleWith,
    maxPayloadMb: job.MaxPayloadInMB,
    sliceEnd,
  });
}

/** What a job says about how to run it. */
export function choicesOf(job: CreateTransformJobRequest): TransformChoices {
  return {
    splitType: job.TransformInput.SplitType,
    assembleWith: job.TransformOutput.AssembleWith,
    strategy: job.BatchStrategy,
    maxPayloadMb: job.MaxPayloadInMB,
    maxConcurrentTransforms: job.MaxConcurrentTransforms,
  };
}
