/** Where a job stands, for the state machine to choose by. */
import { DescribeTransformJobCommand, type SageMakerClient, type TransformJobStatus } from '@aws-sdk/client-sagemaker';
import { TwinvecError } from '#core/errors.ts';
import { fromControlPlane } from '#core/sagemaker/aws-failure.ts';

export interface JobState {
  readonly jobName: string;
  readonly status: TransformJobStatus;
  /** Why it failed, in SageMaker's words; empty otherwise, because a state machine cannot read what is not there. */
  readonly failureReason: string;
}

/** @throws TwinvecError NotFound, Overloaded, AccessDenied */
export async function observeJob(client: SageMakerClient, jobName: string): Promise<JobState> {
  try {
    const job = await client.send(new DescribeTransformJobCommand({ TransformJobName: jobName }));
    if (job.TransformJobStatus === undefined) throw new TwinvecError('Internal', `${jobName} has no status.`);
    return { jobName, status: job.TransformJobStatus, failureReason: job.FailureReason ?? '' };
  } catch (thrown) {
    throw fromControlPlane(thrown, 'sagemaker:DescribeTransformJob', jobName);
  }
}
