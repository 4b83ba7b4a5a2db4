/**
 * The three ways to host the model. Each has the fields that SageMaker knows for it and no others, so that a real-time
 * endpoint cannot ask for zero instances, nor an asynchronous one for data capture.
 */
import { ProductionVariantInferenceAmiVersion } from '@aws-sdk/client-sagemaker';
import * as z from 'zod';
import { Deployment } from './deployment-fields.ts';
import { instanceTypeFor, seconds, timeZone } from './instance-fields.ts';

const instances = z.int().min(1).max(100);
const orNone = z.int().min(0).max(100);

/** Capacity by the clock: an office that sleeps needs no GPU at night. */
const CapacitySchedule = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and hyphens'),
  /** `cron(0 7 ? * MON-FRI *)`. */
  expression: z.string().regex(/^(?:cron|rate|at)\(.+\)$/, 'must be cron(...), rate(...) or at(...)'),
  timeZone,
  min: orNone,
  max: instances,
});

const cooldowns = {
  scaleInSeconds: seconds(0, 3600).default(600),
  scaleOutSeconds: seconds(0, 3600).default(60),
  schedules: z.array(CapacitySchedule).default([]),
};

const hosting = {
  instanceType: instanceTypeFor('endpoint'),
  /** Seconds until the first good ping: image start, model load and warm-up. */
  startupTimeoutSeconds: seconds(60, 3600),
  modelDownloadTimeoutSeconds: seconds(60, 3600),
  /** Size of the instance's disk; types with disks of their own take none. */
  volumeGib: z.int().min(1).max(512).optional(),
  /** `required`: refuse instance types whose disk takes no customer key. */
  volumeKey: z.enum(['whereTaken', 'required']).default('whereTaken'),
  /** Driver and CUDA of the host; absent = the newest that the libraries of the image run on. */
  amiVersion: z.enum(ProductionVariantInferenceAmiVersion).optional(),
  deployment: Deployment.prefault({ strategy: 'allAtOnce' }),
};

const RealTime = z.strictObject({
  mode: z.literal('realtime'),
  ...hosting,
  instanceCount: instances,
  routing: z.enum(['leastOutstanding', 'random']).default('leastOutstanding'),
  /** Share of the requests that are kept, with their answers, in the capture bucket. */
  capture: z.strictObject({ percent: z.int().min(1).max(100) }).optional(),
  scaling: z
    .strictObject({
      min: z.int().min(1, 'a real-time endpoint keeps one; modes async and components scale to 0').max(100),
      max: instances,
      invocationsPerInstancePerMinute: z.int().min(1),
      ...cooldowns,
    })
    .optional(),
});

const asynchronous = {
  ...hosting,
  instanceCount: instances,
  /** Requests that an instance is handed at a time. */
  concurrentPerInstance: z.int().min(1).max(1000).default(4),
  scaling: z.strictObject({ min: orNone, max: instances, backlogPerInstance: z.int().min(1), ...cooldowns }).optional(),
};

const Components = z.strictObject({
  mode: z.literal('components'),
  ...hosting,
  /** SageMaker adds and removes instances as copies need them. */
  instances: z.strictObject({ min: orNone, max: instances }),
  copies: z.strictObject({ min: orNone, max: instances }),
  perCopy: z.strictObject({
    gpus: z.int().min(1).max(16).optional(),
    memoryMib: z.int().min(128),
    cpus: z.number().min(0.25).optional(),
  }),
  scaling: z.strictObject({ concurrentRequestsPerCopy: z.int().min(1), ...cooldowns }),
});

export const Endpoint = z.discriminatedUnion('mode', [
  RealTime,
  z.strictObject({ mode: z.literal('async'), ...asynchronous }),
  Components,
]);
export type Endpoint = z.infer<typeof Endpoint>;
export type CapacitySchedule = z.infer<typeof CapacitySchedule>;

/** A second endpoint that takes what the first cannot: bodies over 6 MB, and requests while it has no instances. */
export const Overflow = z.strictObject({ mode: z.literal('async').default('async'), ...asynchronous });
