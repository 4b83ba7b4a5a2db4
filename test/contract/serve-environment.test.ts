/** The environment of a server of SavedModels, by the number of the fault (2K). */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/savedmodel/temporary-folder.ts';
import { writeMultiplier } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { launchServer, startServer } from '../server-process.ts';

const SECRET = 'sk-9f8e7d6c5b4a';

async function modelFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await writeMultiplier(join(folder, '1'), 2);
  return folder;
}

describe.skipIf(!nativeEngine.available)(`the environment${nativeEngine.note}`, () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['K1 variables of SageMaker that nobody knows', { SAGEMAKER_FUTURE: 'x', SAGEMAKER_TFS_FUTURE: '-1' }],
    ['K6 proxies that lead nowhere', { http_proxy: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' }],
    ['K8 32 KB of it', { LARGE: 'x'.repeat(32_768) }],
    ['K10 a strange time zone', { TZ: 'Pacific/Apia' }],
  ])('%s: the model is served', async (_, env) => {
    // Prepare
    const server = await startServer({ modelDir: await modelFolder(), env });

    // Act
    const body = '{"instances":[[1.0]]}';
    const answer = await fetch(`${server.url}/invocations`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    const text = await answer.text();
    const { exitCode } = await server.stop();

    // Assess
    expect([answer.status, text, exitCode]).toEqual([200, '{"predictions":[[2.0]]}', 0]);
  });

  it.each([
    ['hidden from TensorFlow', { CUDA_VISIBLE_DEVICES: '' }, 'TensorFlow sees none'],
    ['with the other engine', { TWINVEC_ENGINE: 'js' }, 'the JavaScript engine uses none'],
  ])('K7 a GPU that must be there and is not ends the server: %s', async (_, env, why) => {
    const required = await launchServer({ modelDir: await modelFolder(), env: { TWINVEC_GPU: 'required', ...env } });
    const { exitCode } = await required.exited;
    expect(exitCode).toBe(1);
    expect(required.logs.find(({ event }) => event === 'model_not_loaded')).toMatchObject({
      code: 'EngineUnavailable',
      message: expect.stringContaining(`TWINVEC_GPU is required, and ${why}; set TF_CPP_MIN_LOG_LEVEL=1`),
    });
  });

  it('K7 without a GPU the host serves where that is asked for', async () => {
    const env = { TWINVEC_GPU: 'optional', CUDA_VISIBLE_DEVICES: '' };
    const server = await startServer({ modelDir: await modelFolder(), env });
    const { exitCode } = await server.stop();
    expect(exitCode).toBe(0);
  });

  it.each([
    ['SAGEMAKER_BIND_TO_PORT', '70000', '0 to 65535'],
    ['SAGEMAKER_BIND_TO_PORT', '-1', '0 to 65535'],
    ['SAGEMAKER_TFS_INSTANCE_COUNT', '0', 'from 1 to'],
    ['SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS', '1e99', 'a whole number'],
    ['SAGEMAKER_TFS_INTER_OP_PARALLELISM', '0x10', 'a whole number'],
    ['SAGEMAKER_TFS_FRACTIONAL_GPU_MEM_MARGIN', '2', 'from 0 to 0.95'],
    ['SAGEMAKER_TFS_MAX_ENQUEUED_BATCHES', '', 'a whole number'],
    ['SAGEMAKER_GUNICORN_WORKERS', 'many', 'from 1 to 64'],
  ])('K2 K4 %s=%s is refused, naming it and its range', async (name, value, range) => {
    const server = await launchServer({ modelDir: await modelFolder(), env: { [name]: value } });
    const { exitCode } = await server.exited;
    expect(exitCode).toBe(1);
    expect(server.logs.at(-1)).toMatchObject({
      event: 'start_failed',
      code: 'InvalidConfiguration',
      message: expect.stringMatching(new RegExp(`^${name} must be .*${range}`)),
    });
  });

  it('K9 what looks like a secret is in no log, neither of a server that serves nor of one that refuses to', async () => {
    // Prepare
    const modelDir = await modelFolder();
    const env = { AWS_SECRET_ACCESS_KEY: SECRET, MY_API_TOKEN: SECRET };

    // Act
    const server = await startServer({ modelDir, env: { ...env, TWINVEC_LOG_LEVEL: 'debug' } });
    await fetch(`${server.url}/invocations`, { method: 'POST', body: SECRET });
    await server.stop();
    const refused = await launchServer({ modelDir, env: { ...env, SAGEMAKER_TFS_INSTANCE_COUNT: '0' } });
    await refused.exited;

    // Assess
    const said = JSON.stringify([server.logs, server.noise, refused.logs, refused.noise]);
    expect(said).toContain('SAGEMAKER_TFS_INSTANCE_COUNT');
    expect(said).not.toContain(SECRET);
  });
});
