/** What is kept of a transform job: its request and state, and the model as it was when the job was created. */
import * as z from 'zod';
import { CreateModelRequest } from '#core/sagemaker/model-request.ts';
import { CreateTransformJobRequest, TRANSFORM_JOB_STATUSES } from '#core/sagemaker/transform-job.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import { seconds } from './list-page.ts';

export const TransformJobRecord = z.object({
  ...RESOURCE_FIELDS,
  request: CreateTransformJobRequest,
  /** What the caller sent, which is what Describe gives back: without the defaults that parsing filled in. */
  asSent: z.record(z.string(), z.unknown()),
  model: CreateModelRequest,
  status: z.enum(TRANSFORM_JOB_STATUSES),
  failureReason: z.string().optional(),
  startedAt: z.coerce.date().optional(),
  endedAt: z.coerce.date().optional(),
});
export type TransformJobRecord = Readonly<z.infer<typeof TransformJobRecord>>;

export function describeTransformJob(job: TransformJobRecord) {
  return {
    ...job.asSent,
    TransformJobArn: job.arn,
    TransformJobStatus: job.status,
    ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
    CreationTime: seconds(job.createdAt),
    ...(job.startedAt ? { TransformStartTime: seconds(job.startedAt) } : {}),
    ...(job.endedAt ? { TransformEndTime: seconds(job.endedAt) } : {}),
  };
}

export function summariseTransformJob(job: TransformJobRecord) {
  return {
    TransformJobName: job.name,
    TransformJobArn: job.arn,
    CreationTime: seconds(job.createdAt),
    TransformJobStatus: job.status,
    LastModifiedTime: seconds(job.modifiedAt),
    ...(job.endedAt ? { TransformEndTime: seconds(job.endedAt) } : {}),
    ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
  };
}
