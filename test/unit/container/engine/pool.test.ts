import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { TwinvecError } from '#core/errors.ts';
import type { EngineCall } from '../../../../container/src/engine/engine-call.ts';
import { EnginePool } from '../../../../container/src/engine/pool.ts';
import type { LogFields, Logger } from '../../../../container/src/log/logger.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';
import { nativeEngine } from '../../../native-engine.ts';

/** Opens in the first worker; in every later one it does what `later` says. Its calls end the worker. */
const modelThat = (later: string) => `
  import { writeFileSync } from 'node:fs';
  import { join } from 'node:path';
  export async function openSession(dir) {
    let isFirst = true;
    try { writeFileSync(join(dir, 'opened'), '', { flag: 'wx' }); } catch { isFirst = false; }
    if (!isFirst) { ${later} }
    return { engine: 'tensorflow', signatures: new Map(), run: () => process.exit(3), close: () => {} };
  }`;

interface StartedPool {
  readonly pool: EnginePool;
  readonly events: { readonly event: string; readonly fields: LogFields | undefined }[];
  readonly givenUp: Promise<TwinvecError>;
}

async function startPool(later: string, workers: number | undefined): Promise<StartedPool> {
  const modelDir = await temporaryFolder();
  const session = join(modelDir, 'session.mjs');
  await writeFile(session, modelThat(later));
  const events: StartedPool['events'] = [];
  const note = (event: string, fields?: LogFields) => void events.push({ event, fields });
  const log: Logger = {
    ...{ debug: note, info: note, warn: note, error: note, repeated: () => {} },
    close: () => Promise.resolve(),
  };
  const { promise: givenUp, resolve: onGivenUp } = Promise.withResolvers<TwinvecError>();
  const pool = new EnginePool({
    start: { sessionModule: pathToFileURL(session).href, modelDir, engine: 'tensorflow', warmUp: [] },
    workers,
    hostWorkers: 2,
    callTimeoutMs: 60_000,
    loadTimeoutMs: 60_000,
    log,
    onGivenUp,
    onDeviceLost: () => {},
  });
  return { pool, events, givenUp };
}

const CALL: EngineCall = { signature: 's', inputs: {}, rows: undefined };

describe.skipIf(!nativeEngine.available || availableParallelism() < 2)(
  `a second worker that cannot be started${nativeEngine.note}`,
  () => {
    it.each([
      ['a model that does not open twice', `throw new Error('no room for two');`, 'no room for two'],
      ['a worker that dies while it opens the model', 'process.exit(4);', 'exited with 4'],
    ])('is left out where nobody asked for it: %s', async (_, later, reason) => {
      // Prepare
      const { pool, events } = await startPool(later, undefined);

      // Act
      await pool.ready();
      await vi.waitUntil(() => events.some(({ event }) => event === 'engine_worker_left_out'), { timeout: 30_000 });

      // Assess
      expect(pool.isAlive).toBe(true);
      expect(pool.hasSlot()).toBe(true);
      const leftOut = events.find(({ event }) => event === 'engine_worker_left_out');
      expect(leftOut?.fields).toMatchObject({ reason: expect.stringContaining(reason), workers: 1 });
      expect(events.map(({ event }) => event)).not.toContain('engine_worker_died');
      await pool.close();
    });

    it('is a fault where it was asked for, and where no other worker is left', async () => {
      // Prepare
      const asked = await startPool(`throw new Error('no room for two');`, 2);
      const alone = await startPool(`throw new Error('no room for two');`, 1);
      await alone.pool.ready();

      // Act: the only worker ends in a call, and nothing opens the model again
      await expect(alone.pool.run(CALL)).rejects.toMatchObject({ code: 'EngineLost' });

      // Assess
      for (const { pool, givenUp } of [asked, alone]) {
        expect(await givenUp).toMatchObject({ code: 'EngineLost', message: expect.stringContaining('3 times') });
        await pool.close();
      }
    });
  },
);
