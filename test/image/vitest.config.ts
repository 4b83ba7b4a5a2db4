import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * The image's own tests, and those of the server's contract. Not those that start it within a disk, limits or a name space of
 * users of their own, where its process could not become another user; the command line and the user are in the image's own.
 */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/image/*.check.ts', 'test/contract/serve-!(command|disk|process-1|resources|user).test.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/tally-reporter.ts'],
  },
});
