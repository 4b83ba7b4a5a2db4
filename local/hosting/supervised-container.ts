/**
 * A container of an endpoint, kept up: pinged as SageMaker pings it, and started again with a growing pause when it ends
 * or no longer answers. What happens is a line of the container's own log.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { openLogFile } from '../logs/log-file.ts';
import { answersPing, type ContainerOptions, type ContainerProcess, startContainer } from './container-process.ts';

export interface SupervisedContainer {
  /** Where it answers; undefined while it is being started again. */
  readonly url: string | undefined;
  /** Of the process that runs or ran last. */
  readonly pid: number;
  /** Goes up with every start: what was loaded into the process before is gone. */
  readonly starts: number;
  /** Why it does not answer now; undefined while it does. */
  describeEnd(): string | undefined;
  /** SIGTERM, and SIGKILL when that does not end it in 30 s. It is not started again. */
  stop(): Promise<void>;
}

const PING_EVERY_MS = 5_000;
/** So many pings in a row without a 200 and the process is hung. */
const PINGS_UNTIL_HUNG = 3;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** After this long in health the next pause is the first again. */
const HEALTHY_MS = 60_000;

export interface Supervision {
  /** @default the real container */
  readonly start?: (options: ContainerOptions) => Promise<ContainerProcess>;
  /** Between two pings. @default 5 s */
  readonly pingEveryMs?: number;
}

/** @throws TwinvecError NotReady when the first start fails: an endpoint that never was healthy is Failed. */
export async function superviseContainer(
  options: ContainerOptions,
  { start: startOne = startContainer, pingEveryMs = PING_EVERY_MS }: Supervision = {},
): Promise<SupervisedContainer> {
  const stop = new AbortController();
  const stopped = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const start = (): Promise<ContainerProcess> => startOne({ ...options, signal: stopped });
  let current: ContainerProcess = await start();
  let starts = 1;
  let answering = true;
  let problem = '';

  async function say(text: string): Promise<void> {
    const log = await openLogFile(options.logFile);
    log.write(text);
    log.end();
  }

  /** Resolves when the process has ended, or was killed because it hung. */
  async function watch(container: ContainerProcess): Promise<void> {
    let missed = 0;
    while (!container.ended.aborted) {
      await wait(pingEveryMs, undefined, { signal: container.ended, ref: false }).catch(() => undefined);
      if (container.ended.aborted) break;
      missed = (await answersPing(container.url, container.ended)) ? 0 : missed + 1;
      if (missed < PINGS_UNTIL_HUNG) continue;
      await say(`[sagemaker logs]: ${missed} pings without a 200; the container is stopped and started again`);
      await container.stop();
    }
    answering = false;
    problem = container.describeEnd() ?? 'the server process ended';
  }

  async function restart(pauseMs: number): Promise<boolean> {
    await say(`[sagemaker logs]: ${problem}; starting it again in ${pauseMs / 1000} s`);
    await wait(pauseMs, undefined, { signal: stopped, ref: false }).catch(() => undefined);
    if (stopped.aborted) return false;
    try {
      current = await start();
      starts += 1;
      answering = true;
      return true;
    } catch (error) {
      problem = (error as Error).message;
      return false;
    }
  }

  async function keepUp(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const since = performance.now();
      await watch(current);
      if (performance.now() - since > HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      while (!stopped.aborted && !(await restart(pauseMs))) pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      if (stopped.aborted) return;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  const supervision = keepUp();
  return {
    get url() {
      return answering ? current.url : undefined;
    },
    get pid() {
      return current.pid;
    },
    get starts() {
      return starts;
    },
    describeEnd: () => (answering ? undefined : problem),
    async stop() {
      stop.abort();
      await supervision;
      await current.stop();
    },
  };
}
