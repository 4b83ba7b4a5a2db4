/** The Lambdas as they are deployed: bundled by CDK, loaded by the Node they run on, small enough to start fast. */
import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiEvent, CONTEXT } from '../unit/lambdas/api-event.ts';
import { bundleFunctions } from './bundle-functions.ts';

/** Uncompressed, as Lambda reads it at a cold start. */
const LARGEST_BUNDLE_BYTES = 1_000_000;

let bundles: Readonly<Record<string, string>>;

beforeAll(() => {
  bundles = bundleFunctions();
});

describe('the bundles', () => {
  it('are three, each with a handler and none larger than a start should read', async () => {
    expect(Object.keys(bundles).sort()).toEqual(['orchestrator', 'router', 'validator']);
    for (const path of Object.values(bundles)) {
      const { handler } = await import(pathToFileURL(path).href);
      expect(handler).toBeTypeOf('function');
      expect(statSync(path).size).toBeLessThan(LARGEST_BUNDLE_BYTES);
    }
  });

  it.each([
    ['router', 404],
    ['validator', 'ValidationFailed'],
    ['orchestrator', 'ValidationFailed'],
  ])('answer: the %s an event that is nothing for it with %s', async (name, expected) => {
    process.env.ENDPOINT_NAME = 'pairs';
    process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
    process.env.POWERTOOLS_METRICS_DISABLED = 'true';
    const { handler } = await import(pathToFileURL(bundles[name]!).href);
    const answer = await handler(apiEvent({ path: '/nowhere' }), CONTEXT).then(
      ({ statusCode }: { statusCode: number }) => statusCode,
      (error: Error) => error.name,
    );
    expect(answer).toBe(expected);
  });
});
