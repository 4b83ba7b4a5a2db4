import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../../../lambdas/commons/environment.ts';
import { RouterEnvironment } from '../../../../lambdas/router/environment.ts';

describe('the router’s environment', () => {
  it('has defaults for everything but the endpoint', () => {
    expect(parseEnvironment(RouterEnvironment, { ENDPOINT_NAME: 'pairs', PATH: '/bin' })).toEqual({
      ENDPOINT_NAME: 'pairs',
      ENDPOINT_MODE: 'real-time',
      MODEL_KIND: 'object2vec',
      DEADLINE_MS: 28_000,
    });
  });

  it('needs a folder for asynchronous requests, and plain names of models', () => {
    const parse = (more: object) => parseEnvironment(RouterEnvironment, { ENDPOINT_NAME: 'pairs', ...more });
    expect(() => parse({ ENDPOINT_MODE: 'async' })).toThrow(/ASYNC_S3_URI: is needed/);
    expect(() => parse({ ASYNC_ENDPOINT_NAME: 'later', ASYNC_S3_URI: 's3://bucket/async' })).toThrow(/end with/);
    expect(() => parse({ MODELS: 'x' })).toThrow(/MODELS: is not JSON/);
    expect(() => parse({ MODELS: '{"a":{}}' })).toThrow(/MODELS.a: needs targetModel or inferenceComponent/);
    expect(() => parse({ MODELS: '{"a":{"targetModel":"../b.tar.gz"}}' })).toThrow(/MODELS.a.targetModel/);
  });

  it('is refused with every problem at once, and without the values', () => {
    const wrong = { DEADLINE_MS: '2s', IN0_VOCABULARY_SIZE: '0', IN1_MAX_SEQ_LEN: '5001' };
    expect(() => parseEnvironment(RouterEnvironment, wrong)).toThrowErrorMatchingInlineSnapshot(
      `[TwinvecError: The environment is not usable. ENDPOINT_NAME: Invalid input: expected string, received undefined; DEADLINE_MS: must be a whole number; IN0_VOCABULARY_SIZE: Too small: expected number to be >=2; IN1_MAX_SEQ_LEN: Too big: expected number to be <=5000]`,
    );
  });
});
