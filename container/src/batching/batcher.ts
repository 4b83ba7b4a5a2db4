/**
 * Turns waiting jobs into engine calls: whenever the engine has a slot, whatever waits goes, up to the budget. Under load
 * batches grow by themselves; an idle server answers a lone request at once, unless it was told to wait for company.
 */
import { ERRORS, TwinvecError, toTwinvecError } from '#core/errors.ts';
import type { EngineCall, EngineResult, EngineRunner } from '../engine/engine-call.ts';
import type { NamedTensors } from '../engine/session.ts';
import { hasFiniteValues, hasRows, joinRows, takeRows } from '../engine/tensor-rows.ts';
import type { CallBudget, Job, MergeSlices, Slice } from './job.ts';
import { type Entry, WaitingLine } from './waiting-line.ts';

export interface BatcherOptions<J extends Job> {
  readonly engine: EngineRunner;
  readonly merge: MergeSlices<J>;
  readonly budget: CallBudget;
  /** Jobs in one engine call; 1 turns batching off. */
  readonly maxJobsPerCall: number;
  readonly maxWaiting: number;
  readonly deadlineMs: number;
  /** How long a job may wait for others to fill its call although the engine is free. Not at all when absent. */
  readonly fillMs?: number | undefined;
  /** Calls that are at the engine at once, at most; as many as it takes when absent. */
  readonly maxCalls?: number | undefined;
}

export interface JobAnswer {
  /** All rows of the job, in its order. */
  readonly outputs: NamedTensors;
  readonly queueMs: number;
  readonly inferenceMs: number;
}

export interface Ticket {
  /** Rejects with a TwinvecError. */
  readonly answer: Promise<JobAnswer>;
  /** The client has gone: what still waits is dropped. True when that saved engine time. */
  cancel(): boolean;
}

interface Waiting<J extends Job> extends Entry<J> {
  readonly resolve: (answer: JobAnswer) => void;
  readonly reject: (error: TwinvecError) => void;
  readonly parts: { readonly from: number; readonly outputs: NamedTensors }[];
  rowsDone: number;
  startedMs: number;
  inferenceMs: number;
}

interface Taken<J extends Job> {
  readonly entry: Waiting<J>;
  readonly slice: Slice<J>;
}

interface Batch<J extends Job> {
  readonly taken: readonly Taken<J>[];
  /** Half of a batch that did not fit into memory; it is not halved again for that. */
  readonly isRetry: boolean;
}

const now = () => performance.now();

export class Batcher<J extends Job> {
  readonly #options: BatcherOptions<J>;
  readonly #line: WaitingLine<J, Waiting<J>>;
  readonly #halves: Batch<J>[] = [];
  #pumpPlanned = false;
  #runningCalls = 0;
  #fillTimer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions<J>) {
    this.#options = options;
    this.#line = new WaitingLine({
      maxEntries: options.maxWaiting,
      deadlineMs: options.deadlineMs,
      onExpired: (entry) => entry.reject(expired(options.deadlineMs)),
      now,
    });
    options.engine.onSlot = () => this.#pump();
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Throws `Overloaded` when the line is full; call it before work is spent on a request, and {@link submit} again. */
  admit(): void {
    if (this.#line.isFull) throw new TwinvecError('Overloaded', 'The queue is full. Retry with backoff.');
  }

  /** Puts a job in line. Throws `Overloaded`. */
  submit(job: J): Ticket {
    this.admit();
    const { promise, resolve, reject } = Promise.withResolvers<JobAnswer>();
    const entry: Waiting<J> = {
      job,
      enteredMs: now(),
      nextRow: 0,
      cancelled: false,
      resolve,
      reject,
      parts: [],
      rowsDone: 0,
      startedMs: 0,
      inferenceMs: 0,
    };
    this.#line.push(entry);
    this.#planPump();
    return { answer: promise, cancel: () => this.#line.cancel(entry) };
  }

  /** Refuses everything that still waits with `error`. */
  abandon(error: TwinvecError): void {
    clearTimeout(this.#fillTimer);
    for (const entry of this.#line.clear()) entry.reject(error);
  }

  /** After the requests that arrived together have all been put in line, so that they can share a batch. */
  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    setImmediate(() => {
      this.#pumpPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { engine, maxCalls = Number.POSITIVE_INFINITY } = this.#options;
    while (engine.hasSlot() && this.#runningCalls < maxCalls) {
      const batch = this.#halves.shift() ?? this.#nextBatch();
      if (!batch) return;
      void this.#runBatch(batch);
    }
  }

  /** Undefined when nothing waits, and while what waits may wait for company. */
  #nextBatch(): Batch<J> | undefined {
    const { budget, maxJobsPerCall, fillMs = 0 } = this.#options;
    clearTimeout(this.#fillTimer);
    const waitMs = fillMs > 0 ? this.#line.fillWaitMs(budget, fillMs) : 0;
    if (waitMs > 0) {
      this.#fillTimer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
      return undefined;
    }
    const taken = this.#line.take(budget, maxJobsPerCall);
    return taken.length === 0 ? undefined : { taken, isRetry: false };
  }

  async #runBatch(batch: Batch<J>): Promise<void> {
    try {
      const startedMs = now();
      for (const { entry } of batch.taken) entry.startedMs ||= startedMs;
      const call = this.#options.merge(batch.taken.map(({ slice }) => slice));
      const result = await this.#run(call);
      if (call.rows !== undefined && !hasRows(result.outputs, call.rows)) {
        throw new TwinvecError('ModelFailed', `The model did not answer with one row for each of ${call.rows} rows.`);
      }
      // The engine gets its next batch before this one is scattered and encoded.
      this.#pump();
      scatter(batch.taken, withoutPadding(result, call));
    } catch (thrown) {
      this.#fail(batch, toTwinvecError(thrown));
      this.#pump();
    }
  }

  async #run(call: EngineCall): Promise<EngineResult> {
    this.#runningCalls++;
    try {
      return await this.#options.engine.run(call);
    } finally {
      this.#runningCalls--;
    }
  }

  #fail(batch: Batch<J>, error: TwinvecError): void {
    const halves = this.#halvesToRetry(batch, error);
    if (halves) {
      this.#halves.push(...halves);
      return;
    }
    for (const { entry } of batch.taken) {
      this.#line.cancel(entry);
      entry.reject(error);
    }
  }

  /** What one request brought must not fail the others of its call: they are tried in halves, down to one request. */
  #halvesToRetry({ taken, isRetry }: Batch<J>, { code }: TwinvecError): readonly Batch<J>[] | undefined {
    const isOfContent = code === 'ModelFailed' || ERRORS[code].fault === 'caller';
    if (isOfContent && taken.length > 1) return halve(taken)?.map((half) => ({ taken: half, isRetry }));
    if (code === 'OutOfMemory' && !isRetry) return halve(taken)?.map((half) => ({ taken: half, isRetry: true }));
    return undefined;
  }
}

function withoutPadding(result: EngineResult, { rows, padding }: EngineCall): EngineResult {
  if (rows === undefined || padding === undefined) return result;
  return { ...result, outputs: takeRows(result.outputs, 0, rows - padding) };
}

/** Gives every slice of a batch its rows back. */
function scatter<J extends Job>(taken: readonly Taken<J>[], result: EngineResult): void {
  let row = 0;
  for (const { entry, slice } of taken) {
    const rows = slice.to - slice.from;
    const outputs = taken.length === 1 ? result.outputs : takeRows(result.outputs, row, row + rows);
    row += rows;
    if (!result.finite && !hasFiniteValues(outputs)) entry.reject(nonFinite());
    else deliver(entry, slice, outputs, result.inferenceMs);
  }
}

function deliver<J extends Job>(entry: Waiting<J>, slice: Slice<J>, outputs: NamedTensors, inferenceMs: number): void {
  entry.parts.push({ from: slice.from, outputs });
  entry.rowsDone += slice.to - slice.from;
  entry.inferenceMs += inferenceMs;
  if (entry.rowsDone < entry.job.rows) return;
  // Slices of one job may have run on several workers and ended in any order.
  entry.parts.sort((a, b) => a.from - b.from);
  entry.resolve({
    outputs: joinRows(entry.parts.map((part) => part.outputs)),
    queueMs: entry.startedMs - entry.enteredMs,
    inferenceMs: entry.inferenceMs,
  });
}

/** Two batches of half the slices, or of half the rows of a single slice; undefined for a single row. */
function halve<J extends Job>(taken: readonly Taken<J>[]): readonly (readonly Taken<J>[])[] | undefined {
  const [first] = taken;
  if (!first) return undefined;
  if (taken.length > 1) {
    const middle = Math.ceil(taken.length / 2);
    return [taken.slice(0, middle), taken.slice(middle)];
  }
  const { entry, slice } = first;
  if (slice.to - slice.from < 2) return undefined;
  const middle = Math.ceil((slice.from + slice.to) / 2);
  return [[{ entry, slice: { ...slice, to: middle } }], [{ entry, slice: { ...slice, from: middle } }]];
}

function expired(deadlineMs: number): TwinvecError {
  return new TwinvecError('DeadlineExceeded', `The request waited ${deadlineMs} ms for the engine and was dropped.`);
}

function nonFinite(): TwinvecError {
  return new TwinvecError('NonFiniteOutput', 'The model produced NaN or infinity for a record of this request.');
}
