/**
 * TensorFlow models behind the real server process: discovery, TF Serving's API and SageMaker's, batches, and what
 * refuses to start. The models and their answers are those of TensorFlow Serving's own tests.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEveryType } from '../fixtures/savedmodel/every-type.ts';
import { writeCounter } from '../fixtures/savedmodel/small-models.ts';
import { temporaryFolder } from '../fixtures/savedmodel/temporary-folder.ts';
import {
  writeFileReader,
  writeHalfPlus,
  writeImageClassifier,
  writeMultiplier,
} from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { rawExchange } from '../raw-http.ts';
import { launchServer, type ServerProcess, startServer } from '../server-process.ts';

const ATTRIBUTES = 'X-Amzn-SageMaker-Custom-Attributes';
const image = (name: string) => readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url));
const IMAGES = readdirSync(new URL('../fixtures/images/', import.meta.url)).filter((name) =>
  /^rgb\.|^gray\./.test(name),
);

let server: ServerProcess;

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

async function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

async function get(path: string): Promise<Reply> {
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const invoke = (body: string, attributes: string, headers: Readonly<Record<string, string>> = {}) =>
  post('/invocations', body, { [ATTRIBUTES]: attributes, ...headers });

/** Spec faults V1-V3. */
async function expectStillServing(): Promise<void> {
  expect(await get('/ping')).toMatchObject({ status: 200, text: '' });
  expect((await invoke('{"instances":[1.0,2.0,5.0]}', 'tfs-model-name=half_plus_two')).text).toBe(
    '{"predictions":[2.5,3.0,4.5]}',
  );
}

describe.skipIf(!nativeEngine.available)(`TensorFlow models behind the server${nativeEngine.note}`, () => {
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinvec-models-'));
    await writeHalfPlus(join(folder, 'half_plus_two/00000123'), 2);
    await writeHalfPlus(join(folder, 'half_plus_three/00000123'), 3);
    await writeHalfPlus(join(folder, 'half_plus_three/124'), 33);
    await writeMultiplier(join(folder, 'deep/inside/multiplier/1'), 2);
    await writeImageClassifier(join(folder, 'images/1'));
    await writeEveryType(join(folder, 'every/1'));
    server = await startServer({
      modelDir: folder,
      env: {
        SAGEMAKER_TFS_DEFAULT_MODEL_NAME: 'half_plus_three',
        SAGEMAKER_TFS_ENABLE_BATCHING: 'true',
        SAGEMAKER_TFS_MAX_BATCH_SIZE: '64',
      },
    });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['the default model at its highest version', '', '{"instances":[1.0,2.0,5.0]}', '{"predictions":[33.5,34.0,35.5]}'],
    [
      'an older version',
      'tfs-model-version=123',
      '{"instances":[[1.0,2.0,5.0],[1.0,2.0,5.0]]}',
      '{"predictions":[[3.5,4.0,5.5],[3.5,4.0,5.5]]}',
    ],
    ['another model', 'tfs-model-name=multiplier', '{"instances":[[1,2,3]]}', '{"predictions":[[2.0,4.0,6.0]]}'],
    ['named inputs', 'tfs-model-name=multiplier', '{"instances":[{"input":[1]}]}', '{"predictions":[[2.0]]}'],
    ['columns', 'tfs-model-name=half_plus_two', '{"inputs":{"x":[1,2]}}', '{"outputs":[2.5,3.0]}'],
    ['a scalar', 'tfs-model-name=half_plus_two', '{"inputs":1}', '{"outputs":2.5}'],
    [
      'a signature by name',
      'tfs-model-name=half_plus_two',
      '{"signature_name":"predict","instances":[1]}',
      '{"predictions":[2.5]}',
    ],
    [
      'regress',
      'tfs-model-name=half_plus_two,tfs-method=regress',
      '{"signature_name":"tensorflow/serving/regress","examples":[{"x":1.0},{"x":2.0},{}]}',
      '{"results":[2.5,3.0,2.0]}',
    ],
    [
      'classify',
      'tfs-model-name=half_plus_two,tfs-method=classify',
      '{"signature_name":"classify_x_to_y","examples":[{"x":1.0}]}',
      '{"results":[[["",2.5]]]}',
    ],
    [
      'what is no number',
      'tfs-model-name=half_plus_two',
      '{"instances":[NaN,Infinity,-Infinity]}',
      '{"predictions":[NaN,Infinity,-Infinity]}',
    ],
  ])('answers %s', async (_, attributes, body, expected) => {
    const reply = await invoke(body, attributes);
    expect(reply).toEqual({ status: 200, type: 'application/json', text: expected });
  });

  it('answers JSON Lines in kind', async () => {
    const reply = await invoke('[1,2]\n[3,4]\n', 'tfs-model-name=multiplier', {
      'content-type': 'application/jsonlines',
    });
    expect(reply).toEqual({ status: 200, type: 'application/jsonlines', text: '[2.0,4.0]\n[6.0,8.0]\n' });
  });

  it('takes CSV and gives CSV', async () => {
    const reply = await invoke('1,2\r\n3,4\n', 'tfs-model-name=multiplier', {
      'content-type': 'text/csv',
      accept: 'text/csv',
    });
    expect(reply).toEqual({ status: 200, type: 'text/csv', text: '2.0,4.0\n6.0,8.0\n' });
  });

  it.each(['application/x-image', 'image/png', 'application/octet-stream'])(
    'takes an image as it is, as %s, and gives the answer of its base64',
    async (contentType) => {
      // Prepare
      const bytes = image('rgb.png');
      const headers = { 'content-type': contentType, [ATTRIBUTES]: 'tfs-model-name=images' };

      // Act
      const raw = await fetch(`${server.url}/invocations`, { method: 'POST', headers, body: bytes });
      const coded = await invoke(
        JSON.stringify({ instances: [{ b64: bytes.toString('base64') }] }),
        'tfs-model-name=images',
      );

      // Assess
      expect([raw.status, await raw.text()]).toEqual([200, coded.text]);
    },
  );

  it.each([
    ['int64', '-9223372036854775808'],
    ['int64', '9007199254740993'],
    ['uint64', '18446744073709551615'],
    ['float64', '0.1'],
    ['bool', 'true'],
    ['uint8', '255'],
    ['float16', '65504.0'],
  ])('carries %s %s exactly', async (signature, value) => {
    const reply = await invoke(`{"signature_name":"${signature}","instances":[${value}]}`, 'tfs-model-name=every');
    expect(reply.text).toBe(`{"predictions":[${value}]}`);
  });

  it('takes and gives large bodies, and answers /ping meanwhile', async () => {
    // Prepare: a body of 3 MB and an answer of 2 MB go through the codec threads
    const rows = Array.from({ length: 3000 }, (_, row) => Array.from({ length: 200 }, (_, i) => (row + i) % 997));
    const body = JSON.stringify({ instances: rows });

    // Act
    const [ping, reply, refused] = await Promise.all([
      get('/ping'),
      invoke(body, 'tfs-model-name=multiplier'),
      invoke(`${body.slice(0, -2)},["a"]]}`, 'tfs-model-name=multiplier'),
    ]);

    // Assess
    expect(ping.status).toBe(200);
    expect(JSON.parse(reply.text)).toEqual({ predictions: rows.map((row) => row.map((value) => 2 * value)) });
    expect(refused).toMatchObject({ status: 422, text: expect.stringContaining('"record":3000') });
  });

  it('lets the model decode images: two outputs, one of them int64', async () => {
    // Prepare
    const instances = IMAGES.map((name) => ({ b64: image(name).toString('base64') }));

    // Act
    const { status, text } = await invoke(JSON.stringify({ instances }), 'tfs-model-name=images');

    // Assess
    const { predictions } = JSON.parse(text) as { predictions: { classes: number; probabilities: number[] }[] };
    expect(status).toBe(200);
    expect(predictions).toHaveLength(IMAGES.length);
    for (const { classes, probabilities } of predictions) {
      expect(probabilities).toHaveLength(3);
      expect(probabilities[classes]).toBe(Math.max(...probabilities));
    }
  });

  it('gives requests that share calls the answers that they get alone, and refuses only the one with a bad image', async () => {
    // Prepare
    const names = Array.from({ length: 24 }, (_, i) => IMAGES[i % IMAGES.length]!);
    const bodyOf = (bytes: Buffer) => JSON.stringify({ instances: [{ b64: bytes.toString('base64') }] });
    const alone = new Map<string, Reply>();
    for (const name of IMAGES) alone.set(name, await invoke(bodyOf(image(name)), 'tfs-model-name=images'));

    // Act
    const good = names.map((name) => invoke(bodyOf(image(name)), 'tfs-model-name=images'));
    const bad = invoke(bodyOf(Buffer.from('no image at all')), 'tfs-model-name=images');
    const others = names.map((name) => invoke(bodyOf(image(name)), 'tfs-model-name=images'));
    const replies = await Promise.all([...good, ...others]);

    // Assess
    expect(await bad).toMatchObject({ status: 400, text: expect.stringContaining('"ModelRefused"') });
    expect(replies).toEqual([...names, ...names].map((name) => alone.get(name)));
    await expectStillServing();
  });

  it.each([
    ['no such model', 'tfs-model-name=nope', '{"instances":[1]}', 404, 'Servable not found for request: Latest(nope)'],
    ['no such version', 'tfs-model-version=9', '{"instances":[1]}', 404, 'Specific(half_plus_three, 9)'],
    ['a name like a path', 'tfs-model-name=../x', '{"instances":[1]}', 400, 'invalid tfs-model-name'],
    ['an unknown method', 'tfs-method=explain', '{"instances":[1]}', 400, 'invalid tfs-method: must be one of'],
    ['no such signature', '', '{"signature_name":"x","instances":[1]}', 400, 'not found in signature def'],
    [
      'ragged rows',
      'tfs-model-name=multiplier',
      '{"instances":[[1],[1,2]]}',
      422,
      'Encountered list at unexpected size',
    ],
    ['a wrong type', '', '{"instances":["]["]}', 422, 'is not of expected type: float'],
    ['half a body', '', '{"instances":[1', 400, '"MalformedJson"'],
  ])('refuses %s, and goes on', async (_, attributes, body, status, message) => {
    const reply = await invoke(body, attributes);
    expect(reply).toMatchObject({ status, type: 'application/json', text: expect.stringContaining(message) });
    await expectStillServing();
  });

  it('refuses a media type that it cannot read, naming those that it can', async () => {
    const reply = await invoke('x', '', { 'content-type': 'application/pdf' });
    expect(reply).toMatchObject({ status: 415, text: expect.stringContaining('application/json') });
  });

  describe('below /tfs', () => {
    it('predicts, regresses and classifies, whatever the content type', async () => {
      const replies = await Promise.all([
        post('/tfs/v1/models/half_plus_two:predict', '{"instances":[1,2]}', { 'content-type': 'text/plain' }),
        post('/tfs/v1/models/half_plus_three/versions/123:predict', '{"inputs":[1]}'),
        post('/tfs/v1/models/half_plus_two:regress', '{"signature_name":"regress_x_to_y","examples":[{"x":4.0}]}'),
      ]);
      expect(replies.map(({ status, text }) => [status, text])).toEqual([
        [200, '{"predictions":[2.5,3.0]}'],
        [200, '{"outputs":[3.5]}'],
        [200, '{"results":[4.0]}'],
      ]);
    });

    it('tells the status of every version, the highest first', async () => {
      const available = (version: string) => ({
        version,
        state: 'AVAILABLE',
        status: { error_code: 'OK', error_message: '' },
      });
      expect(JSON.parse((await get('/tfs/v1/models/half_plus_three')).text)).toEqual({
        model_version_status: [available('124'), available('123')],
      });
      expect(JSON.parse((await get('/tfs/v1/models/half_plus_three/versions/0123')).text)).toEqual({
        model_version_status: [available('123')],
      });
    });

    it('tells the signatures', async () => {
      const { model_spec, metadata } = JSON.parse((await get('/tfs/v1/models/images/metadata')).text);
      expect(model_spec).toEqual({ name: 'images', signature_name: '', version: '1' });
      expect(metadata.signature_def.signature_def.serving_default).toEqual({
        inputs: {
          image_bytes: {
            dtype: 'DT_STRING',
            tensor_shape: { dim: [{ size: '-1', name: '' }], unknown_rank: false },
            name: 'image_bytes:0',
          },
        },
        outputs: {
          classes: expect.objectContaining({ dtype: 'DT_INT64' }),
          probabilities: expect.objectContaining({ dtype: 'DT_FLOAT' }),
        },
        method_name: 'tensorflow/serving/predict',
      });
    });

    it.each([
      ['POST', '/tfs/v1/models/nope:predict', 404, 'Servable not found for request: Latest(nope)'],
      ['POST', '/tfs/v1/models/multiplier:explain', 400, 'Malformed request: POST /v1/models/multiplier:explain'],
      ['POST', '/tfs/v1/models/multiplier', 400, 'Malformed request: POST /v1/models/multiplier'],
      ['GET', '/tfs/v1/models/multiplier:predict', 400, 'Malformed request: GET /v1/models/multiplier:predict'],
      ['GET', '/tfs/v1/models/nope', 404, 'Servable not found for request: Latest(nope)'],
      ['GET', '/tfs/', 400, 'Malformed request: GET /'],
    ])('answers %s %s as TF Serving does: %d', async (method, path, status, message) => {
      const response = await fetch(`${server.url}${path}`, { method, ...(method === 'POST' && { body: '{}' }) });
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/json']);
      expect(await response.json()).toEqual({ error: expect.stringContaining(message) });
    });

    it.each([
      ['/tfs/v1/models/../secrets', 400, 'Malformed request'],
      ['/tfs/v1/models/%2e%2e', 404, 'Servable not found'],
      ['/tfs/../invocations', 400, 'Malformed request'],
    ])('A25 reads the path %s as it is', async (path, status, message) => {
      const answer = await rawExchange(server.port, `GET ${path} HTTP/1.1\r\nHost: t\r\n\r\n`);
      expect(answer?.status).toBe(status);
      expect(JSON.parse(answer!.body)).toEqual({ error: expect.stringContaining(message) });
    });

    it('has one status for what does not fit the model: 400', async () => {
      const reply = await post('/tfs/v1/models/multiplier:predict', '{"instances":[["a"]]}');
      expect(reply.status).toBe(400);
      expect(Object.keys(JSON.parse(reply.text))).toEqual(['error']);
    });
  });
});

describe('a model folder that cannot be served', () => {
  const launch = async (write: (dir: string) => Promise<void>, env: Readonly<Record<string, string>> = {}) => {
    const modelDir = await temporaryFolder();
    await write(modelDir);
    const launched = await launchServer({ modelDir, env });
    const { exitCode } = await launched.exited;
    const line = launched.logs.find(({ event }) => event === 'start_failed' || event === 'stopping');
    return { exitCode, code: line?.code, message: line?.message };
  };

  it('J1 ends the process with the reason when it is empty', async () => {
    expect(await launch(async () => {})).toMatchObject({
      exitCode: 1,
      code: 'InvalidArtifact',
      message: expect.stringContaining('such as 1/saved_model.pb'),
    });
  });

  it('J7 ends the process when a graph reads files', async () => {
    expect(await launch((dir) => writeFileReader(join(dir, '1')))).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('Model model, version 1, has an operation that reads files: ReadFile'),
    });
  });

  it('J7 ends the process when a caller of a signature could write a file', async () => {
    expect(await launch((dir) => writeCounter(join(dir, '1')))).toMatchObject({
      exitCode: 1,
      code: 'InvalidArtifact',
      message: expect.stringMatching(
        /an operation that writes files: SaveV2 \(node ".*", called by signature "save"\)/,
      ),
    });
  });

  it('names the models when the default is none of them', async () => {
    const env = { SAGEMAKER_TFS_DEFAULT_MODEL_NAME: 'half' };
    expect(await launch((dir) => writeMultiplier(join(dir, 'm/1'), 2), env)).toMatchObject({
      exitCode: 1,
      code: 'InvalidConfiguration',
      message: 'SAGEMAKER_TFS_DEFAULT_MODEL_NAME is "half"; the model folder has m.',
    });
  });

  it('says that TensorFlow is needed where the engine is JavaScript', async () => {
    const env = { TWINVEC_ENGINE: 'js' };
    expect(await launch((dir) => writeMultiplier(join(dir, '1'), 2), env)).toMatchObject({
      exitCode: 1,
      code: 'EngineUnavailable',
      message: 'The JavaScript engine runs Object2Vec models only; set TWINVEC_ENGINE=tensorflow, or leave it out.',
    });
  });

  it('K2 lists every variable that is out of range', async () => {
    const env = { SAGEMAKER_TFS_MAX_BATCH_SIZE: '0', SAGEMAKER_TFS_ENABLE_BATCHING: 'yes' };
    expect(await launch(async () => {}, env)).toMatchObject({
      exitCode: 1,
      code: 'InvalidConfiguration',
      message:
        'SAGEMAKER_TFS_ENABLE_BATCHING must be true | false, not "yes"; ' +
        'SAGEMAKER_TFS_MAX_BATCH_SIZE must be a whole number from 1 to 1048576, not "0"',
    });
  });
});

describe.skipIf(!nativeEngine.available)(`several models without a default${nativeEngine.note}`, () => {
  it('are served to requests that name one, and an allowed operation runs', async () => {
    // Prepare
    const modelDir = await temporaryFolder();
    await writeMultiplier(join(modelDir, 'm/1'), 2);
    await writeFileReader(join(modelDir, 'reader/1'));
    const running = await startServer({ modelDir, env: { TWINVEC_ALLOWED_OPERATIONS: 'ReadFile' } });
    const call = async (attributes: string, body: string) => {
      const headers = { 'content-type': 'application/json', [ATTRIBUTES]: attributes };
      const response = await fetch(`${running.url}/invocations`, { method: 'POST', headers, body });
      return [response.status, await response.text()];
    };

    // Act
    const replies = [
      await call('', '{"instances":[[1]]}'),
      await call('tfs-model-name=m', '{"instances":[[1]]}'),
      await call('tfs-model-name=reader', JSON.stringify({ inputs: '/etc/passwd' })),
      await call('tfs-model-name=reader', JSON.stringify({ inputs: '/nonexistent/file' })),
    ];
    await running.stop();

    // Assess
    expect(replies).toEqual([
      [400, expect.stringContaining('no model name available')],
      [200, '{"predictions":[[2.0]]}'],
      [200, expect.stringContaining('"outputs":')],
      [400, expect.not.stringContaining('/nonexistent')],
    ]);
  });
});
