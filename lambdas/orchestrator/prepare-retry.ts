/**
 * The input of a run's next job: a manifest of the files that have failed so far, taken from the run's own record. Doing it
 * twice writes the same; doing it after that job has ended writes nothing, because the record then speaks of later files.
 */
import { TwinvecError } from '#core/errors.ts';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { buildRetryManifest } from '#core/jobs/retry-manifest.ts';
import { parseRunManifest, type RunManifest } from '#core/jobs/run-manifest.ts';
import { locate } from '#core/jobs/s3-address.ts';
import { findObject, readBytes, type S3Access, writeObject } from '../commons/s3-objects.ts';

export interface PreparedRetry {
  readonly jobName: string;
  readonly attempt: number;
  /** Files that the job is to read; 0 when an earlier call had prepared a job that has ended since. */
  readonly retriedFiles: number;
}

/**
 * @param plan Of the attempt that is to come
 * @throws TwinvecError Conflict when the attempt before it has not been reconciled, or nothing failed
 */
export async function prepareRetry(s3: S3Access, plan: TransformPlan): Promise<PreparedRetry> {
  const { jobName, attempt, request } = plan;
  const record = await readRecord(s3, plan);
  if (record.attempt >= attempt) return { jobName, attempt, retriedFiles: 0 };
  if (record.attempt !== attempt - 1) {
    throw new TwinvecError('Conflict', `Attempt ${attempt - 1} of ${plan.runName} has not been reconciled.`);
  }
  const { files, text } = buildRetryManifest(record);
  await writeObject(s3, locate(request.TransformInput.DataSource.S3DataSource.S3Uri), text, 'application/json');
  return { jobName, attempt, retriedFiles: files };
}

async function readRecord(s3: S3Access, { manifestS3Uri, runName }: TransformPlan): Promise<RunManifest> {
  const object = await findObject(s3, locate(manifestS3Uri));
  if (!object) throw new TwinvecError('Conflict', `${runName} has not been reconciled: there is no ${manifestS3Uri}.`);
  return parseRunManifest(Buffer.from(await readBytes(s3, object)).toString('utf8'), manifestS3Uri);
}
