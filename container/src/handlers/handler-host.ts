/**
 * The handler processes of one model: requests wait in a bounded line for a free process; one that hangs or grows too
 * large is ended, and the next request starts another.
 */
import { TwinvecError } from '#core/errors.ts';
import type { Logger } from '../log/logger.ts';
import { type HandlerAnswer, HandlerProcess, type StepCall } from './handler-process.ts';
import type { Step } from './protocol.ts';
import { residentBytes } from './resident-memory.ts';

export interface HandlerHostOptions {
  /** Path of `code/inference.*`. */
  readonly script: string;
  /** Processes at once, at most; the first starts with the server, others when they are needed. */
  readonly processes: number;
  readonly timeoutMs: number;
  readonly loadTimeoutMs: number;
  /** Resident memory of one process. */
  readonly memoryMb: number;
  /** Requests that may wait for a process. */
  readonly maxWaiting: number;
  readonly log: Logger;
}

/** Which functions decide about a request. */
export type HandlerKind = 'handler' | 'pair';

/** Memory is looked at this often: what a script can take in between stays small beside usual limits. */
const WATCH_MS = 100;

interface Waiting {
  readonly give: (process: HandlerProcess) => void;
  readonly refuse: (error: TwinvecError) => void;
}

export class HandlerHost {
  readonly #options: HandlerHostOptions;
  readonly #idle: HandlerProcess[] = [];
  readonly #all = new Set<HandlerProcess>();
  readonly #loading = new Set<HandlerProcess>();
  readonly #waiting: Waiting[] = [];
  readonly #watch: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: HandlerHostOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#stopRunaways(), WATCH_MS).unref();
  }

  /**
   * Loads the script.
   * @throws TwinvecError InvalidArtifact when it does not load or lacks its functions
   */
  async start(): Promise<HandlerKind> {
    const steps = await this.#spawn();
    if (steps.includes('handler')) return 'handler';
    if (steps.includes('inputHandler') && steps.includes('outputHandler')) return 'pair';
    throw new TwinvecError(
      'InvalidArtifact',
      `The script in code/ must export handler, or inputHandler and outputHandler; it exports ${steps.join(', ') || 'none of them'}.`,
    );
  }

  /**
   * Runs one step in a process of its own for that time.
   * @throws TwinvecError Overloaded, HandlerRefused (the script's own 4xx) or HandlerFailed, naming the step
   */
  async run(call: StepCall): Promise<HandlerAnswer> {
    const free = await this.#acquire();
    try {
      return await free.run(call);
    } finally {
      this.#release(free);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    for (const { refuse } of this.#waiting.splice(0)) refuse(new TwinvecError('Draining', 'The server is stopping.'));
    for (const one of this.#all) one.kill('the server is stopping');
  }

  #acquire(): Promise<HandlerProcess> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) if (idle.isUsable) return Promise.resolve(idle);
    if (this.#waiting.length >= this.#options.maxWaiting) {
      throw new TwinvecError('Overloaded', 'The handlers have no room for more requests. Retry with backoff.');
    }
    const { promise, resolve, reject } = Promise.withResolvers<HandlerProcess>();
    this.#waiting.push({ give: resolve, refuse: reject });
    this.#spawnForWaiting();
    return promise;
  }

  #release(process: HandlerProcess): void {
    if (!process.isUsable) return;
    const next = this.#waiting.shift();
    if (next) next.give(process);
    else this.#idle.push(process);
  }

  #spawnForWaiting(): void {
    const { processes } = this.#options;
    if (this.#isClosed || this.#all.size >= processes || this.#loading.size >= this.#waiting.length) return;
    void this.#spawn().catch((error: TwinvecError) => this.#waiting.shift()?.refuse(error));
  }

  async #spawn(): Promise<readonly Step[]> {
    const { script, memoryMb, log } = this.#options;
    const process: HandlerProcess = new HandlerProcess(script, memoryMb, log, () => this.#forget(process));
    this.#all.add(process);
    this.#loading.add(process);
    try {
      const steps = await process.ready;
      this.#release(process);
      return steps;
    } catch (error) {
      process.kill('it did not load');
      throw error;
    } finally {
      this.#loading.delete(process);
    }
  }

  #forget(process: HandlerProcess): void {
    this.#all.delete(process);
    this.#loading.delete(process);
    const at = this.#idle.indexOf(process);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#spawnForWaiting();
  }

  #stopRunaways(): void {
    const { timeoutMs, loadTimeoutMs, memoryMb } = this.#options;
    const nowMs = performance.now();
    for (const process of this.#all) {
      const isLoading = this.#loading.has(process);
      if (isLoading && process.ageMs > loadTimeoutMs) process.kill(`it did not load within ${loadTimeoutMs} ms`);
      if (process.busyMs(nowMs) > timeoutMs) process.kill(`it did not answer within ${timeoutMs} ms`);
      const bytes = process.pid === undefined ? undefined : residentBytes(process.pid);
      if (bytes !== undefined && bytes > memoryMb * 1_048_576) process.kill(`it took more than ${memoryMb} MiB`);
    }
  }
}
