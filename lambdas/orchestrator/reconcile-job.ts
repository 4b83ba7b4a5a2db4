/**
 * After a job: every input object of the run against its output object, counted as streams, the run's manifest, and
 * whether running the failed files again could help.
 */
import { outputName } from '#core/batch/output-name.ts';
import { TwinvecError } from '#core/errors.ts';
import { InputFingerprint } from '#core/jobs/input-fingerprint.ts';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { type FileCounts, type Reconciliation, reconcile } from '#core/jobs/reconcile.ts';
import { buildRunManifest } from '#core/jobs/run-manifest.ts';
import { locate, toAddress } from '#core/jobs/s3-address.ts';
import type { TransformDefinition } from '#core/jobs/transform-definition.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { type InputObject, openInput } from '../commons/input-objects.ts';
import { type ListedObject, listObjects, readObject, type S3Access, writeObject } from '../commons/s3-objects.ts';
import { createCounter, type RecordCounter } from './count-records.ts';
import type { JobState } from './observe-job.ts';

export interface Reconciling {
  readonly plan: TransformPlan;
  readonly job: JobState;
  readonly definition: Pick<TransformDefinition, 'maxPlaceholders' | 'failedFileRetries'>;
  /** Of the input as it was planned; undefined = whether it has changed is not looked at. */
  readonly fingerprint: string | undefined;
}

export interface ReconcileResult extends Reconciliation, JobState {
  readonly manifestS3Uri: string;
  /** Whether another job over the failed files is allowed and could end better. */
  readonly retryable: boolean;
}

/** @throws TwinvecError Conflict while the job goes on; others when S3 could not be read or written */
export async function reconcileJob(s3: S3Access, asked: Reconciling): Promise<ReconcileResult> {
  const { plan, job, definition, fingerprint } = asked;
  if (job.status === 'InProgress' || job.status === 'Stopping') {
    throw new TwinvecError(
      'Conflict',
      `${job.jobName} is ${job.status}. Its records can be counted when it has ended.`,
    );
  }
  const { base, files, found } = await countFiles(s3, plan);
  const inputChanged = fingerprint !== undefined && fingerprint !== found;
  const counts = reconcile(files, { maxPlaceholders: definition.maxPlaceholders, inputChanged });
  const manifest = JSON.stringify(buildRunManifest(plan, base, files, counts), undefined, 2);
  await writeObject(s3, locate(plan.manifestS3Uri), `${manifest}\n`, 'application/json');
  const retryable = plan.attempt < definition.failedFileRetries && couldHelp(job, counts);
  return { ...job, ...counts, manifestS3Uri: plan.manifestS3Uri, retryable };
}

/** A person's stop is meant; and a job that SageMaker refused as a whole, or an input that moves, will be so again. */
function couldHelp({ status, failureReason }: JobState, { inputChanged, files, mismatchedFiles }: Reconciliation) {
  if (status === 'Stopped' || inputChanged || mismatchedFiles === 0) return false;
  return !(mismatchedFiles === files && failureReason.startsWith('ClientError'));
}

async function countFiles(
  s3: S3Access,
  plan: TransformPlan,
): Promise<{ readonly base: S3Uri; readonly files: readonly FileCounts[]; readonly found: string }> {
  const { request } = plan;
  const input = await openInput(s3, plan);
  const folder = locate(`${request.TransformOutput.S3OutputPath}/`);
  const outputs = new Map<string, ListedObject>();
  for await (const object of listObjects(s3, folder)) outputs.set(object.key, object);
  const counter = createCounter(request);
  const fingerprint = new InputFingerprint(input.manifest);
  const files: FileCounts[] = [];
  for await (const object of input.objects()) {
    fingerprint.add(object);
    const key = folder.key + outputName(input.base.key, object.key);
    files.push(await countFile(s3, object, { bucket: folder.bucket, key }, outputs.get(key), counter));
  }
  return { base: input.base, files, found: fingerprint.digest() };
}

async function countFile(
  s3: S3Access,
  input: InputObject,
  expected: { readonly bucket: string; readonly key: string },
  output: ListedObject | undefined,
  counter: RecordCounter,
): Promise<FileCounts> {
  // No records are known of one that a manifest names and that is gone: without an output it failed.
  const recordsIn = input.missing ? 0 : await counter.countInput(readObject(s3, input));
  const received = output && (await counter.countOutput(readObject(s3, output)));
  return {
    input: toAddress(input),
    output: toAddress(expected),
    recordsIn,
    recordsOut: received?.records,
    placeholders: received?.placeholders ?? 0,
  };
}
