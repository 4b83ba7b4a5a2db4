/** One batch transform through the validator and the orchestrator, as the state machine runs it on AWS. */
import { setTimeout as delay } from 'node:timers/promises';
import { handler as orchestrate } from '../lambdas/orchestrator/handler.ts';
import { handler as validate } from '../lambdas/validator/handler.ts';
import type { ValidationReport } from '../lambdas/validator/report.ts';
import { BUCKET, getText, type LocalAws, MODEL_NAME, putText } from './endpoint.ts';

export interface BatchResult {
  readonly jobName: string;
  readonly records: number;
  readonly seconds: number;
  /** The output object, one line a record. */
  readonly output: string;
}

const POLL_MS = 250;

/** @throws Error when the validator refuses the input, or the job or its reconciliation fails. */
export async function transformRecords(aws: LocalAws, lines: readonly string[]): Promise<BatchResult> {
  await putText(aws, 'batch/input/concepts.jsonl', `${lines.join('\n')}\n`);
  const definition = {
    name: 'concepts',
    modelName: MODEL_NAME,
    inputS3Uri: `s3://${BUCKET}/batch/input/`,
    outputS3Uri: `s3://${BUCKET}/batch/output`,
    instanceType: 'ml.g5.xlarge',
    maxPayloadInMB: 1,
  };
  const step = { definition, scheduledTime: new Date().toISOString() };

  const validation = (await validate({
    inputS3Uri: definition.inputS3Uri,
    contentType: 'application/jsonlines',
    splitType: 'Line',
    maxPayloadInMB: definition.maxPayloadInMB,
  })) as ValidationReport;
  if (!validation.accepted) throw new Error(`The validator refused the input: ${JSON.stringify(validation.problems)}`);

  const started = performance.now();
  const { jobName } = (await orchestrate({ ...step, action: 'create' })) as { jobName: string };
  await untilCompleted(step);
  const seconds = (performance.now() - started) / 1000;
  const counts = (await orchestrate({ ...step, action: 'reconcile' })) as { recordsOut: number };
  const output = await getText(aws, BUCKET, `batch/output/${jobName}/concepts.jsonl.out`);
  return { jobName, records: counts.recordsOut, seconds, output };
}

async function untilCompleted(step: object): Promise<void> {
  for (;;) {
    const state = (await orchestrate({ ...step, action: 'observe' })) as { status: string; failureReason: string };
    if (state.status === 'Completed') return;
    if (state.status !== 'InProgress')
      throw new Error(`The transform job ended as ${state.status}: ${state.failureReason}`);
    await delay(POLL_MS);
  }
}
