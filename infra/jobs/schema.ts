/**
 * A batch job of an environment: a transform's fields, when it runs, and where in the environment's own buckets it
 * reads and writes. The model is always the one of the deployment.
 */
import * as z from 'zod';
import { checkPayloadShape, TransformFields } from '#core/jobs/transform-definition.ts';
import { CaptureChoice } from '#core/jobs/transform-options.ts';
import { instanceTypeFor } from '../environments/instance-fields.ts';
import { JobSchedule } from './job-schedule.ts';

/** A folder inside a bucket. The closing slash matters: S3Prefix is a plain string prefix. */
export const folder = z
  .string()
  .max(512)
  .regex(/^(?:[A-Za-z0-9_=-]+\/)+$/, 'must be folders that end with "/"');

/** The key of one object inside a bucket. */
const objectKey = z
  .string()
  .max(512)
  .regex(
    /^(?:[A-Za-z0-9_=-]+\/)*[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_=-]+)*$/,
    'must be the name of an object, with its folders, such as manifests/today.json',
  );

export const JobDefinition = z
  .strictObject({
    ...TransformFields.omit({ inputs: true }).shape,
    instanceType: instanceTypeFor('transform'),
    inputFolder: folder,
    /** Of the input bucket: a manifest that names the objects to be read, all in `inputFolder`; absent = all that is there. */
    inputManifest: objectKey.optional(),
    outputFolder: folder,
    /** Manifests of what went in and came out, in a folder of the output bucket. */
    capture: z.strictObject({ folder, ...CaptureChoice }).optional(),
    schedule: JobSchedule,
  })
  .superRefine(checkPayloadShape);

export type JobDefinition = z.infer<typeof JobDefinition>;
