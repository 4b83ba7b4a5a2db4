/**
 * What the validator is asked: the part of a transform's definition that decides which records there are, and which part
 * of the input to read. An input that is too much for one function is planned, read in parts and merged.
 */
import * as z from 'zod';
import { S3Address } from '#core/jobs/s3-address.ts';
import { InputFields, InputSizes, TransformDefinition, TransformFields } from '#core/jobs/transform-definition.ts';
import { ValidationPart } from './part.ts';
import { ValidationReport } from './report.ts';

const input = {
  ...InputFields,
  inputS3Uri: S3Address,
  inputManifestS3Uri: TransformDefinition.shape.inputManifestS3Uri,
  accept: TransformFields.shape.accept,
  outputFilter: TransformFields.shape.outputFilter,
  assembleWith: TransformFields.shape.assembleWith,
  /** Sizes of the model's inputs; without them only the form of ids is checked. */
  inputs: z.strictObject({ in0: InputSizes, in1: InputSizes }).optional(),
  /** Bad records that are let through; they become placeholders in the output. */
  maxBadRecords: z.int().min(0).default(0),
};

const MIB = 1024 * 1024;

export const ValidateEvent = z.strictObject({
  ...input,
  action: z.literal('validate').default('validate'),
  /** `sample`: the beginning of every object. */
  mode: z.enum(['full', 'sample']).default('full'),
  /** Of each object, in sample mode. */
  sampleBytes: z.int().min(1).default(MIB),
  /** Stored bytes after which the reading stops; the report then says that it is not of the whole. */
  byteBudget: z
    .int()
    .min(1)
    .default(16 * 1024 * MIB),
  /** Absent = the whole input. */
  part: ValidationPart.optional(),
});

export const PlanEvent = z.strictObject({
  ...input,
  action: z.literal('plan'),
  /** Stored bytes that one part should have. */
  bytesPerPart: z
    .int()
    .min(1)
    .default(2 * 1024 * MIB),
});

export const MergeEvent = z.strictObject({
  action: z.literal('merge'),
  maxBadRecords: input.maxBadRecords,
  reports: z.array(ValidationReport).min(1),
});

export const ValidatorEvent = z.preprocess(
  // The action may be left out, which a discriminated union has no default for.
  (event) => (isRecord(event) && event.action === undefined ? { ...event, action: 'validate' } : event),
  z.discriminatedUnion('action', [ValidateEvent, PlanEvent, MergeEvent]),
);

export type ValidateEvent = z.infer<typeof ValidateEvent>;
export type PlanEvent = z.infer<typeof PlanEvent>;

export const ValidatorEnvironment = z.object({
  /** Account that must own the buckets. */
  BUCKET_OWNER: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
});

function isRecord(event: unknown): event is Record<string, unknown> {
  return event !== null && typeof event === 'object' && !Array.isArray(event);
}
