/**
 * One version of one model, ready to be called: its adapter, its engine workers and its queue. Requests of different
 * models never share a queue, so that a slow model holds nobody else up.
 */
import { type TwinvecError, toTwinvecError } from '#core/errors.ts';
import { Batcher, type BatcherOptions, type JobAnswer } from '../batching/batcher.ts';
import type { Job } from '../batching/job.ts';
import { EnginePool } from '../engine/pool.ts';
import type { EngineKind } from '../engine/session.ts';
import type { EncodedAnswer, RequestHead, ServedModel } from '../http/served-model.ts';
import type { Logger } from '../log/logger.ts';
import { InFlight } from './in-flight.ts';

export interface BatchingRule extends Pick<BatcherOptions<Job>, 'budget' | 'fillMs' | 'maxCalls'> {
  readonly enabled: boolean;
}

/** A model version that was found and can be loaded. */
export interface ServableSource<J extends Job> {
  readonly name: string;
  /** Decimal, without leading zeros. */
  readonly version: string;
  /** What the session module opens. */
  readonly modelDir: string;
  /** URL of a module that exports `openSession(modelDir, engine, log, sessionData)`. */
  readonly sessionModule: string;
  /** Engine workers for TensorFlow without a GPU, where nobody says how many; else one. */
  readonly hostWorkers?: number;
  /** Whether requests share engine calls, and how much one call takes. */
  readonly batching: BatchingRule;
  /** Reads what the adapter needs. Throws InvalidArtifact. */
  openModel(): Promise<ServedModel<J>> | ServedModel<J>;
}

export interface ServableLimits {
  readonly engine: 'auto' | EngineKind;
  readonly requiresGpu: boolean;
  readonly engineWorkers: number | undefined;
  readonly engineTimeoutMs: number;
  readonly loadTimeoutMs: number;
  readonly queueRequests: number;
  readonly queueDeadlineMs: number;
}

/** TF Serving's names. A version that could not be loaded has ended with its error. */
export type ServableState = 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

/** The sender of a request, for work that is not worth finishing when it has gone. */
export interface Client {
  readonly isGone: boolean;
  /** Calls back once when the client goes. Returns how to stop listening. */
  onGone(callback: () => void): () => void;
}

export interface Answer extends EncodedAnswer {
  readonly queueMs: number;
  readonly inferenceMs: number;
}

export interface AnswerHooks {
  readonly client: Client;
  /** The request was dropped before it cost engine time. */
  readonly onDropped: () => void;
}

/** A servable as its callers see it, whatever its jobs are. */
export interface Servable {
  readonly name: string;
  readonly version: string;
  readonly state: ServableState;
  /** Why it has ended, where that was a failure. */
  readonly error: TwinvecError | undefined;
  /** At least one engine worker can take calls. */
  readonly isAlive: boolean;
  /** Resolves once the warm-up has succeeded; rejects when the model cannot be served. */
  ready(): Promise<EngineKind>;
  /** Counts a request until what is returned is called, once: {@link drained} waits for it. */
  hold(): () => void;
  /** Resolves when no request holds it. */
  drained(): Promise<void>;
  /** Refuses what can be refused before the body is read, a full queue included. */
  checkHead(head: RequestHead): void;
  /** Undefined when the client went first. Rejects with a TwinvecError. */
  answer(body: Buffer, head: RequestHead, hooks: AnswerHooks): Promise<Answer | undefined>;
  metadata(): unknown;
  /** Refuses everything that still waits. */
  abandon(error: TwinvecError): void;
  close(): Promise<void>;
}

export interface ServableEvents {
  readonly log: Logger;
  /** The engine cannot go on: the model is broken, or workers keep dying. */
  readonly onLost: (error: TwinvecError) => void;
  /** The GPU cannot be used by this process any more, for this model or any other. */
  readonly onDeviceLost: (error: TwinvecError) => void;
}

/** Starts one version that was found, whatever its kind. */
export type StartServable = (limits: ServableLimits, events: ServableEvents) => Promise<Servable>;

/** Opens the adapter and starts the engine workers; the servable is LOADING until {@link Servable.ready} resolves. */
export async function startServable<J extends Job>(
  source: ServableSource<J>,
  limits: ServableLimits,
  events: ServableEvents,
): Promise<Servable> {
  return new StartedServable(source, await source.openModel(), limits, events);
}

class StartedServable<J extends Job> implements Servable {
  readonly name: string;
  readonly version: string;
  readonly #model: ServedModel<J>;
  readonly #pool: EnginePool;
  readonly #batcher: Batcher<J>;
  readonly #inFlight = new InFlight();
  #state: ServableState = 'LOADING';
  #error: TwinvecError | undefined;

  constructor(source: ServableSource<J>, model: ServedModel<J>, limits: ServableLimits, events: ServableEvents) {
    this.name = source.name;
    this.version = source.version;
    this.#model = model;
    this.#pool = new EnginePool({
      start: {
        sessionModule: source.sessionModule,
        modelDir: source.modelDir,
        engine: limits.engine,
        requiresGpu: limits.requiresGpu,
        sessionData: model.sessionData,
        warmUp: model.warmUpCalls(),
      },
      workers: limits.engineWorkers,
      hostWorkers: model.leavesTraces ? 1 : source.hostWorkers,
      callTimeoutMs: limits.engineTimeoutMs,
      loadTimeoutMs: limits.loadTimeoutMs,
      log: events.log,
      onGivenUp: (error) => {
        this.#end(error);
        events.onLost(error);
      },
      onDeviceLost: (error) => {
        this.#end(error);
        events.onDeviceLost(error);
      },
    });
    this.#batcher = new Batcher({
      ...source.batching,
      engine: this.#pool,
      merge: model.merge,
      maxJobsPerCall: source.batching.enabled ? Number.POSITIVE_INFINITY : 1,
      maxWaiting: limits.queueRequests,
      deadlineMs: limits.queueDeadlineMs,
    });
  }

  get state(): ServableState {
    return this.#state;
  }

  get error(): TwinvecError | undefined {
    return this.#error;
  }

  get isAlive(): boolean {
    return this.#pool.isAlive;
  }

  async ready(): Promise<EngineKind> {
    const engine = await this.#pool.ready();
    if (this.#state === 'LOADING') this.#state = 'AVAILABLE';
    return engine;
  }

  hold(): () => void {
    return this.#inFlight.enter();
  }

  drained(): Promise<void> {
    return this.#inFlight.idle();
  }

  checkHead(head: RequestHead): void {
    this.#model.checkHead(head);
    this.#batcher.admit();
  }

  async answer(body: Buffer, head: RequestHead, hooks: AnswerHooks): Promise<Answer | undefined> {
    const decoded = this.#model.decode(body, head);
    const job = decoded instanceof Promise ? await decoded : decoded;
    const inferred = job.rows === 0 ? undefined : await this.#infer(job, hooks);
    if (hooks.client.isGone) return undefined;
    const encoding = this.#model.encode(job, inferred?.outputs);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    return { ...encoded, queueMs: inferred?.queueMs ?? 0, inferenceMs: inferred?.inferenceMs ?? 0 };
  }

  metadata(): unknown {
    return this.#model.metadata?.();
  }

  abandon(error: TwinvecError): void {
    this.#batcher.abandon(error);
  }

  async close(): Promise<void> {
    if (this.#state !== 'END') this.#state = 'UNLOADING';
    await Promise.all([this.#pool.close(), this.#model.close()]);
    this.#state = 'END';
  }

  #end(error: TwinvecError): void {
    this.#state = 'END';
    this.#error = error;
  }

  async #infer(job: J, { client, onDropped }: AnswerHooks): Promise<JobAnswer | undefined> {
    if (client.isGone) return undefined;
    const ticket = this.#batcher.submit(job);
    const gone = Promise.withResolvers<undefined>();
    const forget = client.onGone(() => {
      if (!ticket.cancel()) return;
      onDropped();
      gone.resolve(undefined);
    });
    try {
      return await Promise.race([ticket.answer, gone.promise]);
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      throw this.#model.explainFailure?.(error) ?? error;
    } finally {
      forget();
    }
  }
}
