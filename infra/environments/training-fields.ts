/** Retraining: the job that makes the next model from the input bucket, by schedule or by hand. */
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { JobSchedule } from '../jobs/job-schedule.ts';
import { folder } from '../jobs/schema.ts';
import { instanceTypeFor, seconds } from './instance-fields.ts';

/** Read by the parser that the training job itself uses, so that a typo costs a synth and not a GPU. */
const hyperparameters = z.record(z.string(), z.string().max(2500)).superRefine((values, context) => {
  try {
    parseHyperparameters(values);
  } catch (thrown) {
    if (!(thrown instanceof TwinvecError)) throw thrown;
    context.addIssue({ code: 'custom', message: thrown.message });
  }
});

export const Training = z.strictObject({
  instanceType: instanceTypeFor('training'),
  volumeGib: z.int().min(1).max(16_384).default(50),
  maxRuntimeSeconds: seconds(60, 432_000),
  /** Spare capacity for a fraction of the price, which may be taken away; the job may wait this long for it. */
  spotWaitSeconds: seconds(60, 432_000).optional(),
  /** Folders of the input bucket, by channel. */
  channels: z.strictObject({
    train: folder,
    validation: folder.optional(),
    test: folder.optional(),
    auxiliary: folder.optional(),
  }),
  hyperparameters,
  schedule: JobSchedule.optional(),
});

export type Training = z.infer<typeof Training>;
