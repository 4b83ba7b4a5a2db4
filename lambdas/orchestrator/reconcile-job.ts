/**
 * After a job: every input object against its output object, counted as streams, and the run's manifest.
 */
import { outputName } from '#core/batch/output-name.ts';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { type FileCounts, type Reconciliation, reconcile } from '#core/jobs/reconcile.ts';
import { buildRunManifest } from '#core/jobs/run-manifest.ts';
import { locate, toAddress } from '#core/jobs/s3-address.ts';
import { type ListedObject, listObjects, readObject, type S3Access, writeObject } from '../commons/s3-objects.ts';
import { createCounter, type RecordCounter } from './count-records.ts';

export interface ReconcileResult extends Reconciliation {
  readonly jobName: string;
  readonly manifestS3Uri: string;
}

/** @throws TwinvecError when S3 could not be read or written */
export async function reconcileJob(
  s3: S3Access,
  plan: TransformPlan,
  maxPlaceholders: number,
): Promise<ReconcileResult> {
  const files = await countFiles(s3, plan);
  const counts = reconcile(files, maxPlaceholders);
  const manifest = JSON.stringify(buildRunManifest(plan, files, counts), undefined, 2);
  await writeObject(s3, locate(plan.manifestS3Uri), `${manifest}\n`, 'application/json');
  return { jobName: plan.jobName, ...counts, manifestS3Uri: plan.manifestS3Uri };
}

async function countFiles(s3: S3Access, { request }: TransformPlan): Promise<FileCounts[]> {
  const input = locate(request.TransformInput.DataSource.S3DataSource.S3Uri);
  const folder = locate(`${request.TransformOutput.S3OutputPath}/`);
  const outputs = new Map<string, ListedObject>();
  for await (const object of listObjects(s3, folder)) outputs.set(object.key, object);
  const counter = createCounter(request);
  const files: FileCounts[] = [];
  for await (const object of listObjects(s3, input)) {
    if (object.key.endsWith('/') && object.bytes === 0) continue;
    const key = folder.key + outputName(input.key, object.key);
    files.push(await countFile(s3, object, { bucket: folder.bucket, key }, outputs.get(key), counter));
  }
  return files;
}

async function countFile(
  s3: S3Access,
  input: ListedObject,
  expected: { readonly bucket: string; readonly key: string },
  output: ListedObject | undefined,
  counter: RecordCounter,
): Promise<FileCounts> {
  const recordsIn = await counter.countInput(readObject(s3, input));
  const received = output && (await counter.countOutput(readObject(s3, output)));
  return {
    input: toAddress(input),
    output: toAddress(expected),
    recordsIn,
    recordsOut: received?.records,
    placeholders: received?.placeholders ?? 0,
  };
}
