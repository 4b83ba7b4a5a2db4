/** When a job runs, and what happens when its last run has not ended. */
import * as z from 'zod';
import { timeZone } from '../environments/instance-fields.ts';

export const JobSchedule = z.strictObject({
  expression: z.string().regex(/^(?:cron|rate)\(.+\)$/, 'must be cron(...) or rate(...)'),
  timeZone,
  enabled: z.boolean(),
  /** `skip`: a tick that finds the last run still going is left out. `allow`: both run; their outputs never mix. */
  overlap: z.enum(['skip', 'allow']).default('skip'),
  /** Starts that are tried again; EventBridge's own 185 are too many for something that rents GPUs. */
  retries: z.int().min(0).max(10).default(2),
  /** How late a run may still start. */
  maximumAgeSeconds: z.int().min(60).max(86_400).default(3600),
});

export type JobSchedule = z.infer<typeof JobSchedule>;
