/** Waits for the end of a transform job, however it ends. */
import { DescribeTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { pauseShortly } from '../fixtures/state-machine/start-run.ts';
import type { LambdaService } from './lambda-service.ts';

export async function untilJobEnded({ sageMaker }: LambdaService, jobName: string | undefined): Promise<void> {
  for (;;) {
    const job = await sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: jobName }));
    if (job.TransformJobStatus !== 'InProgress') return;
    await pauseShortly();
  }
}
