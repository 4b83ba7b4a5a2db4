/**
 * Starts and stops the real server process for tests, demos of behaviour and benchmarks.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { commandInImage, imageUnderTest } from './image/image.ts';

const MAIN = resolve(import.meta.dirname, '../container/src/main.ts');

export interface ServerOptions {
  /** The unpacked artifact; /opt/ml/model of the process. */
  readonly modelDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Command line after `node`; the image's `main.ts serve` by default. */
  readonly command?: readonly string[];
  /** A program that starts what its further arguments say, such as `unshare`. */
  readonly within?: readonly string[];
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

export interface ExitedServer {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Structured log lines so far. */
  readonly logs: readonly LogLine[];
  /** Standard error and lines that are not JSON, so far. */
  readonly noise: readonly string[];
  /** Resolves with the first line of this event (and these fields), already written or still to come. */
  logged(event: string, fields?: Readonly<Record<string, unknown>>): Promise<LogLine>;
  readonly exited: Promise<ExitedServer>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<ExitedServer>;
}

/** Resolves when `/ping` answers 200; rejects with the log when the process ends before that. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const server = await launchServer(options);
  const ended = server.exited.then(({ exitCode }) => {
    throw new Error(`The server ended with ${exitCode} before it was ready:\n${describeLogs(server)}`);
  });
  await Promise.race([server.logged('ready'), ended]);
  return server;
}

/** Resolves when the server listens or has ended, whichever is first: for tests of starting and failing. */
export async function launchServer(options: ServerOptions): Promise<ServerProcess> {
  const baseDir = mkdtempSync(join(tmpdir(), 'twinvec-serve-'));
  // As /opt/ml is: what a server becomes that was started as root may read it.
  chmodSync(baseDir, 0o755);
  const child = options.command ? startSources(baseDir, options) : startEntryPoint(baseDir, options);
  const log = new ProcessLog(child);
  const exited = once(child, 'close').then(([exitCode, signal]): ExitedServer => {
    rmSync(baseDir, { recursive: true, force: true });
    return { exitCode, signal };
  });
  const listening = await Promise.race([log.logged('listening'), exited.then(() => undefined)]);
  const port = Number(listening?.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    logs: log.lines,
    noise: log.noise,
    logged: (event, fields) => log.logged(event, fields),
    exited,
    signal: (signal) => void child.kill(signal),
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

const LOOPBACK = { SAGEMAKER_BIND_TO_PORT: '0', TWINVEC_HOST: '127.0.0.1' };

/** The entry point of the image under test, where there is one (npm run image:check). */
function startEntryPoint(baseDir: string, options: ServerOptions): ChildProcess {
  const image = imageUnderTest();
  if (!image) return startSources(baseDir, options);
  const model = join(baseDir, 'model');
  // SageMaker unpacks the archive into the folder, for everybody to read.
  cpSync(resolve(options.modelDir), model, { recursive: true, dereference: true });
  spawnSync('chmod', ['--recursive', 'a+rX', model]);
  const [program, ...args] = commandInImage(image, baseDir, ['serve']);
  return spawn(program!, args, {
    env: { ...image.env, ...LOOPBACK, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function startSources(baseDir: string, options: ServerOptions): ChildProcess {
  const { modelDir, command = [MAIN, 'serve'], within = [], env } = options;
  symlinkSync(resolve(modelDir), join(baseDir, 'model'));
  const [program, ...args] = [...within, process.execPath, ...command];
  return spawn(program!, args, {
    env: { ...process.env, ...LOOPBACK, ...env, SAGEMAKER_BASE_DIR: baseDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function describeLogs({ logs, noise }: ServerProcess): string {
  return [...logs.map((line) => JSON.stringify(line)), ...noise].join('\n');
}

class ProcessLog {
  readonly lines: LogLine[] = [];
  readonly noise: string[] = [];
  readonly #waiting = new Set<(line: LogLine) => void>();

  constructor(child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (text) => this.#receive(text));
    createInterface({ input: child.stderr! }).on('line', (text) => this.noise.push(text));
  }

  logged(event: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    const matches = (line: LogLine) =>
      line.event === event && Object.entries(fields).every(([name, value]) => line[name] === value);
    const line = this.lines.find(matches);
    if (line) return Promise.resolve(line);
    return new Promise((resolve) => {
      const check = (next: LogLine) => {
        if (!matches(next)) return;
        this.#waiting.delete(check);
        resolve(next);
      };
      this.#waiting.add(check);
    });
  }

  #receive(text: string): void {
    if (!text.startsWith('{')) {
      this.noise.push(text);
      return;
    }
    const line = JSON.parse(text) as LogLine;
    this.lines.push(line);
    for (const check of [...this.#waiting]) check(line);
  }
}
