/** The user of a server that was started as root, as SageMaker starts it. */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { startServer } from '../server-process.ts';

const isRoot = process.getuid?.() === 0;
const note = isRoot ? '' : ' (skipped: only root can become another user)';
/** The JavaScript engine needs nothing from the home folder of whoever runs the tests. */
const env = { TWINVEC_ENGINE: 'js', TWINVEC_RUN_AS: '1000' };
const REQUEST = '{"instances":[{"in0":[3]}]}';
const JSON_TYPE = { 'content-type': 'application/json' };

let scratch: string;
let model: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'twinvec-user-'));
  await chmod(scratch, 0o755);
  model = (await trainPairModel(scratch, 'js')).folder;
});

afterAll(() => rm(scratch, { recursive: true }));

async function user(pid: number): Promise<{ ids: string[]; rights: number; groups: string }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)![1]!.trim();
  return { ids: field('Uid').split('\t'), rights: Number(`0x${field('CapEff')}`), groups: field('Groups') };
}

describe.skipIf(!isRoot)(`TWINVEC_RUN_AS${note}`, () => {
  it('makes a server that was started as root that user, for good and without its rights', async () => {
    // Act
    const server = await startServer({ modelDir: model, env });
    const { ids, rights, groups } = await user(server.pid);
    const answer = await fetch(`${server.url}/invocations`, { method: 'POST', body: REQUEST, headers: JSON_TYPE });
    const { exitCode } = await server.stop();

    // Assess
    expect({ ids, rights, groups }).toEqual({ ids: ['1000', '1000', '1000', '1000'], rights: 0, groups: '1000' });
    expect([answer.status, exitCode]).toEqual([200, 0]);
  });

  it('leaves it root, naming the reason, where others may not read the model', async () => {
    // Prepare
    await chmod(model, 0o700);

    // Act
    const server = await startServer({ modelDir: model, env });
    const { ids } = await user(server.pid);
    const warning = await server.logged('runs_as_root');
    await server.stop();
    await chmod(model, 0o755);

    // Assess
    expect(ids[0]).toBe('0');
    expect(warning.reason).toMatch(/\/model may be read by root alone$/);
  });

  it.each([{ TWINVEC_RUN_AS: '0' }, {}])('%j changes nothing', async (changes) => {
    const server = await startServer({ modelDir: model, env: { TWINVEC_ENGINE: 'js', ...changes } });
    const { ids } = await user(server.pid);
    await server.stop();
    expect(ids[0]).toBe('0');
  });
});
