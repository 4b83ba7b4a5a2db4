/**
 * The record that a batch run leaves beside its output: what was asked, and what came of every file. It is also the run's
 * memory: a later attempt reads from it which files are to be run again.
 */
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import type { TransformPlan } from './plan-transform.ts';
import type { FileCounts, Reconciliation } from './reconcile.ts';
import { toAddress } from './s3-address.ts';

const count = z.int().min(0);

const RunManifest = z.object({
  format: z.literal('twinvec-batch-run'),
  formatVersion: z.literal(1),
  /** Of the run. */
  runName: z.string(),
  /** Of the attempt after which this was written, and its number. */
  jobName: z.string(),
  attempt: count,
  scheduledTime: z.string(),
  model: z.string(),
  input: z.string(),
  /** The manifest that named the objects of the input, and what their addresses began with; absent = none did. */
  inputManifest: z.object({ address: z.string(), prefix: z.string() }).optional(),
  output: z.string(),
  totals: z.object({
    reconciled: z.boolean(),
    inputChanged: z.boolean(),
    recordsIn: count,
    recordsOut: count,
    placeholders: count,
  }),
  files: z.array(
    z.object({
      input: z.string(),
      output: z.string(),
      recordsIn: count,
      /** Absent = there is no output. */
      recordsOut: count.optional(),
      placeholders: count,
    }),
  ),
});

export type RunManifest = Readonly<z.infer<typeof RunManifest>>;

/** @param base What the addresses of the input's objects began with */
export function buildRunManifest(
  plan: TransformPlan,
  base: S3Uri,
  files: readonly FileCounts[],
  counts: Reconciliation,
): RunManifest {
  const { reconciled, inputChanged, recordsIn, recordsOut, placeholders } = counts;
  return {
    format: 'twinvec-batch-run',
    formatVersion: 1,
    runName: plan.runName,
    jobName: plan.jobName,
    attempt: plan.attempt,
    scheduledTime: plan.scheduledTime,
    model: plan.request.ModelName,
    input: plan.inputS3Uri,
    ...(plan.inputManifestS3Uri !== undefined && {
      inputManifest: { address: plan.inputManifestS3Uri, prefix: toAddress(base) },
    }),
    output: plan.request.TransformOutput.S3OutputPath,
    totals: { reconciled, inputChanged, recordsIn, recordsOut, placeholders },
    files: [...files],
  };
}

/** @throws TwinvecError InvalidManifest when the text is not such a record */
export function parseRunManifest(text: string, address: string): RunManifest {
  try {
    return RunManifest.parse(JSON.parse(text));
  } catch (cause) {
    throw new TwinvecError('InvalidManifest', `${address} is not the record of a batch run.`, { cause });
  }
}
