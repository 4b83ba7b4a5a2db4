/**
 * The requests of one asynchronous endpoint that wait, in the order in which they came. Each has a time to live of its own,
 * so that any of them may be the next to expire; the line is searched for such only when the first of them is due.
 */
import type { AsyncRequest, QueuedRequest } from './async-requests.ts';

export class WaitingRequests {
  #line: QueuedRequest[] = [];
  /** Not after the end of any; some time before it when that request has been taken. */
  #dueMs = Number.POSITIVE_INFINITY;

  get first(): QueuedRequest | undefined {
    return this.#line[0];
  }

  /** When to call {@link takeExpired} again, in milliseconds of the epoch; infinity when nothing waits. */
  get dueMs(): number {
    return this.#line.length === 0 ? Number.POSITIVE_INFINITY : this.#dueMs;
  }

  push(request: QueuedRequest): void {
    this.#line.push(request);
    this.#dueMs = Math.min(this.#dueMs, endOf(request));
  }

  shift(): QueuedRequest | undefined {
    return this.#line.shift();
  }

  /** Takes out all whose time to live has ended, wherever they are in the line. */
  takeExpired(nowMs: number): readonly QueuedRequest[] {
    if (nowMs < this.dueMs) return [];
    const expired = this.#line.filter((request) => endOf(request) <= nowMs);
    this.#line = this.#line.filter((request) => endOf(request) > nowMs);
    this.#dueMs = this.#line.reduce((soonest, request) => Math.min(soonest, endOf(request)), Number.POSITIVE_INFINITY);
    return expired;
  }
}

function endOf({ receivedAt, ttlSeconds }: AsyncRequest): number {
  return receivedAt.getTime() + ttlSeconds * 1000;
}
