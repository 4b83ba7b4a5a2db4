/**
 * How a transform is run after the rule of precedence (spec sagemaker 1.3): what the job says, else what the
 * container says on /execution-parameters, else the defaults.
 */
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { AssembleWith } from './assemble.ts';
import type { BatchStrategy, SplitType } from './split-types.ts';

/** What a job may leave open. */
export interface TransformChoices {
  readonly splitType?: SplitType | undefined;
  readonly assembleWith?: AssembleWith | undefined;
  readonly strategy?: BatchStrategy | undefined;
  readonly maxPayloadMb?: number | undefined;
  readonly maxConcurrentTransforms?: number | undefined;
}

export interface TransformSettings {
  readonly splitType: SplitType;
  readonly assembleWith: AssembleWith;
  readonly strategy: BatchStrategy;
  /** 0 is a body of any size, sent in HTTP chunks. */
  readonly maxPayloadMb: number;
  readonly maxConcurrentTransforms: number;
}

const Strategy = z
  .enum(['MULTI_RECORD', 'SINGLE_RECORD', 'MultiRecord', 'SingleRecord'])
  .transform((name): BatchStrategy => (name.startsWith('M') ? 'MultiRecord' : 'SingleRecord'));

/** The reply of GET /execution-parameters. Other members are the container's own business. */
export const ExecutionParameters = z.object({
  MaxConcurrentTransforms: z.int().min(1).max(LIMITS.batchMaxConcurrency.value).optional(),
  BatchStrategy: Strategy.optional(),
  MaxPayloadInMB: z.int().min(0).max(LIMITS.batchMaxPayloadMb.value).optional(),
});

export type ExecutionParameters = z.infer<typeof ExecutionParameters>;

/**
 * MaxConcurrentTransforms 0 counts as unset, as at AWS.
 *
 * @throws TwinvecError InvalidConfiguration when concurrency x payload is over the platform's limit.
 */
export function resolveSettings(job: TransformChoices, container: ExecutionParameters = {}): TransformSettings {
  const settings: TransformSettings = {
    splitType: job.splitType ?? 'None',
    assembleWith: job.assembleWith ?? 'None',
    strategy: job.strategy ?? container.BatchStrategy ?? 'MultiRecord',
    maxPayloadMb: job.maxPayloadMb ?? container.MaxPayloadInMB ?? LIMITS.batchDefaultPayloadMb.value,
    maxConcurrentTransforms: job.maxConcurrentTransforms || container.MaxConcurrentTransforms || 1,
  };
  const problem = payloadProblem(settings.maxConcurrentTransforms, settings.maxPayloadMb);
  if (problem) throw new TwinvecError('InvalidConfiguration', problem);
  return settings;
}

/** Why this pair is not allowed; undefined when it is. */
export function payloadProblem(maxConcurrentTransforms: number, maxPayloadMb: number): string | undefined {
  const most = LIMITS.batchMaxConcurrencyTimesPayloadMb.value;
  if (maxConcurrentTransforms * maxPayloadMb <= most) return undefined;
  return `MaxConcurrentTransforms x MaxPayloadInMB is ${maxConcurrentTransforms} x ${maxPayloadMb}; the product may be at most ${most} MB.`;
}
