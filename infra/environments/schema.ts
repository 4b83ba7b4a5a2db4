/**
 * What differs between deployments, and nothing else. A bad environment fails at synth with every problem listed, so
 * that nothing is half deployed because of a typo.
 */
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { S3Address } from '#core/jobs/s3-address.ts';
import { InputSizes } from '#core/jobs/transform-definition.ts';
import { hasGpu } from '../constructs/instance-type.ts';
import { JobDefinition } from '../jobs/schema.ts';

const instanceType = z.string().regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'must look like ml.g5.xlarge');
/** The values that CloudWatch Logs takes. */
const retentionDays = z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653]);

export const Environment = z
  .strictObject({
    /** Part of every stable name. */
    name: z
      .string()
      .max(16)
      .regex(/^[a-z][a-z0-9]*$/, 'must be lower-case letters and digits'),
    /** Absent = wherever the caller's credentials point at deploy time. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be 12 digits')
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must look like eu-central-1')
      .optional(),
    model: z.strictObject({
      /** `model.tar.gz` as training left it. */
      archiveS3Uri: S3Address.refine((uri) => uri.endsWith('.tar.gz'), 'must be a .tar.gz'),
      /** Sizes of the inputs, and whether they may be text, so that router and validator can refuse what the model would. */
      inputs: z.strictObject({ in0: InputSizes, in1: InputSizes }).optional(),
    }),
    /** Which libraries the image holds; must match the instance types. */
    imageVariant: z.enum(['cpu', 'gpu']),
    endpoint: z.strictObject({
      instanceType,
      instanceCount: z.int().min(1).max(100),
      /** Seconds until the first good ping: image start, model load and warm-up. */
      startupTimeoutSeconds: z.int().min(60).max(3600),
      modelDownloadTimeoutSeconds: z.int().min(60).max(3600),
    }),
    api: z.strictObject({
      requestsPerSecond: z.int().min(1).max(10_000),
      burst: z.int().min(1).max(5_000),
    }),
    /** Executions that each function may use at a time, taken from the account's own limit. */
    reservedConcurrency: z.strictObject({
      router: z.int().min(1).max(1000),
      validator: z.int().min(1).max(100),
      orchestrator: z.int().min(1).max(100),
    }),
    logRetentionDays: retentionDays,
    /** Whether buckets and the key stay when the stack is deleted. */
    keepData: z.boolean(),
    jobs: z.array(JobDefinition),
  })
  .superRefine((environment, context) => {
    const types: [PropertyKey[], string][] = [
      [['endpoint', 'instanceType'], environment.endpoint.instanceType],
      ...environment.jobs.map(({ instanceType }, index): [PropertyKey[], string] => [
        ['jobs', index, 'instanceType'],
        instanceType,
      ]),
    ];
    for (const [path, type] of types) {
      if (hasGpu(type) === (environment.imageVariant === 'gpu')) continue;
      context.addIssue({ code: 'custom', path, message: `${type} does not fit the ${environment.imageVariant} image` });
    }
    const names = environment.jobs.map(({ name }) => name);
    if (new Set(names).size < names.length) {
      context.addIssue({ code: 'custom', path: ['jobs'], message: 'every job needs a name of its own' });
    }
  });

export type Environment = z.infer<typeof Environment>;

/** @throws TwinvecError InvalidConfiguration listing every problem with its path */
export function parseEnvironment(value: z.input<typeof Environment>): Environment {
  const parsed = Environment.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TwinvecError('InvalidConfiguration', `The environment is not usable.\n${problems.join('\n')}`);
}
