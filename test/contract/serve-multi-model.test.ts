/**
 * The multi-model contract in the real server process: models loaded and unloaded while others answer, and everything
 * that can be wrong with one of them.
 */
import { cp, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { writeWeights } from '../fixtures/tensorflow/edge-models.ts';
import { writeFileReader, writeHalfPlus } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A multi-model endpoint with a folder of its own for models, as the platform uses it. */
class Endpoint {
  readonly server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.server = server;
  }

  static async start(
    modelsDir: string,
    env: Readonly<Record<string, string>> = {},
    program?: string,
  ): Promise<Endpoint> {
    const options = {
      modelsDir,
      env: { SAGEMAKER_MULTI_MODEL: 'true', ...env },
      ...(program !== undefined && { command: [fileURLToPath(new URL(program, import.meta.url))] }),
    };
    return new Endpoint(await startServer(options));
  }

  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? '' : JSON.parse(text) };
  }

  /** The place of a model, as the platform names it to the server. */
  url(...path: readonly string[]): string {
    return join(this.server.modelsDir!, ...path);
  }

  /** As the platform asks: models are unpacked to NAME/model. */
  load(name: string, url = this.url(name, 'model')): Promise<Reply> {
    return this.call('POST', '/models', { model_name: name, url });
  }

  unload(name: string): Promise<Reply> {
    return this.call('DELETE', `/models/${name}`);
  }

  invoke(name: string, instances: unknown = [1, 2, 5]): Promise<Reply> {
    return this.call('POST', `/models/${name}/invoke`, { instances });
  }

  async names(): Promise<string[]> {
    const { body } = await this.call('GET', '/models');
    return (body as { models: { modelName: string }[] }).models.map(({ modelName }) => modelName);
  }
}

const predictions = (...values: number[]): Reply => ({ status: 200, body: { predictions: values } });
const refusal = (status: number, error: unknown): Reply => ({ status, body: { error } });

const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-many-'));
  folders.push(folder);
  return folder;
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe.skipIf(!nativeEngine.available)(`a multi-model endpoint${nativeEngine.note}`, () => {
  let endpoint: Endpoint;

  beforeAll(async () => {
    const dir = await newFolder();
    const model = (name: string) => join(dir, name, 'model');
    await writeHalfPlus(join(model('two'), '00000123'), 2);
    await writeHalfPlus(join(model('three'), 'half_plus_three', '1'), 3);
    await writeHalfPlus(join(model('three'), 'half_plus_three', '2'), 33);
    await writeHalfPlus(join(model('four'), '1'), 4);
    await writeFileReader(join(model('reader'), '1'));
    await writeHalfPlus(join(model('cut'), '1'), 1);
    await truncate(join(model('cut'), '1', 'saved_model.pb'), 100);
    await writeHalfPlus(join(model('lost'), '1'), 1);
    await truncate(join(model('lost'), '1', 'variables', 'variables.index'), 10);
    await writeHalfPlus(join(model('both'), 'one', '1'), 1);
    await writeHalfPlus(join(model('both'), 'other', '1'), 1);
    await mkdir(join(model('abcde'), 'abcde'), { recursive: true });
    await symlink('/', join(dir, 'link'));
    endpoint = await Endpoint.start(dir);
  });
  afterAll(async () => void (await endpoint?.server.stop()));
  afterEach(async () => {
    for (const name of await endpoint.names()) await endpoint.unload(name);
  });

  it('is healthy and empty without any model', async () => {
    expect(await endpoint.call('GET', '/ping')).toMatchObject({ status: 200 });
    expect(await endpoint.call('GET', '/models')).toEqual({ status: 200, body: { models: [] } });
  });

  it('loads, lists, describes, invokes and unloads', async () => {
    // Act
    const loaded = await endpoint.load('two');
    const listed = await endpoint.call('GET', '/models');
    const described = await endpoint.call('GET', '/models/two');
    const answered = await endpoint.invoke('two');
    const unloaded = await endpoint.unload('two');

    // Assess
    const entry = { modelName: 'two', modelUrl: endpoint.url('two/model') };
    expect(loaded).toEqual({ status: 200, body: { success: 'Successfully loaded model two.' } });
    expect(listed).toEqual({ status: 200, body: { models: [entry] } });
    expect(described).toEqual({ status: 200, body: entry });
    expect(answered).toEqual(predictions(2.5, 3, 4.5));
    expect(unloaded).toEqual({ status: 200, body: { success: 'Successfully unloaded model two.' } });
    for (const reply of [endpoint.invoke('two'), endpoint.call('GET', '/models/two'), endpoint.unload('two')]) {
      expect(await reply).toEqual(refusal(404, 'Model two is not loaded yet.'));
    }
    expect(await endpoint.load('two')).toMatchObject({ status: 200 });
  });

  it('loads a name once, however many ask at once', async () => {
    // Act
    const replies = await Promise.all(Array.from({ length: 5 }, () => endpoint.load('two')));

    // Assess
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    expect(await endpoint.load('two')).toEqual(refusal(409, 'Model two is already loaded.'));
  });

  it('answers with the highest version, or with that of the custom attributes, never with another model', async () => {
    // Prepare
    await endpoint.load('three');
    await endpoint.load('two');
    const invoke = async (attributes: string) => {
      const response = await fetch(`${endpoint.server.url}/models/three/invoke`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'X-Amzn-SageMaker-Custom-Attributes': attributes },
        body: '{"instances":[1]}',
      });
      return response.text();
    };

    // Assess
    expect(await endpoint.invoke('three', [1])).toEqual(predictions(33.5));
    expect(await invoke('tfs-model-version=1')).toBe('{"predictions":[3.5]}');
    expect(await invoke('tfs-model-name=two')).toBe('{"predictions":[33.5]}');
    expect(await invoke('tfs-model-version=9')).toContain('Servable not found');
  });

  it('lists the models after a token', async () => {
    // Prepare
    await endpoint.load('two');
    await endpoint.load('three');

    // Act
    const { body } = await endpoint.call('GET', '/models?next_page_token=three');

    // Assess
    expect(body).toEqual({ models: [{ modelName: 'two', modelUrl: endpoint.url('two/model') }] });
  });

  it.each([
    ['abcde', undefined, 404, /^Could not find valid base path .*abcde\/model for servable abcde/],
    ['nowhere', undefined, 404, /^Could not find valid base path .* for servable nowhere: there is nothing\.$/],
    ['up', '../../../../..', 404, /it does not lie below/],
    ['all', '.', 404, /it does not lie below/],
    ['linked', 'link', 404, /it does not lie below/],
    ['../x', 'two/model', 400, /^invalid model_name: '\.\.\/x'$/],
    ['reader', undefined, 400, /an operation that reads files: ReadFile/],
    ['cut', undefined, 400, /saved_model\.pb is cut off or is not a SavedModel/],
    ['lost', undefined, 400, /^TensorFlow cannot load the model: /],
    ['both', undefined, 400, /^Model both has several models in its folder, such as one and other\.$/],
  ])('refuses to load %s (%s) with %i and goes on', async (name, place, status, message) => {
    // Prepare
    await endpoint.load('two');

    // Act
    const url = place === undefined ? undefined : endpoint.url(place);
    const refused = await endpoint.load(name, url);

    // Assess
    expect(refused).toEqual(refusal(status, expect.stringMatching(message)));
    expect(await endpoint.names()).toEqual(['two']);
    expect(await endpoint.call('GET', '/ping')).toMatchObject({ status: 200 });
    expect(await endpoint.invoke('two')).toEqual(predictions(2.5, 3, 4.5));
  });

  it.each([
    ['POST', '/models', '{"model_name":"two","uri":"x"}', 400, 'The body must have model_name and url, both text.'],
    ['POST', '/models', '{"model_name":', 400, 'The body is not JSON.'],
    ['POST', '/models', ' '.repeat(70_000), 413, 'The body is over the limit of 65536 bytes.'],
    ['POST', '/invocations', '{"instances":[1]}', 400, 'Invocation request does not contain model name.'],
    ['POST', '/models/x%2F..%2Fy/invoke', '{}', 404, "Model 'x%2F..%2Fy' is not loaded yet."],
    ['PUT', '/models', undefined, 405, 'This path takes GET, POST.'],
    ['GET', '/models/two/invoke', undefined, 405, 'This path takes POST.'],
    ['GET', '/models/two/other', undefined, 404, 'There is no such path below /models.'],
    ['GET', '/modelsx', undefined, 404, 'There is no such path below /models.'],
  ])('answers %s %s with a refusal', async (method, path, body, status, message) => {
    expect(await endpoint.call(method, path, body)).toEqual(refusal(status, message));
  });

  it('answers for two models while a third comes and goes', async () => {
    // Prepare
    await endpoint.load('two');
    await endpoint.load('three');
    let isOver = false;
    const wrong: Reply[] = [];
    const use = async (name: string, expected: Reply) => {
      let calls = 0;
      for (; !isOver; calls++) {
        const reply = await endpoint.invoke(name, [1]);
        if (JSON.stringify(reply) !== JSON.stringify(expected)) wrong.push(reply);
      }
      return calls;
    };
    const users = [0, 1, 2].flatMap(() => [use('two', predictions(2.5)), use('three', predictions(33.5))]);

    // Act
    for (let round = 0; round < 8; round++) {
      expect(await endpoint.load('four')).toMatchObject({ status: 200 });
      expect(await endpoint.invoke('four', [1])).toEqual(predictions(4.5));
      expect(await endpoint.unload('four')).toMatchObject({ status: 200 });
    }
    isOver = true;
    const calls = await Promise.all(users);

    // Assess
    expect(wrong).toEqual([]);
    expect(Math.min(...calls)).toBeGreaterThan(0);
  });
});

describe.skipIf(!nativeEngine.available)(`handlers on a multi-model endpoint${nativeEngine.note}`, () => {
  it('are those of the model, else the shared ones, and an unload waits for them', async () => {
    // Prepare
    const dir = await newFolder();
    await writeHalfPlus(join(dir, 'own/model/1'), 2);
    await writeHalfPlus(join(dir, 'plain/model/1'), 3);
    await mkdir(join(dir, 'own/model/code'));
    await mkdir(join(dir, 'code'));
    await writeFile(
      join(dir, 'own/model/code/inference.ts'),
      `import { existsSync } from 'node:fs';
       export async function handler(data, context) {
         while (!existsSync(new URL('../../../gate', import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 5));
         const answer = await fetch(context.restUri, { method: 'POST', body: data.text() });
         return [JSON.stringify({ own: await answer.json() }), 'application/json'];
       }`,
    );
    await writeFile(
      join(dir, 'code/inference.mjs'),
      `export const inputHandler = (data) => data.text();
       export const outputHandler = (response) => [JSON.stringify({ shared: response.json() }), 'application/json'];`,
    );
    const endpoint = await Endpoint.start(dir);
    await endpoint.load('own');
    await endpoint.load('plain');

    // Act
    const waiting = endpoint.invoke('own', [1]);
    await expect.poll(() => endpoint.call('GET', '/execution-parameters')).toMatchObject({ status: 200 });
    const unloading = endpoint.unload('own');
    await expect.poll(() => endpoint.names()).toEqual(['plain']);
    const refused = await endpoint.invoke('own', [1]);
    const loading = await endpoint.load('own');
    await writeFile(join(dir, 'gate'), '');
    const answers = await Promise.all([waiting, unloading, endpoint.invoke('plain', [1])]);
    const { exitCode } = await endpoint.server.stop();

    // Assess
    expect(refused).toEqual(refusal(404, 'Model own is not loaded yet.'));
    expect(loading).toEqual(refusal(409, 'Model own is being unloaded.'));
    expect(answers).toEqual([
      { status: 200, body: { own: { predictions: [2.5] } } },
      { status: 200, body: { success: 'Successfully unloaded model own.' } },
      { status: 200, body: { shared: { predictions: [3.5] } } },
    ]);
    expect(exitCode).toBe(0);
  });

  it('that load for too long are answered 408 and ended', async () => {
    // Prepare
    const dir = await newFolder();
    await writeHalfPlus(join(dir, 'stuck/model/1'), 2);
    await mkdir(join(dir, 'stuck/model/code'));
    await writeFile(
      join(dir, 'stuck/model/code/inference.mjs'),
      'setInterval(() => {}, 1000); await new Promise(() => {}); export const handler = () => "";',
    );
    const endpoint = await Endpoint.start(dir, { TWINVEC_LOAD_TIMEOUT_MS: '1000' });

    // Act
    const refused = await endpoint.load('stuck');
    const listed = await endpoint.names();
    const { exitCode } = await endpoint.server.stop();

    // Assess
    expect(refused).toEqual(refusal(408, 'Timed out after 1 seconds'));
    expect(listed).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it('that do not load refuse their model and nothing else', async () => {
    // Prepare
    const dir = await newFolder();
    await writeHalfPlus(join(dir, 'bad/model/1'), 2);
    await mkdir(join(dir, 'bad/model/code'));
    await writeFile(join(dir, 'bad/model/code/inference.mjs'), 'export const other = 1;');
    const endpoint = await Endpoint.start(dir);

    // Act
    const refused = await endpoint.load('bad');
    const ping = await endpoint.call('GET', '/ping');
    await endpoint.server.stop();

    // Assess
    expect(refused).toEqual(refusal(400, expect.stringContaining('must export handler')));
    expect(ping.status).toBe(200);
  });
});

describe('N6 a model that loses the GPU', () => {
  it('ends the server: no other model could use it either', async () => {
    // Prepare
    const dir = await newFolder();
    await mkdir(join(dir, 'ill', 'model'), { recursive: true });
    const endpoint = await Endpoint.start(dir, {}, '../fixtures/serving/serve-many-sums.ts');
    await endpoint.load('ill');

    // Act
    const reply = await endpoint.call('POST', '/models/ill/invoke', { rows: [[FAULT.losesDevice]] });
    const { exitCode } = await endpoint.server.exited;

    // Assess
    expect(reply.status).toBe(503);
    expect(exitCode).toBe(1);
  });
});

describe('a model whose engine workers keep dying', () => {
  it('is unloaded while the others and the server go on, and can be loaded again', async () => {
    // Prepare
    const dir = await newFolder();
    for (const name of ['ill', 'well']) await mkdir(join(dir, name, 'model'), { recursive: true });
    const endpoint = await Endpoint.start(
      dir,
      { TWINVEC_ENGINE_WORKERS: '1' },
      '../fixtures/serving/serve-many-sums.ts',
    );
    const sum = (name: string, ...row: number[]) => endpoint.call('POST', `/models/${name}/invoke`, { rows: [row] });
    await Promise.all([endpoint.load('ill'), endpoint.load('well')]);

    // Act
    const deaths: Reply[] = [];
    for (let death = 0; death < 3; death++) deaths.push(await sum('ill', FAULT.dies));
    await endpoint.server.logged('model_lost', { model: 'ill' });
    await expect.poll(() => endpoint.call('GET', '/models/ill')).toMatchObject({ status: 404 });
    const replies = [await sum('ill', 1), await endpoint.call('GET', '/ping'), await sum('well', 1, 2)];
    await expect.poll(() => endpoint.load('ill')).toMatchObject({ status: 200 });
    const again = await sum('ill', 3, 4);
    const { exitCode } = await endpoint.server.stop();

    // Assess
    expect(deaths.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(replies).toEqual([
      refusal(404, 'Model ill is not loaded yet.'),
      { status: 200, body: '' },
      { status: 200, body: { sums: [3] } },
    ]);
    expect(again).toEqual({ status: 200, body: { sums: [7] } });
    expect(exitCode).toBe(0);
  });
});

describe.skipIf(!nativeEngine.available)(`memory of a multi-model endpoint${nativeEngine.note}`, () => {
  it('is refused with 507 when it is used up, and free again after an unload', async () => {
    // Prepare
    const dir = await newFolder();
    for (const name of ['a', 'b']) await writeWeights(join(dir, name, 'model/1'), 150_000, 7);
    const endpoint = await Endpoint.start(dir, { TWINVEC_MODELS_MEMORY_MB: '1' });

    // Act
    const replies: Reply[] = [];
    for (let round = 0; round < 2; round++) {
      replies.push(await endpoint.load('a'), await endpoint.load('b'), await endpoint.unload('a'));
      replies.push(await endpoint.load('b'), await endpoint.invoke('b', [1]), await endpoint.unload('b'));
    }
    await endpoint.server.stop();

    // Assess
    expect(replies.map(({ status }) => status)).toEqual([200, 507, 200, 200, 200, 200, 200, 507, 200, 200, 200, 200]);
    expect(replies[1]!.body).toEqual({
      error: expect.stringMatching(
        /^Memory exhausted: not enough memory to load model b: it takes about .* are free\.$/,
      ),
    });
    expect(replies[4]).toEqual(predictions(8));
  });
});

describe.each(ENGINES)('Object2Vec on a multi-model endpoint of %s', (engine) => {
  it('is loaded, answers and is unloaded like any model', async () => {
    // Prepare
    const dir = await newFolder();
    const work = await newFolder();
    const { folder } = await trainPairModel(work, engine);
    await mkdir(join(dir, 'pairs'));
    await cp(folder, join(dir, 'pairs/model'), { recursive: true });
    const endpoint = await Endpoint.start(dir, { TWINVEC_ENGINE: engine });

    // Act
    const loaded = await endpoint.load('pairs');
    const answered = await endpoint.invoke('pairs', [{ in0: [1, 2], in1: [3] }]);
    const bad = await endpoint.invoke('pairs', [{ in0: [1, 999_999], in1: [3] }]);
    const unloaded = await endpoint.unload('pairs');
    const { exitCode } = await endpoint.server.stop();

    // Assess
    expect(loaded).toMatchObject({ status: 200 });
    expect(answered).toEqual({
      status: 200,
      body: { predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] },
    });
    expect(bad).toEqual(refusal(400, expect.stringContaining('999999')));
    expect(unloaded).toMatchObject({ status: 200 });
    expect(exitCode).toBe(0);
  });
});
