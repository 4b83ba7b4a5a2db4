import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { parseServingConfig, servingHelp } from '../../../../container/src/config/serving-config.ts';
import { SERVING_SETTINGS } from '../../../../container/src/config/serving-settings.ts';

function problemsOf(env: NodeJS.ProcessEnv): string {
  try {
    parseServingConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(TwinvecError);
    expect((error as TwinvecError).code).toBe('InvalidConfiguration');
    return (error as TwinvecError).message;
  }
  return '';
}

describe('the configuration of serve', () => {
  it('without any variable is that of a real-time container', () => {
    // Act
    const config = parseServingConfig({});

    // Assess
    expect(config).toMatchObject({
      port: 8080,
      host: '0.0.0.0',
      modelDir: '/opt/ml/model',
      batch: false,
      maxBodyBytes: 6_291_456,
      executionParameters: { MaxConcurrentTransforms: 8, BatchStrategy: 'MULTI_RECORD', MaxPayloadInMB: 6 },
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("takes SageMaker's variables of a batch job, in the API's spelling too", () => {
    // Act
    const config = parseServingConfig({
      SAGEMAKER_BATCH: 'True',
      SAGEMAKER_MAX_PAYLOAD_IN_MB: '20',
      SAGEMAKER_BATCH_STRATEGY: 'SingleRecord',
      SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: '5',
    });

    // Assess
    expect(config).toMatchObject({
      batch: true,
      maxBodyBytes: 20 * 1_048_576,
      executionParameters: { MaxConcurrentTransforms: 5, BatchStrategy: 'SINGLE_RECORD', MaxPayloadInMB: 20 },
      queueDeadlineMs: 600_000,
    });
  });

  it('takes the body of an asynchronous endpoint when told to, and has room for it in the queue', () => {
    // Act
    const config = parseServingConfig({ TWINVEC_MAX_BODY_MB: '1024' });

    // Assess
    expect(config).toMatchObject({ maxBodyBytes: 1024 * 1_048_576, queueBytes: 1024 * 1_048_576 });
    expect(() => parseServingConfig({ TWINVEC_MAX_BODY_MB: '1025' })).toThrow('TWINVEC_MAX_BODY_MB');
  });

  it("takes the variables of AWS's TensorFlow container", () => {
    // Act
    const config = parseServingConfig({
      SAGEMAKER_TFS_DEFAULT_MODEL_NAME: 'half_plus_two',
      SAGEMAKER_TFS_ENABLE_BATCHING: 'true',
      SAGEMAKER_TFS_MAX_BATCH_SIZE: '16',
      SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS: '50000',
      SAGEMAKER_TFS_NUM_BATCH_THREADS: '4',
      SAGEMAKER_TFS_MAX_ENQUEUED_BATCHES: '100',
      SAGEMAKER_TFS_INSTANCE_COUNT: '2',
      SAGEMAKER_TFS_INTER_OP_PARALLELISM: '3',
      SAGEMAKER_TFS_INTRA_OP_PARALLELISM: '4',
      SAGEMAKER_TFS_WAIT_TIME_SECONDS: '120',
      SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN: '0.25',
      TWINVEC_ALLOWED_OPERATIONS: 'ReadFile,MatchingFiles',
    });

    // Assess
    expect(config).toMatchObject({
      defaultModelName: 'half_plus_two',
      tensorBatching: { enabled: true, maxRows: 16, fillMs: 50, maxCalls: 4 },
      queueRequests: 1600,
      engineWorkers: 2,
      interOpThreads: 3,
      intraOpThreads: 4,
      loadTimeoutMs: 120_000,
      gpuMemoryMargin: 0.25,
      requiresGpu: false,
      allowedOperations: ['ReadFile', 'MatchingFiles'],
    });
  });

  it.each([
    [{}, undefined],
    [{ SAGEMAKER_BATCH: 'true' }, 'framed'],
    [{ SAGEMAKER_BATCH: 'true', SAGEMAKER_BATCH_STRATEGY: 'SINGLE_RECORD' }, 'single'],
    [{ SAGEMAKER_BATCH_STRATEGY: 'MultiRecord' }, 'framed'],
  ])('F8 tells what binary bodies hold from %j: %s', (env, expected) => {
    expect(parseServingConfig(env).binaryRecords).toBe(expected);
  });

  it('shares calls of a SavedModel only when told to, and not with batching off', () => {
    const enabled = { SAGEMAKER_TFS_ENABLE_BATCHING: 'true' };
    expect(parseServingConfig({}).tensorBatching).toEqual({
      enabled: false,
      maxRows: 8,
      allowedSizes: undefined,
      fillMs: 0,
      maxCalls: undefined,
    });
    expect(parseServingConfig({ ...enabled, TWINVEC_BATCHING: 'off' }).tensorBatching.enabled).toBe(false);
  });

  it('takes batch sizes that increase to the largest batch, and no others', () => {
    const sizes = (TWINVEC_TFS_ALLOWED_BATCH_SIZES: string) => ({
      TWINVEC_TFS_ALLOWED_BATCH_SIZES,
      SAGEMAKER_TFS_MAX_BATCH_SIZE: '16',
    });
    expect(parseServingConfig(sizes('1,4,16')).tensorBatching.allowedSizes).toEqual([1, 4, 16]);
    expect(problemsOf(sizes('1,4,8'))).toBe(
      'the last of TWINVEC_TFS_ALLOWED_BATCH_SIZES must be SAGEMAKER_TFS_MAX_BATCH_SIZE, 16',
    );
    for (const wrong of ['4,4,16', '8,4,16', '0,16', '', '4, 16', '4,,16', '1e1,16']) {
      expect(problemsOf(sizes(wrong))).toContain('must be increasing whole numbers between commas');
    }
  });

  it('knows a multi-model endpoint: where its models lie and what memory they have', () => {
    expect(parseServingConfig({}).multiModel).toBeUndefined();
    expect(parseServingConfig({ SAGEMAKER_MULTI_MODEL: 'true', TWINVEC_MODELS_MEMORY_MB: '3' }).multiModel).toEqual({
      modelsDir: '/opt/ml/models',
      memoryBytes: 3 * 1_048_576,
      sharedCodeParents: ['/opt/ml', '/opt/ml/models'],
    });
    const memory = parseServingConfig({ SAGEMAKER_MULTI_MODEL: 'true' }).multiModel!.memoryBytes;
    expect(memory).toBeGreaterThan(0);
    expect(memory).toBeLessThanOrEqual(0.7 * totalmem());
  });

  it('K3 refuses to fill calls for longer than a request may wait', () => {
    const env = { SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS: '10000000' };
    expect(problemsOf(env)).toBe(
      'SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS must be less than TWINVEC_QUEUE_DEADLINE_MS, 10000 ms',
    );
    expect(problemsOf({ ...env, TWINVEC_QUEUE_DEADLINE_MS: '10001' })).toBe('');
    expect(problemsOf({ ...env, SAGEMAKER_BATCH: 'true' })).toBe('');
  });

  it('bounds the queue when AWS’s own number for batch jobs asks for any length', () => {
    expect(parseServingConfig({ SAGEMAKER_TFS_MAX_ENQUEUED_BATCHES: '100000000' }).queueRequests).toBe(65_536);
  });

  it.each([
    ['SAGEMAKER_TFS_MAX_BATCH_SIZE', '0', 'a whole number from 1 to 1048576'],
    ['SAGEMAKER_TFS_MAX_BATCH_SIZE', '1e3', 'a whole number from 1 to 1048576'],
    ['SAGEMAKER_TFS_INSTANCE_COUNT', '65', 'a whole number from 1 to 64'],
    ['SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN', '1.5', 'a number from 0 to 0.95'],
    ['SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN', '.5', 'a number from 0 to 0.95'],
    ['SAGEMAKER_TFS_WAIT_TIME_SECONDS', '', 'a whole number from 1 to 3600'],
    ['TWINVEC_ALLOWED_OPERATIONS', 'ReadFile, WriteFile', 'names between commas'],
  ])('K2 refuses %s=%s, naming what is accepted', (name, value, accepted) => {
    expect(problemsOf({ [name]: value })).toBe(`${name} must be ${accepted}, not ${JSON.stringify(value)}`);
  });

  it.each([
    ['100', 1],
    ['50', 2],
    ['6', 8],
    ['0', 1],
  ])('advertises a concurrency that a payload of %s MiB allows', (payload, concurrency) => {
    // Act
    const { executionParameters } = parseServingConfig({ SAGEMAKER_MAX_PAYLOAD_IN_MB: payload });

    // Assess
    expect(executionParameters.MaxConcurrentTransforms).toBe(concurrency);
  });

  it('L12 batch mode can hold all that it advertises, whatever the queue is set to', () => {
    // Act
    const config = parseServingConfig({
      SAGEMAKER_BATCH: 'true',
      SAGEMAKER_MAX_PAYLOAD_IN_MB: '1',
      SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: '100',
      TWINVEC_QUEUE_REQUESTS: '1',
      TWINVEC_QUEUE_BYTES: '1048576',
    });

    // Assess
    expect(config.queueRequests).toBe(100);
    expect(config.queueBytes).toBe(100 * 1_048_576);
  });

  it.each(['', ' ', 'many', '-1', '0x10', '1e99', '1.5', '+5', ' 5', '5 ', '05', '99999999999999999999'])(
    'K2 refuses the number %j and names variable and range',
    (text) => {
      // Act
      const problems = problemsOf({ TWINVEC_BATCH_ROWS: text });

      // Assess
      expect(problems).toContain('TWINVEC_BATCH_ROWS must be a whole number from 1 to 1048576');
    },
  );

  it('lists all problems at once', () => {
    // Act
    const problems = problemsOf({
      SAGEMAKER_BIND_TO_PORT: '65536',
      INFERENCE_PREFERRED_MODE: 'fast',
      SAGEMAKER_BATCH: 'yes',
      TWINVEC_HOST: '',
    });

    // Assess
    for (const name of ['SAGEMAKER_BIND_TO_PORT', 'INFERENCE_PREFERRED_MODE', 'SAGEMAKER_BATCH', 'TWINVEC_HOST']) {
      expect(problems).toContain(name);
    }
  });

  it('K3 refuses a payload and a concurrency that exceed the platform together', () => {
    // Act
    const problems = problemsOf({ SAGEMAKER_MAX_PAYLOAD_IN_MB: '60', SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: '2' });

    // Assess
    expect(problems).toContain('at most 100');
  });

  it.each([
    '--inspect',
    '--inspect-brk=0.0.0.0:9229',
    '--require ./x.js',
    '--import=./x.mjs',
    '--insecure-http-parser',
  ])('K5 refuses NODE_OPTIONS %s', (options) => {
    // Act
    const problems = problemsOf({ NODE_OPTIONS: `--max-old-space-size=4096 ${options}` });

    // Assess
    expect(problems).toContain('NODE_OPTIONS');
  });

  it('K1 ignores variables of SageMaker that it does not know', () => {
    // Act
    const problems = problemsOf({ SAGEMAKER_REGION: 'us-east-1', SAGEMAKER_SAFE_PORT_RANGE: 'junk' });

    // Assess
    expect(problems).toBe('');
  });

  it('the help names every variable with its default', () => {
    // Act
    const help = servingHelp();

    // Assess
    for (const { name, defaultText } of Object.values(SERVING_SETTINGS)) {
      expect(help).toContain(name);
      expect(help).toContain(`default ${defaultText}`);
    }
  });
});
