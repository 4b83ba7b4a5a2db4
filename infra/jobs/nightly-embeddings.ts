/** Every night: an embedding for every record of the day's input. */
import type * as z from 'zod';
import type { JobDefinition } from './schema.ts';

export const nightlyEmbeddings = {
  name: 'nightly-embeddings',
  instanceType: 'ml.g5.xlarge',
  // The other choice has driver 470, on which no CUDA 12 runs (docs/decisions/0020).
  transformAmiVersion: 'al2-ami-sagemaker-batch-gpu-535',
  inputFolder: 'embeddings/',
  outputFolder: 'embeddings/',
  maxConcurrentTransforms: 4,
  maxPayloadInMB: 6,
  environment: { INFERENCE_PREFERRED_MODE: 'embedding' },
  schedule: { expression: 'cron(0 3 * * ? *)', timeZone: 'UTC', enabled: false },
} as const satisfies z.input<typeof JobDefinition>;
