/** The fields of an environment, each with what it may hold; combinations.ts has the rules between them. */
import { RegionInfo } from 'aws-cdk-lib/region-info';
import * as z from 'zod';
import { S3Address } from '#core/jobs/s3-address.ts';
import { InputSizes } from '#core/jobs/transform-definition.ts';
import { ModelEnvironment } from '#core/sagemaker/fields.ts';
import { JobDefinition } from '../jobs/schema.ts';
import { Api } from './api-fields.ts';
import { Endpoint, Overflow } from './endpoint-fields.ts';
import { Training } from './training-fields.ts';

/** The values that CloudWatch Logs takes. */
const retentionDays = z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653]);
const REGIONS = RegionInfo.regions.map(({ name }) => name);

const region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { message: 'must look like eu-central-1', abort: true })
  .refine((name) => REGIONS.includes(name), 'is not a region of AWS');

/** `model.tar.gz` as training left it: in S3, or a file of this machine that the deployment uploads. */
const archive = z
  .string()
  .regex(/\.tar\.gz$/, { message: 'must be a .tar.gz', abort: true })
  .superRefine((place, context) => {
    if (!place.includes('://')) return;
    for (const { message } of S3Address.safeParse(place).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message: `${message}; a file of this machine is named by its path` });
    }
  });

/** Names that would put a secret where everyone who may describe the model reads it. */
const SECRET = /SECRET|PASS|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY/i;

const variables = ModelEnvironment.superRefine((values, context) => {
  for (const name of Object.keys(values).filter((key) => SECRET.test(key))) {
    context.addIssue({ code: 'custom', path: [name], message: 'looks like a secret; the model needs none' });
  }
});

export const EnvironmentFields = z.strictObject({
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
  region: region.optional(),
  model: z.strictObject({
    archive,
    /** Sizes of the inputs, and whether they may be text, so that router and validator can refuse what the model would. */
    inputs: z.strictObject({ in0: InputSizes, in1: InputSizes }).optional(),
    /** Settings of the server (docs/serving.md), for endpoints. */
    environment: variables.default({}),
  }),
  image: z.strictObject({
    /** Which libraries the image holds; must match the instance types. */
    variant: z.enum(['cpu', 'gpu']),
    /** An image that was built before, by digest; absent = built from container/Dockerfile at deploy time. */
    repository: z
      .strictObject({
        name: z.string().regex(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/, 'must be the name of an ECR repository'),
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits; a tag can move'),
      })
      .optional(),
  }),
  endpoint: Endpoint,
  overflow: Overflow.optional(),
  api: Api,
  /** Absent = no VPC: the models have no network at all, and the functions call AWS over its own network. */
  vpc: z.strictObject({ cidr: z.cidrv4(), availabilityZones: z.int().min(2).max(3).default(2) }).optional(),
  /** Executions that each function may use at a time, taken from the account's own limit. */
  reservedConcurrency: z.strictObject({
    router: z.int().min(1).max(1000),
    validator: z.int().min(1).max(100),
    orchestrator: z.int().min(1).max(100),
  }),
  logRetentionDays: retentionDays,
  /** Whether buckets and the key stay when the stack is deleted. */
  keepData: z.boolean(),
  /** Who is told of alarms; each has to confirm once. */
  alarmEmails: z.array(z.email()).default([]),
  budget: z.strictObject({ monthlyUsd: z.number().min(1) }).optional(),
  jobs: z.array(JobDefinition),
  training: Training.optional(),
});

export type EnvironmentFields = z.infer<typeof EnvironmentFields>;
