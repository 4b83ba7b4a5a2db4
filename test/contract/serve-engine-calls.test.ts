/**
 * What the server makes of engine calls to SavedModels beside the requests' own rows: a warm-up before the first, and
 * padding up to allowed sizes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { writeCounter } from '../fixtures/savedmodel/small-models.ts';
import { writeCallSize, writeInverse } from '../fixtures/tensorflow/edge-models.ts';
import { nativeEngine } from '../native-engine.ts';
import { launchServer, type ServerProcess, startServer } from '../server-process.ts';

const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-calls-'));
  folders.push(folder);
  return folder;
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function invoke(server: ServerProcess, body: unknown): Promise<unknown> {
  const response = await fetch(`${server.url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

const workersOf = ({ logs }: ServerProcess) => logs.filter(({ event }) => event === 'engine_worker_ready').length;

/** Its signature `save` writes a file of the caller's choice. */
const ALLOW_SAVE = { TWINVEC_ALLOWED_OPERATIONS: 'SaveV2' };

const isOfWarmUp = ({ event, line }: Readonly<Record<string, unknown>>) =>
  event === 'engine' && String(line).startsWith('signature serving_default did not take a warm-up of zeros');

describe.skipIf(!nativeEngine.available)(`a warm-up of a SavedModel${nativeEngine.note}`, () => {
  it.each([
    ['on', 1],
    ['off', 0],
  ])('that is %s is told in the log where the model refuses it, and the model is served', async (setting, lines) => {
    // Prepare
    const folder = await newFolder();
    await writeInverse(join(folder, 'inverse/1'));

    // Act
    const server = await startServer({ modelDir: folder, env: { TWINVEC_TFS_WARM_UP: setting } });
    const answer = await invoke(server, { instances: [4] });
    await server.stop();

    // Assess
    expect(answer).toEqual({ predictions: [0.25] });
    expect(server.logs.filter(isOfWarmUp)).toHaveLength(lines);
  });

  it('leaves the variables of a stateful graph alone', async () => {
    // Prepare
    const folder = await newFolder();
    await writeCounter(join(folder, 'counter/1'));

    // Act
    const server = await startServer({ modelDir: folder, env: ALLOW_SAVE });
    const answer = await invoke(server, { signature_name: 'step', inputs: { value: [1, 2] } });
    await server.stop();

    // Assess
    expect(answer).toEqual({ outputs: [11, 22] });
  });
});

describe.skipIf(!nativeEngine.available)(`engine workers of a SavedModel${nativeEngine.note}`, () => {
  const step = { signature_name: 'step', inputs: { value: [1, 1] } };

  it('are two where there are two cores and no GPU', async () => {
    // Prepare
    const folder = await newFolder();
    await writeInverse(join(folder, 'inverse/1'));
    const expected = availableParallelism() > 1 ? 2 : 1;

    // Act
    const server = await startServer({ modelDir: folder });
    await vi.waitUntil(() => workersOf(server) >= expected, { timeout: 30_000 });
    await server.stop();

    // Assess
    expect(workersOf(server)).toBe(expected);
  });

  it('is one where a call changes what later calls see', async () => {
    // Prepare
    const folder = await newFolder();
    await writeCounter(join(folder, 'counter/1'));
    const server = await startServer({ modelDir: folder, env: ALLOW_SAVE });

    // Act
    const answers = await Promise.all(Array.from({ length: 40 }, () => invoke(server, step)));
    await server.stop();

    // Assess
    const totals = answers.map((answer) => (answer as { readonly outputs: readonly number[] }).outputs[0]!);
    expect(totals.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => 11 + i));
    expect(workersOf(server)).toBe(1);
  });
});

describe.skipIf(!nativeEngine.available)(`allowed batch sizes${nativeEngine.note}`, () => {
  it('pad every call to the next of them, in row and column form, and nobody sees the padding', async () => {
    // Prepare
    const folder = await newFolder();
    await writeCallSize(join(folder, 'size/1'));
    const env = {
      SAGEMAKER_TFS_ENABLE_BATCHING: 'true',
      SAGEMAKER_TFS_MAX_BATCH_SIZE: '8',
      TWINVEC_TFS_ALLOWED_BATCH_SIZES: '4,8',
    };
    const server = await startServer({ modelDir: folder, env });

    // Act
    const padded = await invoke(server, { instances: [10, 20, 30] });
    const columns = await invoke(server, { inputs: [10, 20, 30, 40, 50] });
    const full = await invoke(server, { instances: [1, 2, 3, 4] });
    const larger = await invoke(server, { instances: Array.from({ length: 9 }, () => 0) });
    await server.stop();

    // Assess
    expect(padded).toEqual({ predictions: [14, 24, 34] });
    expect(columns).toEqual({ outputs: [18, 28, 38, 48, 58] });
    expect(full).toEqual({ predictions: [5, 6, 7, 8] });
    expect(larger).toEqual({ predictions: Array.from({ length: 9 }, () => 9) });
  });

  it('that do not end in the largest batch refuse to start', async () => {
    // Prepare
    const folder = await newFolder();
    await writeCallSize(join(folder, 'size/1'));

    // Act
    const server = await launchServer({ modelDir: folder, env: { TWINVEC_TFS_ALLOWED_BATCH_SIZES: '1,4' } });
    const { exitCode } = await server.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(server.logs.at(-1)).toMatchObject({
      event: 'start_failed',
      message: 'the last of TWINVEC_TFS_ALLOWED_BATCH_SIZES must be SAGEMAKER_TFS_MAX_BATCH_SIZE, 8',
    });
  });
});
