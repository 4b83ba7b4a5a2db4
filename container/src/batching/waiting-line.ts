/**
 * The bounded queue in front of the engine. Entries keep their order of arrival; entries whose client has gone are
 * dropped before they cost engine time; expired ones are answered at their deadline by a single timer, which is enough
 * because all entries wait equally long and so expire in order.
 */
import type { CallBudget, Job, Slice } from './job.ts';

export interface Entry<J extends Job> {
  readonly job: J;
  /** Monotonic milliseconds. */
  readonly enteredMs: number;
  /** First row that no engine call has taken yet. Entries that have begun no longer expire. */
  nextRow: number;
  cancelled: boolean;
}

export interface WaitingLineOptions<E> {
  readonly maxEntries: number;
  readonly deadlineMs: number;
  readonly onExpired: (entry: E) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Further entries are not searched for company: that many wait for nobody. */
const MOST_LOOKED_AT = 1024;

export class WaitingLine<J extends Job, E extends Entry<J>> {
  readonly #options: WaitingLineOptions<E>;
  #entries: E[] = [];
  #head = 0;
  #live = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WaitingLineOptions<E>) {
    this.#options = options;
  }

  /** Entries that still wait; gone clients do not count. */
  get length(): number {
    return this.#live;
  }

  get isFull(): boolean {
    return this.#live >= this.#options.maxEntries;
  }

  /** The caller has checked {@link isFull}. */
  push(entry: E): void {
    this.#forgetCancelled();
    this.#entries.push(entry);
    this.#live++;
    this.#armTimer();
  }

  /** Marks a waiting entry as gone, so that no (more) engine time is spent on it. False when nothing of it waits. */
  cancel(entry: E): boolean {
    if (entry.cancelled || entry.nextRow >= entry.job.rows) return false;
    entry.cancelled = true;
    this.#live--;
    return true;
  }

  /**
   * The slices of the next engine call: whatever waits of the first entry's group, up to the budget. An entry over
   * the budget gives one slice alone and goes to the back with the rest, so that nobody waits behind all of it.
   */
  take(budget: CallBudget, maxEntries: number): { entry: E; slice: Slice<J> }[] {
    const first = this.#shiftLive();
    if (!first) return [];
    if (first.nextRow > 0 || first.job.cost > budget.cost || first.job.rows > budget.rows) {
      return [this.#takePart(first, budget)];
    }
    return this.#fill(first, budget, maxEntries);
  }

  /**
   * How long the next call can still wait for more rows, when the oldest entry may wait `fillMs` for company; 0 when the
   * call is full, when nobody could join it, and when nothing waits.
   */
  fillWaitMs(budget: CallBudget, fillMs: number): number {
    const first = this.#entries.slice(this.#head, this.#head + MOST_LOOKED_AT).find(({ cancelled }) => !cancelled);
    if (!first || first.nextRow > 0 || first.job.isAlone || this.#isFull(first.job, budget)) return 0;
    return Math.max(0, first.enteredMs + fillMs - this.#options.now());
  }

  /** Empties the line, for a forced stop. */
  clear(): E[] {
    const waiting = this.#entries.slice(this.#head).filter((entry) => !entry.cancelled);
    this.#entries = [];
    this.#head = 0;
    this.#live = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return waiting;
  }

  /** Whether what waits in the group fills a call, or the next one of it would not fit any more. */
  #isFull({ group }: Job, budget: CallBudget): boolean {
    const last = Math.min(this.#entries.length, this.#head + MOST_LOOKED_AT);
    let cost = 0;
    let rows = 0;
    for (let i = this.#head; i < last; i++) {
      const { job, cancelled, nextRow } = this.#entries[i]!;
      if (cancelled || nextRow > 0 || job.group !== group) continue;
      cost += job.cost;
      rows += job.rows;
      if (cost >= budget.cost || rows >= budget.rows) return true;
    }
    return last - this.#head === MOST_LOOKED_AT;
  }

  #takePart(entry: E, budget: CallBudget): { entry: E; slice: Slice<J> } {
    const from = entry.nextRow;
    const to = entry.job.endOfSlice(from, budget);
    entry.nextRow = to;
    if (to < entry.job.rows) {
      this.#entries.push(entry);
      this.#live++;
    }
    return { entry, slice: { job: entry.job, from, to } };
  }

  #fill(first: E, budget: CallBudget, maxEntries: number): { entry: E; slice: Slice<J> }[] {
    const taken = [wholeSlice<J, E>(first)];
    let { cost, rows } = first.job;
    const passedOver: E[] = [];
    while (taken.length < maxEntries && cost < budget.cost && rows < budget.rows) {
      const next = this.#shiftLive();
      if (!next) break;
      const fits =
        next.nextRow === 0 &&
        next.job.group === first.job.group &&
        cost + next.job.cost <= budget.cost &&
        rows + next.job.rows <= budget.rows;
      if (!fits) {
        passedOver.push(next);
        // Another group is stepped over; one of this group that does not fit ends the batch, keeping its turn.
        if (next.job.group === first.job.group) break;
        continue;
      }
      cost += next.job.cost;
      rows += next.job.rows;
      taken.push(wholeSlice<J, E>(next));
    }
    this.#putBack(passedOver);
    return taken;
  }

  /** The next entry that still waits, taken out of the line. */
  #shiftLive(): E | undefined {
    while (this.#head < this.#entries.length) {
      const entry = this.#entries[this.#head]!;
      this.#head++;
      if (entry.cancelled) continue;
      this.#live--;
      this.#compact();
      return entry;
    }
    this.#compact();
    return undefined;
  }

  #putBack(entries: readonly E[]): void {
    if (entries.length === 0) return;
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#head = 0;
    this.#live += entries.length;
  }

  /**
   * Forgets taken entries, whose jobs may be large, once they are half of the array: constant time per entry on average,
   * and an empty line holds none.
   */
  #compact(): void {
    if (this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }

  /** Clients that come and go while the engine is stuck must not pile up: gone entries are at most half the array. */
  #forgetCancelled(): void {
    if (this.#entries.length - this.#head <= 2 * Math.max(this.#live, 64)) return;
    this.#entries = this.#entries.slice(this.#head).filter((entry) => !entry.cancelled);
    this.#head = 0;
  }

  #armTimer(): void {
    if (this.#timer) return;
    const oldest = this.#oldestUnbegun();
    if (!oldest) return;
    const waitMs = oldest.enteredMs + this.#options.deadlineMs - this.#options.now();
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, Math.ceil(waitMs)));
    // What waits is held by its connection; the timer alone keeps no process alive.
    this.#timer.unref();
  }

  #expire(): void {
    this.#timer = undefined;
    const latestMs = this.#options.now() - this.#options.deadlineMs;
    for (let entry = this.#oldestUnbegun(); entry && entry.enteredMs <= latestMs; entry = this.#oldestUnbegun()) {
      this.cancel(entry);
      this.#options.onExpired(entry);
    }
    this.#armTimer();
  }

  #oldestUnbegun(): E | undefined {
    for (let i = this.#head; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!;
      if (!entry.cancelled && entry.nextRow === 0) return entry;
    }
    return undefined;
  }
}

function wholeSlice<J extends Job, E extends Entry<J>>(entry: E): { entry: E; slice: Slice<J> } {
  entry.nextRow = entry.job.rows;
  return { entry, slice: { job: entry.job, from: 0, to: entry.job.rows } };
}
