/**
 * Production: two instances so that one may fail, a new model that goes back by itself, a second endpoint that sleeps
 * until a body is too large for the first, data that outlives the stack, the nightly job switched on.
 */
import { nightlyEmbeddings } from '../jobs/nightly-embeddings.ts';
import { weeklyTraining } from '../jobs/weekly-training.ts';
import { parseEnvironment } from './schema.ts';

const hosting = {
  instanceType: 'ml.g5.xlarge',
  startupTimeoutSeconds: 900,
  modelDownloadTimeoutSeconds: 900,
};

export const prod = () =>
  parseEnvironment({
    name: 'prod',
    model: { archive: 's3://twinvec-models-prod/object2vec/model.tar.gz' },
    image: { variant: 'gpu' },
    endpoint: {
      mode: 'realtime',
      ...hosting,
      instanceCount: 2,
      deployment: { strategy: 'canary', percent: 50, waitSeconds: 600, bakeSeconds: 600 },
      scaling: { min: 2, max: 6, invocationsPerInstancePerMinute: 3000 },
    },
    overflow: { ...hosting, instanceCount: 1, scaling: { min: 0, max: 2, backlogPerInstance: 5 } },
    api: { requestsPerSecond: 500, burst: 1000 },
    reservedConcurrency: { router: 200, validator: 5, orchestrator: 10 },
    logRetentionDays: 365,
    keepData: true,
    alarmEmails: ['twinvec-alarms@example.com'],
    budget: { monthlyUsd: 3000 },
    jobs: [{ ...nightlyEmbeddings, schedule: { ...nightlyEmbeddings.schedule, enabled: true } }],
    training: weeklyTraining,
  });
