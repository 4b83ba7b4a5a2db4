/**
 * ModelClientConfig's retries: a 5xx, a broken connection and no answer in time are tried again, a 4xx never is
 * (spec faults Q14: a repeat gives the same bytes). A server that has ended is started again before the next try.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#core/limits.ts';
import { NoAnswerError } from '../hosting/container-request.ts';
import { RefusedError } from './failure.ts';
import type { ModelServer } from './model-server.ts';

export interface RetryOptions {
  /** @default 3, as ModelClientConfig */
  readonly maxRetries?: number;
  /** Waits before a retry. @default exponential, with jitter */
  readonly backOff?: (attempt: number, signal: AbortSignal) => Promise<void>;
  readonly onRetry?: (cause: string) => void;
}

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5_000;
/** A process that is killed is known to be gone a little after its connections break. */
const SHORTEST_BACK_OFF_MS = 20;

/** Rejects with what the last try rejected with. */
export async function withRetries<T>(
  server: ModelServer,
  options: RetryOptions,
  signal: AbortSignal,
  tryOnce: () => Promise<T>,
): Promise<T> {
  const { maxRetries = LIMITS.batchInvocationRetries.value, backOff = waitWithJitter } = options;
  for (let attempt = 0; ; attempt++) {
    if (server.describeEnd?.() !== undefined) await server.revive?.(signal);
    try {
      return await tryOnce();
    } catch (error) {
      const cause = retryCause(error);
      if (cause === undefined || attempt >= maxRetries || signal.aborted) throw error;
      options.onRetry?.(cause);
      await backOff(attempt, signal);
    }
  }
}

/** Undefined when another try could not help. */
function retryCause(error: unknown): string | undefined {
  if (error instanceof NoAnswerError) return error.message;
  return error instanceof RefusedError && error.status >= 500 ? `status ${error.status}` : undefined;
}

async function waitWithJitter(attempt: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(FIRST_BACK_OFF_MS * 2 ** attempt, LONGEST_BACK_OFF_MS);
  await wait(SHORTEST_BACK_OFF_MS + Math.random() * longest, undefined, { signal });
}
