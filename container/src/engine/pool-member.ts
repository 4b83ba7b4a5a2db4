/**
 * One engine worker as the pool sees it: what it holds, since when it has been busy, and that it answers for
 * everything it holds when it dies.
 */
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ERRORS, TwinvecError } from '#core/errors.ts';
import type { EngineCall, EngineResult } from './engine-call.ts';
import { setTensorFlowDefaults } from './native/environment.ts';
import { transferables } from './tensor-rows.ts';
import type { FromWorker, Runs, ToWorker, WorkerError, WorkerStart } from './worker-protocol.ts';

/** One call runs while one is prefetched, so that the worker never waits for the HTTP thread. */
const MAX_IN_FLIGHT = 2;
/** To end the running call and free the model; what takes longer is ended by force. */
const CLOSE_MS = 10_000;

export interface MemberEvents {
  onReady(member: PoolMember): void;
  /** The model could not be opened or warmed up. */
  onBroken(member: PoolMember, error: WorkerError): void;
  onLog(line: string): void;
  onSlot(): void;
  onFailedCall(error: WorkerError): void;
  /** The device cannot be used again by this process, whichever thread asks. */
  onLostDevice(error: TwinvecError): void;
  /** Once per member, however it died. Its calls have been rejected. */
  onDeath(member: PoolMember, reason: string): void;
}

interface InFlight {
  readonly resolve: (result: EngineResult) => void;
  readonly reject: (error: TwinvecError) => void;
}

export class PoolMember {
  readonly #worker: Worker;
  readonly #events: MemberEvents;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #exited = Promise.withResolvers<void>();
  #nextId = 0;
  #state: 'starting' | 'ready' | 'dead' = 'starting';
  #busySinceMs = performance.now();
  runs: Runs | undefined;

  constructor(start: WorkerStart, events: MemberEvents) {
    this.#events = events;
    // TensorFlow does not see what a worker puts into its copy of the environment.
    setTensorFlowDefaults();
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#die(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', (code) => {
      this.#exited.resolve();
      this.#die(`exited with ${code}`);
    });
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  get load(): number {
    return this.#inFlight.size;
  }

  hasSlot(): boolean {
    return this.isReady && this.#inFlight.size < MAX_IN_FLIGHT;
  }

  run(call: EngineCall): Promise<EngineResult> {
    const id = this.#nextId++;
    if (this.#inFlight.size === 0) this.#busySinceMs = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<EngineResult>();
    this.#inFlight.set(id, { resolve, reject });
    this.#worker.postMessage({ id, call } satisfies ToWorker, transferables(call.inputs));
    return promise;
  }

  /** How long the running call (or, while starting, the loading) has taken; 0 when idle. */
  busyMs(nowMs: number): number {
    const isBusy = this.#state === 'starting' || (this.isReady && this.#inFlight.size > 0);
    return isBusy ? nowMs - this.#busySinceMs : 0;
  }

  get isStarting(): boolean {
    return this.#state === 'starting';
  }

  /** Ends the thread. A thread stuck in native code ends when that code returns; its calls are answered now. */
  kill(reason: string): void {
    this.#die(reason);
    void this.#worker.terminate();
  }

  /**
   * Ends the thread after the running call, so that it closes its session and with it what the model keeps on disk.
   * Whatever it holds is answered EngineLost.
   */
  async close(): Promise<void> {
    const hasModel = this.isReady;
    this.#state = 'dead';
    this.#failInFlight();
    if (hasModel) this.#worker.postMessage('close' satisfies ToWorker);
    else void this.#worker.terminate();
    await Promise.race([this.#exited.promise, setTimeout(CLOSE_MS, undefined, { ref: false })]);
    void this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    if (this.#state === 'dead') return;
    switch (message.type) {
      case 'ready':
        this.#state = 'ready';
        this.runs = message.runs;
        this.#events.onReady(this);
        break;
      case 'broken':
        this.#events.onBroken(this, message.error);
        break;
      case 'log':
        this.#events.onLog(message.line);
        break;
      case 'done':
        this.#settle(message.id)?.resolve(message.result);
        this.#events.onSlot();
        break;
      case 'failed':
        this.#callFailed(message.id, message.error);
        break;
    }
  }

  #callFailed(id: number, failure: WorkerError): void {
    if (ERRORS[failure.code].fault === 'service') this.#events.onFailedCall(failure);
    const error = new TwinvecError(failure.code, failure.message);
    this.#settle(id)?.reject(error);
    if (error.code === 'EngineLost') this.#events.onLostDevice(error);
    this.#events.onSlot();
  }

  #settle(id: number): InFlight | undefined {
    const call = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    this.#busySinceMs = performance.now();
    return call;
  }

  #die(reason: string): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#failInFlight();
    this.#events.onDeath(this, reason);
  }

  #failInFlight(): void {
    const lost = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { reject } of lost) {
      reject(new TwinvecError('EngineLost', 'The inference worker stopped while it held the request. Retry.'));
    }
  }
}
