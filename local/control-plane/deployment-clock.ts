/** The time of deployments: waits may be made shorter than they would be at AWS, where nobody sits and looks on. */
import { setTimeout as wait } from 'node:timers/promises';

export interface DeploymentClock {
  /** How often new servers are looked at while they are watched, in the time of {@link wait}. */
  readonly lookEveryMs: number;
  /** Of the real time, which limits of whole deployments are measured by. */
  now(): number;
  /** Resolves after so many milliseconds of a deployment. Rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const LOOK_EVERY_MS = 250;

/** @param speed how many times faster than the configuration says waits pass, such as 60: a minute in a second */
export function createDeploymentClock(speed: number): DeploymentClock {
  return {
    lookEveryMs: speed * LOOK_EVERY_MS,
    now: () => performance.now(),
    wait: (ms, signal) => wait(ms / speed, undefined, { signal }),
  };
}
