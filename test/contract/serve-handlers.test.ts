/** Models behind their own handlers, and behind an image recipe, in the real server process. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attr } from '../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../container/src/savedmodel/graph-def.ts';
import { writeSavedModel } from '../../container/src/savedmodel/saved-model.ts';
import { int32Vector } from '../../container/src/savedmodel/tensor-proto.ts';
import { writeHalfPlus, writeImageClassifier } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { launchServer, type ServerProcess, startServer } from '../server-process.ts';

const image = (name: string) => readFile(new URL(`../fixtures/images/${name}`, import.meta.url));

async function ask(server: ServerProcess, body: string | Uint8Array, contentType: string, accept = 'application/json') {
  const response = await fetch(`${server.url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': contentType, accept },
    body,
  });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const folders: string[] = [];

/** A model folder with a script in code/. */
async function modelWith(script: string, name = 'inference.ts'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-handled-'));
  folders.push(folder);
  await mkdir(join(folder, 'code'));
  await writeFile(join(folder, 'code', name), script);
  return folder;
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** The `inference.py` of AWS's blog post on batch inference with images, line by line. */
const IMAGE_SCRIPT = `
import type { HandlerContext, InputHandler, OutputHandler } from 'twinvec/handlers';

export const inputHandler: InputHandler = (data, context) => {
  if (context.requestContentType !== 'application/x-image') refuse(415, context);
  return { instances: [{ b64: Buffer.from(data.bytes).toString('base64') }] };
};

export const outputHandler: OutputHandler = (response, context) => [response.bytes, context.acceptHeader];

function refuse(statusCode: number, context: HandlerContext): never {
  throw Object.assign(new Error(\`Unsupported content type "\${context.requestContentType}"\`), { statusCode });
}
`;

describe.skipIf(!nativeEngine.available)(`a pair of handlers${nativeEngine.note}`, () => {
  let server: ServerProcess;

  beforeAll(async () => {
    const folder = await modelWith(IMAGE_SCRIPT);
    await writeImageClassifier(join(folder, '1538687370'));
    server = await startServer({ modelDir: folder });
  });
  afterAll(async () => void (await server?.stop()));

  it('makes the request of an image and passes the answer on', async () => {
    const { status, type, text } = await ask(server, await image('rgb.jpg'), 'application/x-image');
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
    const [prediction] = (JSON.parse(text) as { predictions: { classes: number; probabilities: number[] }[] })
      .predictions;
    expect(prediction!.probabilities).toHaveLength(3);
    expect(prediction!.classes).toBe(prediction!.probabilities.indexOf(Math.max(...prediction!.probabilities)));
  });

  it('refuses with its own status', async () => {
    const { status, text } = await ask(server, 'a,b', 'text/csv');
    expect(status).toBe(415);
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'HandlerRefused', message: 'Unsupported content type "text/csv"' },
    });
  });

  it('I3 does not hand the model an image whose header promises too many pixels', async () => {
    // Prepare: a small file that says it is 65,535 x 65,535
    const bomb = Uint8Array.from(await image('rgb.png'));
    new DataView(bomb.buffer).setUint32(16, 65_535);
    new DataView(bomb.buffer).setUint32(20, 65_535);

    // Act
    const refused = await ask(server, bomb, 'application/x-image');
    const next = await ask(server, await image('rgb.jpg'), 'application/x-image');

    // Assess
    expect(refused.status).toBe(413);
    expect(JSON.parse(refused.text).error).toMatchObject({
      code: 'PayloadTooLarge',
      message: expect.stringContaining('65535 x 65535 pixels'),
    });
    expect(next.status).toBe(200);
  });

  it('does not see errors of the model, which go to the caller', async () => {
    const { status } = await ask(server, 'no image at all', 'application/x-image');
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('does not stand between TF Serving’s own routes and the model', async () => {
    const bytes = await image('rgb.jpg');
    const body = JSON.stringify({ instances: [{ b64: bytes.toString('base64') }] });
    const response = await fetch(`${server.url}/tfs/v1/models/model:predict`, { method: 'POST', body });
    expect(response.status).toBe(200);
  });
});

describe.skipIf(!nativeEngine.available)(`one handler${nativeEngine.note}`, () => {
  it('asks the model in the server, over HTTP, and hears of its errors', async () => {
    // Prepare
    const folder = await modelWith(`
      import type { Handler } from 'twinvec/handlers';
      export const handler: Handler = async (data, context) => {
        const inside = await context.predict({ instances: [Number(data.text())] });
        const outside = await fetch(context.restUri, { method: 'POST', body: '{"instances":[2]}' });
        const wrong = await context.predict('{"instances":["x"]}');
        const said = [inside.json(), await outside.json(), wrong.statusCode, wrong.json(), context.customAttributes];
        return [JSON.stringify(said), 'application/json'];
      };
    `);
    await writeHalfPlus(join(folder, 'half_plus_two', '1'), 2);
    const server = await startServer({ modelDir: folder });

    // Act
    const { status, text } = await ask(server, '8', 'text/plain');
    await server.stop();

    // Assess
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual([
      { predictions: [6] },
      { predictions: [3] },
      400,
      { error: expect.stringContaining('not of expected type: float') },
      '',
    ]);
  });

  it.each([
    ['that hangs', `while (data.text() === 'hang');`],
    ['N4 whose process is stopped by SIGSTOP', `if (data.text() === 'hang') process.kill(process.pid, 'SIGSTOP');`],
  ])('%s is ended, named and replaced while the server stays healthy', async (_name, hangs) => {
    // Prepare
    const folder = await modelWith(
      `export const handler = (data) => { ${hangs} return data.text(); };`,
      'inference.mjs',
    );
    await writeHalfPlus(join(folder, 'half_plus_two', '1'), 2);
    const env = { SAGEMAKER_GUNICORN_TIMEOUT_SECONDS: '3', SAGEMAKER_GUNICORN_WORKERS: '1' };
    const server = await startServer({ modelDir: folder, env });

    // Act
    const hung = await ask(server, 'hang', 'text/plain');
    const ping = await fetch(`${server.url}/ping`);
    const next = await ask(server, 'fine', 'text/plain', 'text/plain');
    await server.stop();

    // Assess
    expect(hung.status).toBe(500);
    expect(JSON.parse(hung.text)).toMatchObject({
      error: { code: 'HandlerFailed', message: 'handler was stopped: it did not answer within 3000 ms.' },
    });
    expect(ping.status).toBe(200);
    expect(next).toEqual({ status: 200, type: 'text/plain', text: 'fine' });
  });

  it('says what it answers with; what no header or message can hold is refused or passed over', async () => {
    // Prepare
    const folder = await modelWith(
      `
      const said = process.send === undefined ? 'no channel' : 'a channel';
      export const handler = (data, context) => ({
        given: [said, 'text/x-said'],
        bytes: [Buffer.from(said), ''],
        asked: [said, context.acceptHeader],
        list: ['one', 'two'],
        header: [said, 'text/plain\\r\\nx-evil: 1'],
      })[data.text()];
    `,
      'inference.mjs',
    );
    await writeHalfPlus(join(folder, 'half_plus_two', '1'), 2);
    const server = await startServer({ modelDir: folder });
    const say = (what: string, accept = '*/*') => ask(server, what, 'text/plain', accept);

    // Act
    const replies = await Promise.all(['given', 'bytes', 'asked', 'list', 'header'].map((what) => say(what)));
    const asked = await Promise.all(['text/html', 'text/html, */*', 'none'].map((accept) => say('asked', accept)));
    await server.stop();

    // Assess
    expect(replies).toEqual([
      { status: 200, type: 'text/x-said', text: 'no channel' },
      { status: 200, type: 'application/json', text: 'no channel' },
      { status: 200, type: 'application/json', text: 'no channel' },
      { status: 200, type: 'application/json', text: '["one","two"]' },
      { status: 500, type: 'application/json', text: expect.stringContaining('the content type \\"text/plain') },
    ]);
    expect(replies.at(-1)!.text).toContain('"code":"HandlerFailed"');
    expect(asked.map(({ type }) => type)).toEqual(['text/html', 'application/json', 'application/json']);
  });

  it('that cannot be loaded refuses to start, saying why', async () => {
    // Prepare
    const folder = await modelWith(`import 'not-installed'; export const handler = () => 'x';`);
    await writeHalfPlus(join(folder, 'half_plus_two', '1'), 2);

    // Act
    const server = await launchServer({ modelDir: folder });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs).toContainEqual(
      expect.objectContaining({ code: 'InvalidArtifact', message: expect.stringContaining('not-installed') }),
    );
  });
});

describe.skipIf(!nativeEngine.available)(`an image recipe behind the server${nativeEngine.note}`, () => {
  /** `mean`: the average of each channel of `pixels` [n, 6, 8, 3]. */
  async function writeMeanColour(dir: string): Promise<void> {
    const graph = new GraphDefBuilder();
    const pixels = graph.placeholder('pixels', 'float32', [-1, 6, 8, 3]);
    const axes = graph.constant('axes', int32Vector([1, 2]));
    const mean = graph.node('Mean', 'mean', [pixels, axes], { T: attr.type('float32'), Tidx: attr.type('int32') });
    await writeSavedModel(dir, {
      graph,
      signatures: {
        serving_default: {
          inputs: { pixels: { node: `${pixels}:0`, dtype: 'float32', shape: [-1, 6, 8, 3] } },
          outputs: { mean: { node: `${mean}:0`, dtype: 'float32', shape: [-1, 3] } },
        },
      },
    });
  }

  it('makes pixels of b64 images, and a damaged one fails alone', async () => {
    // Prepare
    const folder = await mkdtemp(join(tmpdir(), 'twinvec-recipe-'));
    folders.push(folder);
    await writeMeanColour(join(folder, '1'));
    const recipe = { preprocess: { pixels: { resize: { height: 6, width: 8 }, scale: 1 / 255 } } };
    await writeFile(join(folder, 'twinvec.json'), JSON.stringify(recipe));
    const server = await startServer({ modelDir: folder, env: { SAGEMAKER_TFS_ENABLE_BATCHING: 'true' } });
    const png = await image('gray.png');
    const request = (bytes: Uint8Array) =>
      ask(server, JSON.stringify({ instances: [{ b64: Buffer.from(bytes).toString('base64') }] }), 'application/json');

    // Act
    const answers = await Promise.all([request(png), request(png.subarray(0, 60)), request(png)]);
    const plain = await ask(server, png, 'image/png');
    const mislabelled = await ask(server, 'GIF89a, by its first bytes', 'image/png');
    await server.stop();

    // Assess
    expect(answers.map(({ status }) => status)).toEqual([200, 422, 200]);
    const [red, green, blue] = (JSON.parse(answers[0]!.text) as { predictions: number[][] }).predictions[0]!;
    expect(red).toBeGreaterThan(0);
    expect(red).toBeLessThan(1);
    expect([green, blue]).toEqual([red, red]);
    expect(JSON.parse(answers[1]!.text)).toMatchObject({ error: { code: 'InvalidImage' } });
    expect(plain).toEqual(answers[0]);
    expect(mislabelled.status).toBe(415);
  });

  it('that does not fit the model refuses to start', async () => {
    // Prepare
    const folder = await mkdtemp(join(tmpdir(), 'twinvec-recipe-'));
    folders.push(folder);
    await writeMeanColour(join(folder, '1'));
    await writeFile(
      join(folder, 'twinvec.json'),
      JSON.stringify({ preprocess: { pixels: { resize: { height: 5, width: 8 } } } }),
    );

    // Act
    const server = await launchServer({ modelDir: folder });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('recipe for the input "pixels"') }),
    );
  });
});
