/**
 * Notices when the main thread was held up: nothing is read or answered in that time, `/ping` included, which SageMaker
 * wants within 2 s (spec faults N13). It only tells; what blocks here is a bug or a starved machine.
 */
import { LIMITS } from '#core/limits.ts';
import type { Logger } from './log/logger.ts';

const EVERY_MS = 250;
/** Shorter ones are everyday: decoding, a collection of garbage. */
const WORTH_TELLING_MS = 500;

export interface EventLoopWatch {
  /** The longest time for which nothing was answered. */
  readonly longestBlockMs: number;
}

/** Watches until the process ends, without keeping it from ending. */
export function watchEventLoop(log: Logger): EventLoopWatch {
  let longestBlockMs = 0;
  let lastMs = performance.now();
  const look = (): void => {
    const nowMs = performance.now();
    const blockedMs = Math.round(nowMs - lastMs - EVERY_MS);
    lastMs = nowMs;
    longestBlockMs = Math.max(longestBlockMs, blockedMs);
    if (blockedMs < WORTH_TELLING_MS) return;
    const pingMs = LIMITS.pingSeconds.value * 1000;
    log.repeated('warn', 'event_loop_blocked', 'blocked', { blockedMs, pingMs, pingMissed: blockedMs > pingMs });
  };
  setInterval(look, EVERY_MS).unref();
  return {
    get longestBlockMs() {
      return longestBlockMs;
    },
  };
}
