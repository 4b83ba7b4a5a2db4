/** The real server process and the engine alone, as benchmarks need them. */
import { readFileSync } from 'node:fs';
import type { EngineCall } from '../container/src/engine/engine-call.ts';
import { EnginePool } from '../container/src/engine/pool.ts';
import { createLogger } from '../container/src/log/logger.ts';
import { type ServerProcess, startServer } from '../test/server-process.ts';
import type { LoadResult } from './http-load.ts';

export interface AloneOptions {
  readonly modelDir: string;
  /** URL of the module that opens sessions. */
  readonly sessionModule: string;
  readonly seconds: number;
  /** The n-th call. Its arrays move to the worker. */
  readonly call: (n: number) => EngineCall;
}

/** Calls a second of the engine in its worker thread; two in flight, as the server keeps them. */
export async function engineRate({ modelDir, sessionModule, seconds, call }: AloneOptions): Promise<number> {
  const fail = (error: Error): never => {
    throw error;
  };
  const pool = new EnginePool({
    start: { sessionModule, modelDir, engine: 'auto', warmUp: [] },
    workers: 1,
    callTimeoutMs: 60_000,
    loadTimeoutMs: 60_000,
    log: createLogger('silent'),
    onGivenUp: fail,
    onDeviceLost: fail,
  });
  await pool.ready();
  let calls = 0;
  const run = async (untilMs: number) => {
    while (performance.now() < untilMs) await pool.run(call(calls++));
  };
  const both = (untilMs: number) => Promise.all([run(untilMs), run(untilMs)]);
  await both(performance.now() + 1000);
  calls = 0;
  const startMs = performance.now();
  await both(startMs + seconds * 1000);
  const rate = calls / ((performance.now() - startMs) / 1000);
  await pool.close();
  return rate;
}

export async function withServer<T>(
  modelDir: string,
  env: Readonly<Record<string, string>>,
  use: (server: ServerProcess) => Promise<T>,
  command?: readonly string[],
): Promise<T> {
  const server = await startServer({
    modelDir,
    env: { TWINVEC_LOG_LEVEL: 'info', ...env },
    ...(command && { command }),
  });
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

export function okPerSecond({ counts, seconds }: LoadResult): number {
  return (counts.get(200) ?? 0) / seconds;
}

export function residentBytes(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}
