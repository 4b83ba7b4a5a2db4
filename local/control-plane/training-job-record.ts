/** What is kept of a training job, how it goes from one step to the next, and how DescribeTrainingJob shows it. */
import * as z from 'zod';
import { CreateTrainingJobRequest, SECONDARY_STATUSES, type SecondaryStatus } from '#core/sagemaker/training-job.ts';
import { RESOURCE_FIELDS } from '../state/resource.ts';
import { modelArtifacts } from '../training/upload-results.ts';
import { seconds } from './list-page.ts';

const SecondaryStatusText = z.enum(Object.keys(SECONDARY_STATUSES) as [SecondaryStatus, ...SecondaryStatus[]]);

export const TrainingJobRecord = z.object({
  ...RESOURCE_FIELDS,
  request: CreateTrainingJobRequest,
  /** What the caller sent, which is what Describe gives back: without the defaults that parsing filled in. */
  asSent: z.record(z.string(), z.unknown()),
  status: z.enum(['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped']),
  transitions: z.array(
    z.object({ to: SecondaryStatusText, startedAt: z.coerce.date(), endedAt: z.coerce.date().optional() }),
  ),
  metrics: z.array(z.object({ name: z.string(), value: z.number(), time: z.coerce.date() })),
  failureReason: z.string().optional(),
  startedAt: z.coerce.date().optional(),
  endedAt: z.coerce.date().optional(),
});

export type TrainingJobRecord = Readonly<z.infer<typeof TrainingJobRecord>>;

const LAST: ReadonlySet<SecondaryStatus> = new Set(['Completed', 'Failed', 'Stopped', 'MaxRuntimeExceeded']);

export function isOver({ status }: TrainingJobRecord): boolean {
  return status !== 'InProgress' && status !== 'Stopping';
}

/** The change that takes a job to its next step: the step before ends when this one begins. */
export function inStep(
  job: TrainingJobRecord,
  to: SecondaryStatus,
  now: Date,
): Pick<TrainingJobRecord, 'transitions' | 'modifiedAt'> {
  const before = job.transitions.map((one) => (one.endedAt ? one : { ...one, endedAt: now }));
  return {
    modifiedAt: now,
    transitions: [...before, { to, startedAt: now, ...(LAST.has(to) ? { endedAt: now } : {}) }],
  };
}

export function describeTrainingJob(job: TrainingJobRecord) {
  const { request, startedAt, endedAt } = job;
  const trainedSeconds =
    startedAt && endedAt ? Math.max(1, Math.round(seconds(endedAt) - seconds(startedAt))) : undefined;
  const artifacts = job.status === 'Completed' || job.status === 'Stopped';
  return {
    EnableNetworkIsolation: false,
    EnableInterContainerTrafficEncryption: false,
    EnableManagedSpotTraining: false,
    ...job.asSent,
    // The Python SDK's attach() reads both, as the service always gives them.
    OutputDataConfig: { KmsKeyId: '', ...request.OutputDataConfig },
    StoppingCondition: request.StoppingCondition,
    TrainingJobArn: job.arn,
    TrainingJobStatus: job.status,
    SecondaryStatus: job.transitions.at(-1)?.to,
    SecondaryStatusTransitions: job.transitions.map(({ to, startedAt: from, endedAt: until }) => ({
      Status: to,
      StartTime: seconds(from),
      ...(until ? { EndTime: seconds(until) } : {}),
      StatusMessage: SECONDARY_STATUSES[to],
    })),
    ...(artifacts ? { ModelArtifacts: { S3ModelArtifacts: modelArtifacts(request) } } : {}),
    ...(job.failureReason === undefined ? {} : { FailureReason: job.failureReason }),
    FinalMetricDataList: job.metrics.map(({ name, value, time }) => ({
      MetricName: name,
      Value: value,
      Timestamp: seconds(time),
    })),
    CreationTime: seconds(job.createdAt),
    LastModifiedTime: seconds(job.modifiedAt),
    ...(startedAt ? { TrainingStartTime: seconds(startedAt) } : {}),
    ...(endedAt ? { TrainingEndTime: seconds(endedAt) } : {}),
    ...(trainedSeconds === undefined
      ? {}
      : { TrainingTimeInSeconds: trainedSeconds, BillableTimeInSeconds: trainedSeconds }),
  };
}
