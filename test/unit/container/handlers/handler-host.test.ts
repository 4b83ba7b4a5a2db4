/** A model's own handlers run contained: real scripts, in real processes. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HandlerHost, type HandlerHostOptions } from '../../../../container/src/handlers/handler-host.ts';
import type { Predict } from '../../../../container/src/handlers/handler-process.ts';
import type { Step } from '../../../../container/src/handlers/protocol.ts';
import { createLogger } from '../../../../container/src/log/logger.ts';

const log = createLogger('silent');
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (content: string) => new TextEncoder().encode(content);

let folder: string;
let host: HandlerHost | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twinvec-handlers-'));
});

afterEach(async () => {
  host?.close();
  host = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function hostOf(source: string, options: Partial<HandlerHostOptions> = {}, name = 'inference.ts') {
  const script = join(folder, name);
  await writeFile(script, source);
  host = new HandlerHost({
    script,
    processes: 1,
    timeoutMs: 60_000,
    loadTimeoutMs: 60_000,
    memoryMb: 512,
    maxWaiting: 16,
    log,
    ...options,
  });
  return host;
}

const noModel: Predict = () => Promise.reject(new Error('this test has no model'));

function callOf(step: Step, body = 'hello', predict = noModel, statusCode = 200) {
  const facts = {
    modelName: 'half_plus_two',
    method: 'predict' as const,
    restUri: 'http://127.0.0.1:8080/tfs/v1/models/half_plus_two:predict',
    customAttributes: 'tfs-model-name=half_plus_two',
    requestContentType: 'text/plain',
    acceptHeader: 'text/csv',
    contentLength: body.length,
    timeoutMs: 60_000,
  };
  return { step, payload: { bytes: bytes(body), statusCode }, facts, predict };
}

describe('the handlers of a model', () => {
  it('may be a pair in TypeScript, with types that Node strips', async () => {
    // Prepare
    const pair = await hostOf(`
      import type { InputHandler, OutputHandler } from 'twinvec/handlers';
      export const inputHandler: InputHandler = async (data, context) => ({ instances: [data.text(), context.requestContentType] });
      export const outputHandler: OutputHandler = (response, context) => [response.json().toString(), context.acceptHeader];
    `);

    // Act
    const kind = await pair.start();
    const input = await pair.run(callOf('inputHandler'));
    const output = await pair.run(callOf('outputHandler', '[1,2]'));

    // Assess
    expect(kind).toBe('pair');
    expect(JSON.parse(text(input.body))).toEqual({ instances: ['hello', 'text/plain'] });
    expect(text(output.body)).toBe('1,2');
    expect(output.contentType).toBe('text/csv');
  });

  it('may be one handler that asks the model as often as it likes', async () => {
    // Prepare
    const asked: string[] = [];
    const model: Predict = async (body) => {
      asked.push(text(body));
      return { bytes: bytes('{"predictions":[3]}'), statusCode: 200 };
    };
    const one = await hostOf(`
      export async function handler(data, context) {
        const answers = await Promise.all([context.predict({ instances: [1] }), context.predict('raw')]);
        return JSON.stringify(answers.map((one) => [one.statusCode, one.json()]));
      }
    `);

    // Act
    const kind = await one.start();
    const { body, contentType } = await one.run(callOf('handler', 'hello', model));

    // Assess
    expect(kind).toBe('handler');
    expect(asked).toEqual(['{"instances":[1]}', 'raw']);
    expect(text(body)).toBe('[[200,{"predictions":[3]}],[200,{"predictions":[3]}]]');
    expect(contentType).toBeUndefined();
  });

  it('may be CommonJS that requires what lies in code/node_modules', async () => {
    // Prepare
    await mkdir(join(folder, 'node_modules', 'shout'), { recursive: true });
    await writeFile(
      join(folder, 'node_modules', 'shout', 'index.js'),
      'module.exports = (text) => text.toUpperCase();',
    );
    const script = `const shout = require('shout');\nmodule.exports.handler = (data) => shout(data.text());`;
    const bundled = await hostOf(script, {}, 'inference.js');

    // Act
    await bundled.start();
    const { body } = await bundled.run(callOf('handler'));

    // Assess
    expect(text(body)).toBe('HELLO');
  });

  it('keeps every byte, whatever the bytes are', async () => {
    // Prepare
    const echo = await hostOf('export const handler = (data) => data.bytes;');
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    await echo.start();

    // Act
    const { body } = await echo.run({ ...callOf('handler'), payload: { bytes: all, statusCode: 200 } });

    // Assess
    expect([...body]).toEqual([...all]);
  });
});

describe('a handler that goes wrong', () => {
  it('chooses the status of a refusal with statusCode', async () => {
    // Prepare
    const picky = await hostOf(
      `export const handler = () => { throw Object.assign(new Error('Send a JPEG.'), { statusCode: 415 }); };`,
    );
    await picky.start();

    // Act
    const refused = picky.run(callOf('handler'));

    // Assess
    await expect(refused).rejects.toMatchObject({ code: 'HandlerRefused', status: 415, message: 'Send a JPEG.' });
  });

  it.each([
    ['throws an error', `throw new Error('no such column');`, 'handler failed: no such column'],
    ['throws what is no error', `throw 'plain text';`, 'handler failed: plain text'],
    ['chooses a status that is no refusal', `throw Object.assign(new Error('x'), { statusCode: 200 });`, 'failed: x'],
    ['returns nothing', `return undefined;`, 'must return text, bytes or JSON'],
    ['ends its process', `process.exit(3);`, 'handler was stopped: it ended with exit code 3'],
  ])('that %s is named, and the next request is served', async (_what, statement, message) => {
    // Prepare
    const failing = await hostOf(
      `export const handler = (data) => { if (data.text() === 'bad') { ${statement} } return 'fine'; };`,
    );
    await failing.start();

    // Act
    const bad = failing.run(callOf('handler', 'bad'));
    const good = failing.run(callOf('handler', 'good'));

    // Assess
    await expect(bad).rejects.toMatchObject({ code: 'HandlerFailed', status: 500 });
    await expect(bad).rejects.toThrow(message);
    expect(text((await good).body)).toBe('fine');
  });

  it('that never returns is stopped after its time, and the next request is served', async () => {
    // Prepare
    const stuck = await hostOf(`export const handler = (data) => { while (data.text() === 'bad'); return 'fine'; };`, {
      timeoutMs: 3_000,
    });
    await stuck.start();

    // Act
    const bad = stuck.run(callOf('handler', 'bad'));

    // Assess
    await expect(bad).rejects.toThrow('handler was stopped: it did not answer within 3000 ms');
    expect(text((await stuck.run(callOf('handler', 'good'))).body)).toBe('fine');
  });

  it.runIf(process.platform === 'linux')('that eats memory outside the heap is stopped, alone', async () => {
    // Prepare
    const hungry = await hostOf(
      `
      const held = [];
      export const handler = async (data) => {
        while (data.text() === 'bad') { held.push(Buffer.alloc(8 * 1024 * 1024, 1)); await new Promise((r) => setTimeout(r, 5)); }
        return 'fine';
      };`,
      { memoryMb: 256 },
    );
    await hungry.start();

    // Act
    const bad = hungry.run(callOf('handler', 'bad'));

    // Assess
    await expect(bad).rejects.toThrow('handler was stopped: it took more than 256 MiB');
    expect(text((await hungry.run(callOf('handler', 'good'))).body)).toBe('fine');
  });

  it.each([
    ['does not parse', 'export const handler = (', 'cannot be loaded'],
    ['imports what is not there', `import 'no-such-package';`, 'no-such-package'],
    [
      'exports nothing of use',
      'export const predict = () => 1;',
      'must export handler, or inputHandler and outputHandler',
    ],
    ['has half a pair', 'export const inputHandler = () => 1;', 'it exports inputHandler'],
    ['ends while it loads', 'process.exit(0);', 'did not load: it ended with exit code 0'],
  ])('a script that %s is refused when the server starts', async (_what, source, message) => {
    // Prepare
    const broken = await hostOf(source);

    // Act
    const started = broken.start();

    // Assess
    await expect(started).rejects.toMatchObject({ code: 'InvalidArtifact' });
    await expect(started).rejects.toThrow(message);
  });

  it('refuses at once what finds no place in the line', async () => {
    // Prepare
    const busy = await hostOf('export const handler = (data) => data.bytes;', { maxWaiting: 1 });
    await busy.start();

    // Act
    const answers = await Promise.allSettled([0, 1, 2].map(() => busy.run(callOf('handler'))));

    // Assess
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: { code: 'Overloaded' } });
  });

  it('has what it prints in the log, not on standard output', async () => {
    // Prepare
    const repeated = vi.fn();
    const talking = await hostOf(`console.log('looking'); export const handler = () => 'x';`, {
      log: { ...log, repeated },
    });

    // Act
    await talking.start();
    await talking.run(callOf('handler'));

    // Assess
    await vi.waitFor(() =>
      expect(repeated).toHaveBeenCalledWith('info', 'handler_output', 'line', { line: 'looking' }),
    );
  });
});
