import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The image's own tests, and those of the server's contract that start it as SageMaker does. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: [
      'test/image/*.check.ts',
      'test/contract/serve-object2vec.test.ts',
      'test/contract/serve-http.test.ts',
      'test/contract/serve-lifecycle.test.ts',
      'test/contract/serve-tensorflow.test.ts',
      'test/contract/serve-handlers.test.ts',
    ],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/tally-reporter.ts'],
  },
});
