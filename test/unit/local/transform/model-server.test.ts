import { describe, expect, it } from 'vitest';
import { type StartedProcess, startModelServer } from '../../../../local/transform/model-server.ts';

const { signal } = new AbortController();

/** Processes that end when they are told to. */
function processes() {
  const started: (StartedProcess & { end?: string; stopped: boolean })[] = [];
  const start = async (): Promise<StartedProcess> => {
    const process: (typeof started)[number] = {
      url: `http://server-${started.length}`,
      stopped: false,
      describeEnd: () => process.end,
      async stop() {
        process.stopped = true;
      },
    };
    started.push(process);
    return process;
  };
  return { started, start };
}

describe('a model server that ends', () => {
  it('is started again once, for everybody who asks, and says why', async () => {
    // Prepare
    const { started, start } = processes();
    const ends: string[] = [];
    const server = await startModelServer(start, { onRestart: (end) => ends.push(end) });

    // Act
    started[0]!.end = 'killed';
    await Promise.all([server.revive!(signal), server.revive!(signal)]);
    const second = server.url;
    started[1]!.end = 'killed again';
    await server.revive!(signal);

    // Assess
    expect(second).toBe('http://server-1');
    expect(started).toHaveLength(2);
    expect(ends).toEqual(['killed']);
    expect(server.describeEnd!()).toBe('killed again');
    expect(started[0]!.stopped).toBe(true);
  });

  it('stays ended when it cannot be started, or the transform is over', async () => {
    const { started, start } = processes();
    let starts = 0;
    const server = await startModelServer(async () => {
      starts += 1;
      if (starts > 1) throw new Error('no room');
      return start();
    });
    started[0]!.end = 'killed';
    const over = AbortSignal.abort();

    await server.revive!(over);
    expect(starts).toBe(1);
    await server.revive!(signal);

    expect([starts, server.describeEnd!()]).toEqual([2, 'killed']);
  });

  it('is left alone while it runs', async () => {
    const { started, start } = processes();
    const server = await startModelServer(start);

    await server.revive!(signal);
    await server.stop();

    expect(started.map(({ stopped }) => stopped)).toEqual([true]);
  });
});
