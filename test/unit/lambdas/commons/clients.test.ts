import { afterAll, describe, expect, it, vi } from 'vitest';
import { runtimeClient, s3Client, sageMakerClient } from '../../../../lambdas/commons/clients.ts';

vi.stubEnv('AWS_REGION', 'eu-central-1');
afterAll(() => vi.unstubAllEnvs());

describe('the clients of the Lambdas', () => {
  it('R15 invoke a model once, because a second try by themselves would be its work twice', async () => {
    expect(await runtimeClient().config.maxAttempts()).toBe(1);
  });

  it('Q1 try everything else five times', async () => {
    expect(await s3Client().config.maxAttempts()).toBe(5);
    expect(await sageMakerClient().config.maxAttempts()).toBe(5);
  });

  it('are made once', () => {
    for (const client of [runtimeClient, s3Client, sageMakerClient]) expect(client()).toBe(client());
  });
});
