/** The orchestrator: plan, create, observe, reconcile, retry and explain one batch run, each a step that may be repeated. */
import { planTransform, type TransformPlan } from '#core/jobs/plan-transform.ts';
import { s3Client, sageMakerClient } from '../commons/clients.ts';
import { parseEnvironment, parseEvent } from '../commons/environment.ts';
import { once } from '../commons/once.ts';
import type { S3Access } from '../commons/s3-objects.ts';
import { runStep } from '../commons/step.ts';
import { type CreateResult, createJob } from './create-job.ts';
import { OrchestratorEnvironment, OrchestratorEvent } from './event.ts';
import { type JobState, observeJob } from './observe-job.ts';
import { type PreparedRetry, prepareRetry } from './prepare-retry.ts';
import { type ReconcileResult, reconcileJob } from './reconcile-job.ts';
import { type RunNotice, writeNotice } from './run-notice.ts';

const environment = once(() => parseEnvironment(OrchestratorEnvironment, process.env));

export type OrchestratorResult =
  | TransformPlan
  | CreateResult
  | JobState
  | ReconcileResult
  | PreparedRetry
  | (RunNotice & { readonly jobName: string });

export async function handler(event: unknown): Promise<OrchestratorResult> {
  const orchestrate = async () => act(parseEvent(OrchestratorEvent, event));
  return runStep('orchestrate', orchestrate, summarise);
}

async function act(event: OrchestratorEvent): Promise<OrchestratorResult> {
  const { definition, attempt } = event;
  const plan = planTransform(definition, event.scheduledTime, attempt);
  switch (event.action) {
    case 'plan':
      return plan;
    case 'create':
      return createJob(sageMakerClient(), plan);
    case 'observe':
      return observeJob(sageMakerClient(), plan.jobName);
    case 'reconcile': {
      const job = await observeJob(sageMakerClient(), plan.jobName);
      return reconcileJob(s3Access(), { plan, job, definition, fingerprint: event.fingerprint });
    }
    case 'retry':
      return prepareRetry(s3Access(), plan);
    case 'notice':
      return { jobName: plan.jobName, ...writeNotice(plan, event.outcome, event.executionArn) };
  }
}

function s3Access(): S3Access {
  return { client: s3Client(), owner: environment().BUCKET_OWNER };
}

function summarise(result: OrchestratorResult): Record<string, unknown> {
  const { jobName } = result;
  if ('status' in result && !('mismatchedFiles' in result)) return { jobName, status: result.status };
  if ('retriedFiles' in result) return { jobName, retriedFiles: result.retriedFiles };
  if (!('mismatchedFiles' in result)) return { jobName };
  const { status, files, recordsIn, recordsOut, placeholders, mismatchedFiles } = result;
  return { jobName, status, files, recordsIn, recordsOut, placeholders, mismatchedFiles };
}
