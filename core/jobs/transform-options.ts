/**
 * What a transform can do without: capture of what went in and out, tags, the experiment that it belongs to. As a
 * definition has it, and as CreateTransformJob takes it.
 */
import * as z from 'zod';
import { KmsKeyId, TagKey, TagValue } from '#core/sagemaker/fields.ts';
import { ExperimentName } from '#core/sagemaker/transform-job.ts';
import { S3Address } from './s3-address.ts';

/** CreateTransformJob.Tags. */
const MOST_TAGS = 50;

export const CaptureChoice = {
  /** An id for every record, added to its output; for content types that filters take. */
  generateInferenceId: z.boolean().default(false),
};

/** Where manifests of inputs and outputs are kept, by the hour. */
export const TransformCapture = z.strictObject({
  s3Uri: S3Address,
  kmsKeyId: KmsKeyId.min(1).optional(),
  ...CaptureChoice,
});

/** Optional in a definition, whoever runs it. */
export const TransformOptions = {
  tags: z
    .record(TagKey, TagValue)
    .refine((tags) => Object.keys(tags).length <= MOST_TAGS, `a job takes at most ${MOST_TAGS} tags`)
    .optional(),
  experiment: z
    .strictObject({
      experimentName: ExperimentName.optional(),
      trialName: ExperimentName.optional(),
      trialComponentDisplayName: ExperimentName.optional(),
      runName: ExperimentName.optional(),
    })
    .optional(),
};

interface Options {
  readonly capture?: z.infer<typeof TransformCapture> | undefined;
  readonly tags?: z.infer<typeof TransformOptions.tags>;
  readonly experiment?: z.infer<typeof TransformOptions.experiment>;
}

/** Fields of CreateTransformJob's request; only those that were asked for. */
export interface OptionalRequest {
  readonly DataCaptureConfig?: { DestinationS3Uri: string; KmsKeyId?: string; GenerateInferenceId: boolean };
  readonly ExperimentConfig?: {
    ExperimentName?: string;
    TrialName?: string;
    TrialComponentDisplayName?: string;
    RunName?: string;
  };
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

export function optionalRequest({ capture, tags, experiment }: Options): OptionalRequest {
  return {
    ...(capture && {
      DataCaptureConfig: {
        DestinationS3Uri: capture.s3Uri,
        GenerateInferenceId: capture.generateInferenceId,
        ...(capture.kmsKeyId !== undefined && { KmsKeyId: capture.kmsKeyId }),
      },
    }),
    ...(experiment && {
      ExperimentConfig: {
        ...(experiment.experimentName !== undefined && { ExperimentName: experiment.experimentName }),
        ...(experiment.trialName !== undefined && { TrialName: experiment.trialName }),
        ...(experiment.trialComponentDisplayName !== undefined && {
          TrialComponentDisplayName: experiment.trialComponentDisplayName,
        }),
        ...(experiment.runName !== undefined && { RunName: experiment.runName }),
      },
    }),
    ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}
