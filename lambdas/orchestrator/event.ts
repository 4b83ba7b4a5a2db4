/**
 * What the orchestrator is asked. Every action gets the definition and the scheduled time and derives the plan anew:
 * the derivation is deterministic, so no step has to trust what an earlier one passed on.
 */
import * as z from 'zod';
import { MOST_RETRIES, TransformDefinition } from '#core/jobs/transform-definition.ts';
import { Outcome } from './outcome.ts';

const run = {
  definition: TransformDefinition,
  /** ISO 8601: the time that the run was scheduled for. */
  scheduledTime: z.string(),
  /** Which job of the run: 0 is the one over the whole input. */
  attempt: z.int().min(0).max(MOST_RETRIES).default(0),
};

export const OrchestratorEvent = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('plan'), ...run }),
  z.strictObject({ action: z.literal('create'), ...run }),
  z.strictObject({ action: z.literal('observe'), ...run }),
  z.strictObject({
    action: z.literal('reconcile'),
    ...run,
    /** Of the input when it was planned; absent = whether it has changed is not looked at. */
    fingerprint: z.string().optional(),
  }),
  /** Prepares the job `attempt` out of what the one before it left. */
  z.strictObject({ action: z.literal('retry'), ...run, attempt: run.attempt.unwrap().min(1) }),
  z.strictObject({ action: z.literal('notice'), ...run, outcome: Outcome, executionArn: z.string() }),
]);

export type OrchestratorEvent = z.infer<typeof OrchestratorEvent>;

export const OrchestratorEnvironment = z.object({
  /** Account that must own the buckets. */
  BUCKET_OWNER: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
});
