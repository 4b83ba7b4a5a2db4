/** The smallest deployment that is still the real thing: one GPU, data that goes away with the stack. */
import { nightlyEmbeddings } from '../jobs/nightly-embeddings.ts';
import { parseEnvironment } from './schema.ts';

export const dev = () =>
  parseEnvironment({
    name: 'dev',
    model: { archive: 's3://twinvec-models-dev/object2vec/model.tar.gz' },
    image: { variant: 'gpu' },
    endpoint: {
      mode: 'realtime',
      instanceType: 'ml.g5.xlarge',
      instanceCount: 1,
      startupTimeoutSeconds: 600,
      modelDownloadTimeoutSeconds: 600,
    },
    api: { requestsPerSecond: 50, burst: 100 },
    reservedConcurrency: { router: 20, validator: 2, orchestrator: 5 },
    logRetentionDays: 14,
    keepData: false,
    jobs: [nightlyEmbeddings],
  });
