/**
 * Starts and stops the real server process for tests, demos of behaviour and benchmarks.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { commandInImage, type Image, imageUnderTest, MODELS_IN_IMAGE } from './image/image.ts';

const ROOT = resolve(import.meta.dirname, '..');
const MAIN = join(ROOT, 'container/src/main.ts');

export interface ServerOptions {
  /** The unpacked artifact; /opt/ml/model of the process. */
  readonly modelDir?: string;
  /** Instead of it, for a multi-model endpoint; /opt/ml/models of the process. */
  readonly modelsDir?: string;
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
  /** Its `modelsDir`, by the name that the process itself has for it. */
  readonly modelsDir: string | undefined;
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
  const image = imageUnderTest();
  const child = image ? startInImage(image, baseDir, options) : startSources(baseDir, options);
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
    modelsDir: image && options.modelsDir ? MODELS_IN_IMAGE : options.modelsDir,
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

/** In the image under test (npm run image:check): its entry point, or a program of the tests on its files. */
function startInImage(image: Image, baseDir: string, options: ServerOptions): ChildProcess {
  const { modelDir, modelsDir, command, within = [], env } = options;
  const model = join(baseDir, 'model');
  if (modelDir !== undefined) cpSync(resolve(modelDir), model, { recursive: true, dereference: true });
  // SageMaker unpacks archives for everybody to read.
  for (const folder of [modelDir && model, modelsDir]) if (folder) spawnSync('chmod', ['--recursive', 'a+rX', folder]);
  const mounts = {
    '/opt/ml': baseDir,
    ...(modelsDir !== undefined && { [MODELS_IN_IMAGE]: modelsDir }),
    ...(command && { [join(image.workingDir, 'test/fixtures')]: join(ROOT, 'test/fixtures') }),
  };
  const place = (path: string) => (path.startsWith(ROOT) ? join(image.workingDir, relative(ROOT, path)) : path);
  const inImage = command
    ? commandInImage({ ...image, entrypoint: ['node'] }, mounts, command.map(place))
    : commandInImage(image, mounts, ['serve']);
  const [program, ...args] = [...within, ...inImage];
  return spawn(program!, args, { env: { ...image.env, ...LOOPBACK, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

function startSources(baseDir: string, options: ServerOptions): ChildProcess {
  const { modelDir, modelsDir, command = [MAIN, 'serve'], within = [], env } = options;
  if (modelDir !== undefined) symlinkSync(resolve(modelDir), join(baseDir, 'model'));
  const models = modelsDir !== undefined && { TWINVEC_MODELS_DIR: modelsDir };
  const [program, ...args] = [...within, process.execPath, ...command];
  return spawn(program!, args, {
    env: { ...process.env, ...LOOPBACK, ...models, ...env, SAGEMAKER_BASE_DIR: baseDir },
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
