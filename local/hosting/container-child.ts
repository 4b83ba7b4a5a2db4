/**
 * The container as a child process: the same entry point that the image runs, `serve` or `train`, with the variables that
 * it would see on SageMaker and its output in a log.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openLogFile } from '../logs/log-file.ts';

export interface ContainerChildOptions {
  readonly verb: 'serve' | 'train';
  /** Variables over those of the host. */
  readonly environment: Readonly<Record<string, string>>;
  /** Receives standard output and standard error, each line with its time. */
  readonly logFile: string;
  /** Each line of either. */
  readonly onLine?: (line: string) => void;
}

export interface ContainerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ContainerChild {
  readonly pid: number;
  /** Aborts when the process is gone and its output read. */
  readonly ended: AbortSignal;
  /** @throws Error when the process could not be started */
  readonly end: Promise<ContainerEnd>;
  /** How it ended, with the last problem that it logged; undefined while it runs. */
  describeEnd(): string | undefined;
  /** SIGTERM, and SIGKILL when that does not end it in time. Resolves when the process is gone. */
  stop(graceMs: number): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../container/src/main.ts', import.meta.url));
const LONGEST_PROBLEM = 512;
/** Host variables that a container on SageMaker would not see, or that would change what is being run. */
const NOT_PASSED_ON = /^(AWS_|SAGEMAKER_|NODE_OPTIONS$|VITEST)/;

export async function startContainerChild(options: ContainerChildOptions): Promise<ContainerChild> {
  const log = await openLogFile(options.logFile);
  const child = spawn(process.execPath, [MAIN, options.verb], {
    // As the image: huge pages for token tables, whose rows lie far apart.
    env: { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1', ...hostEnvironment(), ...options.environment },
    // The channel carries nothing: that it breaks tells the child that this process is gone, however it ended.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let lastProblem = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    log.follow(stream, (line) => {
      lastProblem = problemIn(line) ?? lastProblem;
      options.onLine?.(line);
    });
  }
  const ended = new AbortController();
  let described: string | undefined;
  const killWithHost = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithHost);
  const end = endOf(child).finally(() => {
    process.removeListener('exit', killWithHost);
    log.end();
  });
  const settled = end.then(
    ({ code, signal }) => {
      described = `the server process ended (${signal ?? `exit code ${code}`})${lastProblem && `: ${lastProblem}`}`;
      ended.abort();
    },
    (error: Error) => {
      described = `the server did not start: ${error.message}`;
      ended.abort();
    },
  );
  return {
    pid: child.pid ?? 0,
    ended: ended.signal,
    end,
    describeEnd: () => described,
    async stop(graceMs) {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await settled;
      clearTimeout(killer);
    },
  };
}

function hostEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_PASSED_ON.test(name)));
}

async function endOf(child: ChildProcess): Promise<ContainerEnd> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

/** What a line says went wrong; undefined when it says nothing of the kind. */
function problemIn(line: string): string | undefined {
  const entry = parseLogLine(line);
  if (!entry) return line.includes('Error') ? line.slice(0, LONGEST_PROBLEM) : undefined;
  return typeof entry.message === 'string' ? entry.message.slice(0, LONGEST_PROBLEM) : undefined;
}

/** The server's own log lines are JSON objects; undefined for any other line. */
export function parseLogLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    return entry !== null && typeof entry === 'object' ? (entry as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
