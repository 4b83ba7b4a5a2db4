/** Model artifacts that are wrong, by the number of their fault (2J), as `serve` meets them: named, and never served. */
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as tar from 'tar';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/savedmodel/temporary-folder.ts';
import { writeHalfPlus } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { runTwinvec } from '../run-twinvec.ts';
import { launchServer, startServer } from '../server-process.ts';

const ENGINE = { TWINVEC_ENGINE: 'tensorflow' };

async function handled(script: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeHalfPlus(join(folder, 'half_plus_two/1'), 2);
  await mkdir(join(folder, 'code'));
  await writeFile(join(folder, 'code/inference.mjs'), script);
  return folder;
}

/** Exit code and reason of a server that does not come up. */
async function refusalOf(modelDir: string, env: Readonly<Record<string, string>> = {}) {
  const server = await launchServer({ modelDir, env: { ...ENGINE, ...env } });
  const { exitCode } = await server.exited;
  const line = server.logs.find(({ event }) => event === 'start_failed' || event === 'stopping');
  return { exitCode, message: line?.message };
}

describe('a model.tar.gz for twinvec serve', () => {
  it.each([
    ['J2 leads out of its folder', { path: '../x', type: 'File' }, /"\.\.\/x" leads out of the model folder/],
    ['J2 has a link', { path: 'l', type: 'SymbolicLink', linkpath: '/etc' }, /"l" is a SymbolicLink/],
  ] as const)('%s: refused by the name of the entry', async (_, entry, message) => {
    // Prepare
    const header = Buffer.alloc(512);
    new tar.Header({ mode: 0o644, size: 0, ...entry }).encode(header);
    const file = join(await temporaryFolder(), 'model.tar.gz');
    await writeFile(file, gzipSync(Buffer.concat([header, Buffer.alloc(1024)])));

    // Act
    const { exitCode, errors } = await runTwinvec(['serve', '--model', file, '--port', '0']);

    // Assess
    expect(exitCode).not.toBe(0);
    expect(errors).toMatch(message);
    expect(errors).toContain('model.tar.gz');
  });

  it('J4 that is cut off: refused by its name', async () => {
    const folder = await temporaryFolder();
    await writeHalfPlus(join(folder, 'model/1'), 2);
    const file = join(folder, 'model.tar.gz');
    await tar.create({ gzip: true, file, cwd: join(folder, 'model') }, ['1']);
    await truncate(file, 300);

    const { exitCode, errors } = await runTwinvec(['serve', '--model', file, '--port', '0']);

    expect(exitCode).not.toBe(0);
    expect(errors).toMatch(/the model archive model\.tar\.gz cannot be read/);
  });
});

describe.skipIf(!nativeEngine.available)(`a model folder${nativeEngine.note}`, () => {
  it('J4 with an archive in it: the archive is named', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'inner.tar.gz'), '');
    expect(await refusalOf(folder)).toEqual({
      exitCode: 1,
      message: 'The model folder has no model but "inner.tar.gz": pack the folder, not its archive.',
    });
  });

  it('J5 without its variables: they are named', async () => {
    const folder = await temporaryFolder();
    await writeHalfPlus(join(folder, 'half_plus_two/1'), 2);
    await rm(join(folder, 'half_plus_two/1/variables/variables.data-00000-of-00001'));
    expect(await refusalOf(folder)).toEqual({
      exitCode: 1,
      message: 'Model half_plus_two, version 1, lacks variables/variables.data-00000-of-00001.',
    });
  });

  it('J6 whose variables are not those that were saved: refused, because their checksum is another', async () => {
    // Prepare
    const folder = await temporaryFolder();
    await writeHalfPlus(join(folder, 'half_plus_two/1'), 2);
    const file = join(folder, 'half_plus_two/1/variables/variables.data-00000-of-00001');
    const data = await readFile(file);
    data[0]! ^= 0xff;
    await writeFile(file, data);

    // Act
    const server = await launchServer({ modelDir: folder, env: ENGINE });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.find(({ event }) => event === 'model_not_loaded')).toMatchObject({
      code: 'InvalidArtifact',
      cause: expect.stringMatching(/checksum/i),
    });
  });

  it('J8 with a requirements.txt: it is not installed, one line says so, and the model is served', async () => {
    // Prepare
    const folder = await handled(`export const handler = () => 'fine';`);
    await writeFile(join(folder, 'code/requirements.txt'), 'tensorflow==1.13.1\n');

    // Act
    const server = await startServer({ modelDir: folder, env: ENGINE });
    const answer = await fetch(`${server.url}/invocations`, { method: 'POST', body: '{"instances":[1]}' });
    const text = await answer.text();
    await server.stop();

    // Assess
    expect(text).toBe('fine');
    expect(server.logs.filter(({ event }) => event === 'requirements_ignored')).toEqual([
      expect.objectContaining({
        message: 'code/requirements.txt is not read: put what the script imports into code/.',
      }),
    ]);
  });

  it('J10 J11 whose script never loads: /ping is 503 until the time is over, then the process ends with the reason', async () => {
    // Prepare
    const folder = await handled(
      `await new Promise((resolve) => setTimeout(resolve, 600_000)); export const handler = () => '';`,
    );
    const server = await launchServer({ modelDir: folder, env: { ...ENGINE, TWINVEC_LOAD_TIMEOUT_MS: '4000' } });

    // Act
    const ping = await fetch(`${server.url}/ping`);
    const { exitCode } = await server.exited;

    // Assess
    expect([ping.status, await ping.text()]).toEqual([503, '']);
    expect(exitCode).toBe(1);
    expect(server.logs).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('it did not load within 4000 ms') }),
    );
  });
});
