import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The image's own tests, and those of the server's contract; their limits of a machine are not of the image. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/image/*.check.ts', 'test/contract/serve-!(command|disk|resources|user).test.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/tally-reporter.ts'],
  },
});
