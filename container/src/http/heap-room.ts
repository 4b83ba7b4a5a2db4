/**
 * Admission by the JavaScript heap: a process that fills it is ended by V8 in the middle of everything it holds, so
 * requests are refused while it is nearly full (spec faults N11).
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TwinvecError } from '#core/errors.ts';

/** From 0.8 on V8 ends the process when it collects much and finds little, long before the heap is full to its end. */
const FULL = 0.7;
/** A look costs 1 µs; what requests allocate between two looks stays small beside the rest of the heap. */
const LOOK_EVERY_MS = 5;
/** Collecting a heap that is really full stops the thread for a while each time. */
const COLLECT_EVERY_MS = 1000;
/** V8 counts the young generation into its limit, which it makes 3/64 of the old one unless it is told otherwise. */
const OLD_PART = 64 / 67;

export class HeapRoom {
  readonly #mostBytes = FULL * oldGenerationBytes();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #collectedAtMs = Number.NEGATIVE_INFINITY;
  #isFull = false;

  /** Throws `Overloaded` while there is no room for the work of another request. */
  check(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs >= LOOK_EVERY_MS) {
      this.#lookedAtMs = nowMs;
      this.#isFull = this.#isOver() && !this.#makeRoom(nowMs);
    }
    if (!this.#isFull) return;
    throw new TwinvecError('Overloaded', 'The server has no memory for another request. Retry with backoff.');
  }

  #isOver(): boolean {
    return getHeapStatistics().used_heap_size > this.#mostBytes;
  }

  /** What counts as used may be garbage, which nobody collects while requests are refused. */
  #makeRoom(nowMs: number): boolean {
    if (nowMs - this.#collectedAtMs < COLLECT_EVERY_MS) return false;
    collectGarbage();
    this.#collectedAtMs = performance.now();
    return !this.#isOver();
  }
}

let collect: (() => void) | undefined;

function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}

function oldGenerationBytes(): number {
  const options = [process.env.NODE_OPTIONS ?? '', ...process.execArgv].join(' ');
  const asked = [...options.matchAll(/--max[-_]old[-_]space[-_]size=(\d+)/g)].at(-1)?.[1];
  return asked === undefined ? OLD_PART * getHeapStatistics().heap_size_limit : Number(asked) * 1_048_576;
}
