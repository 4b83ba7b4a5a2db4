/** How a run ended badly, as the state machine tells it: which step, and what that step had found. */
import * as z from 'zod';

const count = z.int().min(0);

const Problem = z.object({
  object: z.string(),
  line: count.optional(),
  byteOffset: count.optional(),
  code: z.string(),
});

const FileCounts = z.object({ input: z.string(), recordsIn: count, recordsOut: count.optional(), placeholders: count });

export const Outcome = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('InputRejected'),
    /** The validator's. Its messages may quote records, so they stay in the run's history. */
    report: z.object({
      objects: count,
      records: count,
      badRecords: count,
      fatalProblems: count,
      problems: z.array(Problem),
    }),
  }),
  z.object({
    state: z.enum(['TransformFailed', 'RecordsLost', 'InputChanged']),
    result: z.object({
      status: z.string(),
      failureReason: z.string(),
      files: count,
      recordsIn: count,
      recordsOut: count,
      placeholders: count,
      mismatchedFiles: count,
      mismatches: z.array(FileCounts),
      manifestS3Uri: z.string(),
    }),
  }),
  z.object({
    state: z.literal('StepFailed'),
    /** Error name and cause as Step Functions gives them; the cause of a Lambda is JSON. */
    error: z.string(),
    cause: z.string(),
  }),
]);

export type Outcome = z.infer<typeof Outcome>;
