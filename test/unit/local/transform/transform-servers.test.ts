/** A transform with more than one model server: instances that share its objects, and containers in a row. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TransformOptions } from '../../../../local/transform/run-transform.ts';
import { startEchoServer } from './echo-server.ts';
import { LINES, useFolderTransform } from './folder-transform.ts';

const transform = useFolderTransform();

describe('several instances', () => {
  it('share the objects, never one of them, and each keeps its order', async () => {
    // Prepare
    const text = Array.from({ length: 40 }, (_, n) => `${n}\n`).join('');
    await transform.put(
      Object.fromEntries(
        Array.from({ length: 6 }, (_, n) => [`${n}.jsonl`, text.replaceAll(/^/gm, `${n}-`).slice(0, -2)]),
      ),
    );
    const second = await startEchoServer();

    // Act
    const first = await transform.start();
    const report = await transform.run({
      servers: [{ url: first.url }, { url: second.url }],
      choices: { ...LINES, strategy: 'SingleRecord' },
    });

    // Assess
    expect(report).toMatchObject({ objects: 6, recordsOut: 240, failures: [] });
    for (const name of await transform.outputs()) {
      expect(`${await transform.output(name)}`).toBe(
        await readFile(path.join(transform.folder, 'in', name.slice(0, -4)), 'utf8').then((t) => `${t.trimEnd()}\n`),
      );
    }
    const objectsOf = (bodies: readonly string[]) => new Set(bodies.map((body) => body.split('-')[0]));
    const [one, two] = [objectsOf(first.bodies), objectsOf(second.bodies)];
    expect(one.size + two.size).toBe(6);
    expect(Math.min(one.size, two.size)).toBeGreaterThanOrEqual(1);
    expect([first.mostInFlight, second.mostInFlight]).toEqual([1, 1]);
    await second.close();
  });
});

describe('a serial pipeline', () => {
  it.each([1, 0])('sends on what each container answers, with MaxPayloadInMB %i', async (maxPayloadMb) => {
    // Prepare: the first loses records that say so
    await transform.put({ 'a.txt': 'lose\nkept\nlose' });
    const last = await startEchoServer();

    // Act
    const first = await transform.start();
    const report = await runPipeline([first.url, last.url], { maxPayloadMb });
    await last.close();

    // Assess
    expect(report).toMatchObject({ failures: [], retries: 0 });
    expect([first.bodies, last.bodies]).toEqual([['lose\nkept\nlose'], ['kept']]);
    expect(await transform.output('a.txt.out')).toBe('kept');
  });

  it.each([
    ['400', /^ClientError: 400/, 0],
    ['500', /^Bad HTTP status received from algorithm: 500/, 3],
    ['drop', /^Unable to get response from algorithm/, 3],
  ])(
    'fails its object when the first container answers %s, and the last is asked nothing',
    async (word, cause, retries) => {
      // Prepare
      await transform.put({ 'a.txt': word });
      const last = await startEchoServer();

      // Act
      const first = await transform.start();
      const report = await runPipeline([first.url, last.url], { maxPayloadMb: 1 });
      await last.close();

      // Assess
      expect(report).toMatchObject({ failures: [{ cause: expect.stringMatching(cause) }], retries });
      expect(last.bodies).toEqual([]);
      expect(await transform.outputs()).toEqual([]);
    },
  );

  const runPipeline = ([url, ...nextUrls]: readonly [string, string], choices: TransformOptions['choices']) =>
    transform.run({ servers: [{ url, nextUrls }], choices });
});
