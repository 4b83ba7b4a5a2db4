/** The orchestrator: plan, create, observe and reconcile one batch transform, each as a step that may be repeated. */
import { planTransform, type TransformPlan } from '#core/jobs/plan-transform.ts';
import { s3Client, sageMakerClient } from '../commons/clients.ts';
import { parseEnvironment, parseEvent } from '../commons/environment.ts';
import { once } from '../commons/once.ts';
import { runStep } from '../commons/step.ts';
import { type CreateResult, createJob } from './create-job.ts';
import { OrchestratorEnvironment, OrchestratorEvent } from './event.ts';
import { type JobState, observeJob } from './observe-job.ts';
import { type ReconcileResult, reconcileJob } from './reconcile-job.ts';

const environment = once(() => parseEnvironment(OrchestratorEnvironment, process.env));

export type OrchestratorResult = TransformPlan | CreateResult | JobState | ReconcileResult;

export async function handler(event: unknown): Promise<OrchestratorResult> {
  const orchestrate = async () => act(parseEvent(OrchestratorEvent, event));
  return runStep('orchestrate', orchestrate, summarise);
}

async function act({ action, definition, scheduledTime }: OrchestratorEvent): Promise<OrchestratorResult> {
  const plan = planTransform(definition, scheduledTime);
  switch (action) {
    case 'plan':
      return plan;
    case 'create':
      return createJob(sageMakerClient(), plan);
    case 'observe':
      return observeJob(sageMakerClient(), plan.jobName);
    case 'reconcile':
      return reconcileJob({ client: s3Client(), owner: environment().BUCKET_OWNER }, plan, definition.maxPlaceholders);
  }
}

function summarise(result: OrchestratorResult): Record<string, unknown> {
  const { jobName } = result;
  if (!('mismatchedFiles' in result)) return { jobName };
  const { files, recordsIn, recordsOut, placeholders, mismatchedFiles } = result;
  return { jobName, files, recordsIn, recordsOut, placeholders, mismatchedFiles };
}
