/**
 * The server as process 1, which is what it is in the image: signals must have handlers, and nobody else buries its
 * children. The id is that of spec faults 2O.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSumServer, sumRequest } from '../fixtures/serving/sum-server.ts';
import { FAULT } from '../fixtures/serving/sum-session.ts';
import { writeHalfPlus } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { rawConnect, rawExchange } from '../raw-http.ts';
import { startServer } from '../server-process.ts';

const PING = 'GET /ping HTTP/1.1\r\nHost: t\r\n\r\n';

const AS_PROCESS_1 = ['unshare', '-rm', '--pid', '--fork', '--mount-proc', '--kill-child'];
const probe = spawnSync(AS_PROCESS_1[0]!, [...AS_PROCESS_1.slice(1), 'true'], { encoding: 'utf8' });
const canBeProcess1 = probe.status === 0;

describe.skipIf(!canBeProcess1)(`O8 as process 1${canBeProcess1 ? '' : ` (skipped: ${probe.stderr})`}`, () => {
  /** What `unshare` started, by its number outside. */
  const processOne = (pid: number): number => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());

  it('SIGTERM reaches the server, which answers what it holds and exits with 0', async () => {
    // Prepare
    const server = await startSumServer({ TWINVEC_ENGINE_WORKERS: '1' }, { within: AS_PROCESS_1 });
    const pid = processOne(server.pid);
    const client = (await rawConnect(server.port)).write(sumRequest([[FAULT.slow]]));
    await rawExchange(server.port, PING);

    // Act
    process.kill(pid, 'SIGTERM');
    const answer = await client.answer();

    // Assess
    expect(answer?.status).toBe(200);
    expect(await server.exited).toEqual({ exitCode: 0, signal: null });
  });

  it.skipIf(!nativeEngine.available)(
    `processes of handlers that end leave no zombies${nativeEngine.note}`,
    async () => {
      // Prepare
      const folder = await mkdtemp(join(tmpdir(), 'twinvec-process-1-'));
      await mkdir(join(folder, 'code'));
      await writeFile(join(folder, 'code', 'inference.mjs'), 'export const handler = () => process.exit(1);');
      await writeHalfPlus(join(folder, '1'), 2);
      const env = { SAGEMAKER_GUNICORN_WORKERS: '1' };
      const server = await startServer({ modelDir: folder, env, within: AS_PROCESS_1 });
      const pid = processOne(server.pid);

      // Act
      for (let n = 0; n < 3; n++) await fetch(`${server.url}/invocations`, { method: 'POST', body: 'x' });

      // Assess
      const states = readdirSync(`/proc/${pid}/root/proc`)
        .filter((name) => /^\d+$/.test(name))
        .map((name) => stateOf(`/proc/${pid}/root/proc/${name}/stat`));
      expect(states.filter((state) => state === 'Z')).toEqual([]);
      process.kill(pid, 'SIGTERM');
      expect((await server.exited).exitCode).toBe(0);
      await rm(folder, { recursive: true });
    },
  );
});

function stateOf(statFile: string): string | undefined {
  try {
    return /\) (\w) /.exec(readFileSync(statFile, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
