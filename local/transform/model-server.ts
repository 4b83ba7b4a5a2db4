/**
 * One of the servers behind a transform: where it listens, how it ended, and the one restart that a server which dies
 * in the middle of a job is given. Dying twice is no accident, and its objects fail with the cause.
 */
import type { ContainerProcess } from '../hosting/container-process.ts';

export interface ModelServer {
  /** `http://127.0.0.1:8080`; may change with a restart. */
  readonly url: string;
  /** The containers of a serial pipeline after the first: each gets what the one before it answered. */
  readonly nextUrls?: readonly string[];
  /** How the server process ended; undefined while it runs. */
  readonly describeEnd?: () => string | undefined;
  /** Starts it again when it has ended, if it may. Never rejects. */
  readonly revive?: (signal: AbortSignal) => Promise<void>;
}

export interface OwnedModelServer extends ModelServer {
  stop(): Promise<void>;
}

export type StartedProcess = Pick<ContainerProcess, 'url' | 'describeEnd' | 'stop'> & Pick<ModelServer, 'nextUrls'>;

export interface RestartOptions {
  /** @default 1 */
  readonly restarts?: number;
  /** Receives how it ended, when it is started again. */
  readonly onRestart?: (end: string) => void;
}

/** @throws what the first start throws */
export async function startModelServer(
  start: () => Promise<StartedProcess>,
  { restarts = 1, onRestart }: RestartOptions = {},
): Promise<OwnedModelServer> {
  let running = await start();
  let left = restarts;
  let starting: Promise<void> | undefined;

  async function restart(end: string): Promise<void> {
    left -= 1;
    onRestart?.(end);
    const ended = running;
    // A start that fails leaves the ended one in place, whose end is then the cause that the objects name.
    running = await start().catch(() => ended);
    if (running !== ended) await ended.stop();
  }

  return {
    get url() {
      return running.url;
    },
    get nextUrls() {
      return running.nextUrls ?? [];
    },
    describeEnd: () => running.describeEnd(),
    async revive(signal) {
      const end = running.describeEnd();
      if (end !== undefined && left > 0 && !starting && !signal.aborted) {
        starting = restart(end).finally(() => {
          starting = undefined;
        });
      }
      await starting;
    },
    async stop() {
      await starting;
      await running.stop();
    },
  };
}
