/**
 * The engine workers: started with the model, watched, and replaced when they die or hang. Three deaths within half a
 * minute are not bad luck: then the pool gives up, so that the platform replaces the whole container.
 */
import { availableParallelism } from 'node:os';
import { TwinvecError } from '#core/errors.ts';
import type { Logger } from '../log/logger.ts';
import type { EngineCall, EngineResult, EngineRunner } from './engine-call.ts';
import { type MemberEvents, PoolMember } from './pool-member.ts';
import type { EngineKind } from './session.ts';
import type { Runs, WorkerError, WorkerStart } from './worker-protocol.ts';

export interface PoolOptions {
  readonly start: WorkerStart;
  /** Undefined: as many as {@link defaultWorkers} says. */
  readonly workers: number | undefined;
  /** For TensorFlow without a GPU, instead of one. */
  readonly hostWorkers?: number | undefined;
  readonly callTimeoutMs: number;
  readonly loadTimeoutMs: number;
  readonly log: Logger;
  /** The pool has given up; what is in flight has been answered. */
  readonly onGivenUp: (error: TwinvecError) => void;
  /** The same, and no other pool of this process can go on either: its GPU cannot be used any more. */
  readonly onDeviceLost: (error: TwinvecError) => void;
}

const MAX_DEATHS = 3;
const DEATH_WINDOW_MS = 30_000;
const FIRST_BACKOFF_MS = 100;

/**
 * TensorFlow uses all cores or the GPU from one. The fallback takes one for each core but that of the HTTP thread.
 *
 * @param hostWorkers for TensorFlow without a GPU
 */
export function defaultWorkers({ engine, onGpu }: Runs, hostWorkers = 1): number {
  if (engine === 'js') return Math.max(1, availableParallelism() - 1);
  return onGpu ? 1 : hostWorkers;
}

export class EnginePool implements EngineRunner {
  readonly #options: PoolOptions;
  readonly #members = new Set<PoolMember>();
  readonly #deathsMs: number[] = [];
  readonly #ready = Promise.withResolvers<EngineKind>();
  readonly #watchdog: NodeJS.Timeout;
  #hasBeenReady = false;
  #isClosed = false;
  onSlot: () => void = () => {};

  constructor(options: PoolOptions) {
    this.#options = options;
    const period = Math.min(1000, options.callTimeoutMs / 2);
    this.#watchdog = setInterval(() => this.#killHung(), period).unref();
    // The first failure is also given to onGivenUp; nobody has to await ready().
    this.#ready.promise.catch(() => {});
    this.#spawn();
  }

  /** Resolves with the engine once the first worker has warmed up; rejects when the model cannot be served. */
  ready(): Promise<EngineKind> {
    return this.#ready.promise;
  }

  /** At least one worker can take calls. */
  get isAlive(): boolean {
    for (const member of this.#members) if (member.isReady) return true;
    return false;
  }

  hasSlot(): boolean {
    for (const member of this.#members) if (member.hasSlot()) return true;
    return false;
  }

  run(call: EngineCall): Promise<EngineResult> {
    let best: PoolMember | undefined;
    for (const member of this.#members) {
      if (member.hasSlot() && (!best || member.load < best.load)) best = member;
    }
    if (!best) return Promise.reject(new TwinvecError('EngineLost', 'No inference worker is running. Retry.'));
    return best.run(call);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watchdog);
    await Promise.all([...this.#members].map((member) => member.close()));
  }

  #spawn(): void {
    if (this.#isClosed) return;
    const events: MemberEvents = {
      onReady: (member) => this.#memberReady(member),
      onBroken: (member, error) => this.#memberBroken(member, error),
      onLog: (line) => this.#options.log.info('engine', { line }),
      onSlot: () => this.onSlot(),
      onFailedCall: ({ code, cause }) =>
        this.#options.log.repeated('error', 'engine_call_failed', code, { code, cause }),
      onDeath: (member, reason) => this.#memberDied(member, reason),
      onLostDevice: (error) => this.#giveUp(error, this.#options.onDeviceLost),
    };
    try {
      this.#members.add(new PoolMember(this.#options.start, events));
    } catch (error) {
      // The system has no thread to give (spec faults N15): a worker that is dead from the start.
      const reason = `no thread could be started: ${(error as Error).message}`;
      if (this.#canDoWithout) this.#goWithout(reason);
      else this.#countDeath(reason);
    }
  }

  /** Whether one worker less than the default is no fault: a second copy of a model is a gain that not all have room for. */
  get #canDoWithout(): boolean {
    return this.#options.workers === undefined && this.isAlive;
  }

  #goWithout(reason: string): void {
    this.#options.log.warn('engine_worker_left_out', { reason, workers: this.#members.size });
  }

  #memberReady(member: PoolMember): void {
    this.#options.log.info('engine_worker_ready', { ...member.runs });
    if (!this.#hasBeenReady) {
      this.#hasBeenReady = true;
      const { workers, hostWorkers } = this.#options;
      const wanted = workers ?? defaultWorkers(member.runs!, hostWorkers);
      for (let i = 1; i < wanted; i++) this.#spawn();
      this.#ready.resolve(member.runs!.engine);
    }
    this.onSlot();
  }

  #memberBroken(member: PoolMember, error: WorkerError): void {
    this.#options.log.error('model_not_loaded', { ...error });
    if (this.#hasBeenReady) {
      member.kill(`the model could not be opened again: ${error.message}`);
      return;
    }
    void member.close();
    this.#giveUp(new TwinvecError(error.code, error.message));
  }

  #memberDied(member: PoolMember, reason: string): void {
    this.#members.delete(member);
    if (this.#isClosed) return;
    const wasReady = member.runs !== undefined;
    if (!wasReady && this.#canDoWithout) this.#goWithout(reason);
    else this.#countDeath(reason);
  }

  #countDeath(reason: string): void {
    const nowMs = performance.now();
    this.#deathsMs.push(nowMs);
    while (this.#deathsMs[0]! < nowMs - DEATH_WINDOW_MS) this.#deathsMs.shift();
    const deaths = this.#deathsMs.length;
    this.#options.log.error('engine_worker_died', { reason, deaths });
    if (deaths >= MAX_DEATHS) {
      this.#giveUp(new TwinvecError('EngineLost', `The inference worker died ${deaths} times within 30 s.`));
      return;
    }
    setTimeout(() => this.#spawn(), FIRST_BACKOFF_MS * 2 ** (deaths - 1)).unref();
  }

  #giveUp(error: TwinvecError, tell = this.#options.onGivenUp): void {
    this.#isClosed = true;
    this.#ready.reject(error);
    tell(error);
  }

  #killHung(): void {
    const nowMs = performance.now();
    for (const member of this.#members) {
      const limitMs = member.isStarting ? this.#options.loadTimeoutMs : this.#options.callTimeoutMs;
      if (member.busyMs(nowMs) > limitMs) member.kill(`no answer for ${limitMs} ms`);
    }
  }
}
