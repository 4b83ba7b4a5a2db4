/**
 * Submitting a planned job, any number of times, with one effect. The name is the lock: SageMaker refuses it the second
 * time, and if what holds the name is the same request, that is success (spec faults Q18, R1, R2, R4).
 */
import {
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { TwinvecError } from '#core/errors.ts';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { fromControlPlane } from '#core/sagemaker/aws-failure.ts';

export interface CreateResult {
  readonly jobName: string;
  /** False when an earlier call had already made the job. */
  readonly created: boolean;
}

/** @throws TwinvecError Conflict when another request holds the name */
export async function createJob(client: SageMakerClient, { jobName, request }: TransformPlan): Promise<CreateResult> {
  try {
    // SageMaker knows newer instance types than the SDK's list; the definition has checked the form.
    await client.send(new CreateTransformJobCommand(request as CreateTransformJobCommandInput));
    return { jobName, created: true };
  } catch (thrown) {
    const failure = fromControlPlane(thrown, refusedAction(thrown), jobName);
    if (failure.code !== 'Conflict') throw failure;
  }
  const existing = await describe(client, jobName);
  // What DescribeTransformJob does not say: tags are asked for elsewhere.
  const { Tags: _, ...described } = request;
  if (includes(existing, described)) return { jobName, created: false };
  throw new TwinvecError('Conflict', `${jobName} exists and was made by a different request.`);
}

/** A job is made with its tags, which is an action of its own, and AWS says which of the two was missing. */
function refusedAction(thrown: unknown): string {
  const tagging = thrown instanceof Error && thrown.message.includes('perform: sagemaker:AddTags');
  return tagging ? 'sagemaker:AddTags' : 'sagemaker:CreateTransformJob';
}

async function describe(client: SageMakerClient, jobName: string): Promise<unknown> {
  try {
    return await client.send(new DescribeTransformJobCommand({ TransformJobName: jobName }));
  } catch (thrown) {
    throw fromControlPlane(thrown, 'sagemaker:DescribeTransformJob', jobName);
  }
}

/** Whether the description has everything that was asked for; it may say more. An empty map may be left out. */
export function includes(described: unknown, asked: unknown): boolean {
  if (asked === null || typeof asked !== 'object') return described === asked;
  const entries = Object.entries(asked);
  if (described === undefined) return entries.length === 0;
  if (described === null || typeof described !== 'object') return false;
  return entries.every(([name, value]) => includes((described as Record<string, unknown>)[name], value));
}
