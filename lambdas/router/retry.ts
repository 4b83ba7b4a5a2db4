/**
 * When a second try helps, and how long to wait before it: only for failures that pass by themselves, at most twice,
 * with full jitter, and never so late that the caller would be gone before the answer. A caller who said that it waits
 * for a model to start is taken at its word: that takes minutes, and two quick tries would be for nothing.
 */
import { ERRORS, type TwinvecError } from '#core/errors.ts';

const RETRIES = 2;
const FIRST_DELAY_MS = 200;
/** Least time in which a try can still succeed; with less left, the caller is better told at once. */
const LEAST_USEFUL_MS = 1_000;
/** Between two looks at a model that is starting. */
const WAITING_MS = { least: 500, most: 4_000 };

export interface Attempt {
  readonly failure: TwinvecError;
  /** Tries made so far, 1 or more. */
  readonly tries: number;
  readonly remainingMs: number;
  /** 0..1 */
  readonly random: number;
  /** Whether the caller waits for a model that is not ready. */
  readonly waits?: boolean;
}

/** Milliseconds to wait before the next try; undefined = give up. */
export function delayBeforeRetry(attempt: Attempt): number | undefined {
  const { failure, tries, remainingMs } = attempt;
  if (!ERRORS[failure.code].retryable) return undefined;
  const waits = attempt.waits === true && failure.code === 'NotReady';
  if (tries > RETRIES && !waits) return undefined;
  const delayMs = Math.round(waits ? waitingDelay(attempt) : attempt.random * FIRST_DELAY_MS * 2 ** (tries - 1));
  return remainingMs - delayMs < LEAST_USEFUL_MS ? undefined : delayMs;
}

/** Longer each time, never less than half of it, so that waiting callers come neither too often nor all at once. */
function waitingDelay({ tries, random }: Attempt): number {
  const longest = Math.min(WAITING_MS.most, WAITING_MS.least * 2 ** Math.min(tries, 10));
  return longest * (0.5 + random / 2);
}
