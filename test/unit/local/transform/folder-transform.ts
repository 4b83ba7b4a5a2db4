/** A transform of files in a folder of the test's own, through the small echoing model server. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { folderSink, folderSource } from '../../../../local/transform/folder-storage.ts';
import type { TransformReport } from '../../../../local/transform/report.ts';
import { runTransform, type TransformOptions } from '../../../../local/transform/run-transform.ts';
import { type EchoOptions, type EchoServer, startEchoServer } from './echo-server.ts';

export const LINES = { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 1 } as const;

export interface FolderTransform {
  /** Has `in` and `out`. */
  readonly folder: string;
  /** The model server of the last run. */
  readonly server: EchoServer;
  /** Writes files below `in`. */
  put(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  /** Starts the model server, for a run whose change names it. */
  start(): Promise<EchoServer>;
  /** From `in` to `out`, through the model server that was started, or one for this run. */
  run(change?: Partial<TransformOptions>, echo?: EchoOptions): Promise<TransformReport>;
  output(name: string): Promise<string>;
  /** Names, sorted. */
  outputs(): Promise<string[]>;
}

/** For every test of the file that calls it. */
export function useFolderTransform(): FolderTransform {
  let folder: string;
  let server: EchoServer | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'twinvec-transform-'));
    await mkdir(path.join(folder, 'in'));
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    await rm(folder, { recursive: true });
  });

  return {
    get folder() {
      return folder;
    },
    get server() {
      return server!;
    },
    async start() {
      server = await startEchoServer();
      return server;
    },
    async put(files) {
      for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, 'in', name), content);
    },
    async run(change = {}, echo = {}) {
      server ??= await startEchoServer(echo);
      return runTransform({
        source: folderSource(path.join(folder, 'in')),
        sink: folderSink(path.join(folder, 'out')),
        servers: [{ url: server.url }],
        choices: LINES,
        requests: { backOff: async () => undefined, timeoutMs: 5000 },
        ...change,
      });
    },
    output: (name) => readFile(path.join(folder, 'out', name), 'utf8'),
    outputs: async () => (await readdir(path.join(folder, 'out')).catch(() => [])).sort(),
  };
}
