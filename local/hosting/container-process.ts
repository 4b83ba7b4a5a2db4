/**
 * One running container server: the same `serve` that the image runs, as a child process on a loopback port. Endpoints,
 * transform jobs and `twinvec transform` all start theirs here.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { type ContainerChild, parseLogLine, startContainerChild } from './container-child.ts';

export interface ContainerOptions {
  /** SageMaker's /opt/ml: has the model in `model/`. */
  readonly baseDir: string;
  /** Variables of the model and the job, over those of the host. */
  readonly environment: Readonly<Record<string, string>>;
  /** Receives standard output and standard error. */
  readonly logFile: string;
  /** How long /ping may take to answer 200. @default 10 minutes, the longest that SageMaker's own containers wait */
  readonly startupTimeoutMs?: number | undefined;
  /** Aborting stops the start, or the server. */
  readonly signal?: AbortSignal | undefined;
}

export interface ContainerProcess {
  readonly url: string;
  readonly pid: number;
  /** Aborts when the process is gone. */
  readonly ended: AbortSignal;
  /** How it ended, with the last problem that it logged; undefined while it runs. */
  describeEnd(): string | undefined;
  /** SIGTERM, and SIGKILL when that does not end it in 30 s. Resolves when the process is gone. */
  stop(): Promise<void>;
}

const STARTUP_TIMEOUT_MS = 600_000;
const PING_EVERY_MS = 20;
const STOP_GRACE_MS = LIMITS.stopGraceSeconds.value * 1000;
const PING_MS = LIMITS.pingSeconds.value * 1000;

/** @throws TwinvecError NotReady, with the server's last words, when it ends or /ping is not 200 in time. */
export async function startContainer(options: ContainerOptions): Promise<ContainerProcess> {
  let listens: (port: number) => void = () => undefined;
  const listening = new Promise<number>((resolve) => {
    listens = resolve;
  });
  const child = await startContainerChild({
    verb: 'serve',
    environment: { ...options.environment, ...loopback(options.baseDir) },
    logFile: options.logFile,
    onLine(line) {
      const port = listeningPort(line);
      if (port !== undefined) listens(port);
    },
  });
  const stop = (): Promise<void> => child.stop(STOP_GRACE_MS);
  const stopOnAbort = (): void => void stop();
  options.signal?.addEventListener('abort', stopOnAbort, { once: true });
  child.ended.addEventListener('abort', () => options.signal?.removeEventListener('abort', stopOnAbort));
  try {
    if (options.signal?.aborted) stopOnAbort();
    const port = await Promise.race([listening, rejectAtEnd(child)]);
    const url = `http://127.0.0.1:${port}`;
    await untilPing(url, options.startupTimeoutMs ?? STARTUP_TIMEOUT_MS, child);
    return { url, pid: child.pid, ended: child.ended, describeEnd: child.describeEnd, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the host decides: where the server listens and reads. Port 0 takes a free one, which the server logs. */
function loopback(baseDir: string): Record<string, string> {
  return { SAGEMAKER_BASE_DIR: baseDir, SAGEMAKER_BIND_TO_PORT: '0', TWINVEC_HOST: '127.0.0.1' };
}

function rejectAtEnd(child: ContainerChild): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = (): void => reject(new TwinvecError('NotReady', child.describeEnd() ?? 'the server process ended'));
    if (child.ended.aborted) refuse();
    else child.ended.addEventListener('abort', refuse, { once: true });
  });
}

/** The port of the server's own log event; undefined for any other line. */
function listeningPort(line: string): number | undefined {
  if (!line.includes('"listening"')) return undefined;
  const entry = parseLogLine(line);
  return entry?.event === 'listening' && typeof entry.port === 'number' ? entry.port : undefined;
}

async function untilPing(url: string, timeoutMs: number, child: ContainerChild): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const end = child.describeEnd();
    if (end) throw new TwinvecError('NotReady', end);
    if (await answersPing(url, child.ended)) return;
    await wait(PING_EVERY_MS, undefined, { signal: child.ended }).catch(() => undefined);
  }
  throw new TwinvecError('NotReady', `the server did not answer /ping with 200 within ${timeoutMs / 1000} s`);
}

/** SageMaker's health check: 200 within 2 s. */
export async function answersPing(url: string, stop: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PING_MS)]);
  const answer = await fetch(`${url}/ping`, { signal }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
