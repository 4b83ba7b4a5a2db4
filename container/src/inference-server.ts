/**
 * One model behind the whole path: HTTP, admission, queue, batches, engine workers. Knows when to take requests, when
 * to stop, and how to stop without losing one that was accepted.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { TwinvecError } from '#core/errors.ts';
import { Batcher } from './batching/batcher.ts';
import { ByteBudget } from './batching/byte-budget.ts';
import type { Job } from './batching/job.ts';
import type { ServingConfig } from './config/serving-config.ts';
import { EnginePool } from './engine/pool.ts';
import { Counters } from './http/counters.ts';
import { Invocations } from './http/invocations.ts';
import { Readiness } from './http/readiness.ts';
import { sendError } from './http/reply.ts';
import type { ServedModel } from './http/served-model.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { SlowUploads } from './http/slow-uploads.ts';
import type { Logger } from './log/logger.ts';

export interface InferenceServerOptions<J extends Job> {
  readonly config: ServingConfig;
  readonly model: ServedModel<J>;
  /** URL of the module that opens sessions in the engine workers. */
  readonly sessionModule: string;
  readonly log: Logger;
  /** The engine cannot go on: the model is broken, or workers keep dying. */
  readonly onEngineLost: (error: TwinvecError) => void;
}

export class InferenceServer<J extends Job> {
  readonly counters = new Counters();
  readonly #options: InferenceServerOptions<J>;
  readonly #pool: EnginePool;
  readonly #batcher: Batcher<J>;
  readonly #readiness: Readiness;
  readonly #slowUploads: SlowUploads;
  readonly #http: HttpServer;

  constructor(options: InferenceServerOptions<J>) {
    this.#options = options;
    const { config, model, log } = options;
    this.#pool = new EnginePool({
      start: {
        sessionModule: options.sessionModule,
        modelDir: config.modelDir,
        engine: config.engine,
        sessionData: model.sessionData,
        warmUp: model.warmUpCalls(),
      },
      workers: config.engineWorkers,
      callTimeoutMs: config.engineTimeoutMs,
      loadTimeoutMs: config.loadTimeoutMs,
      log,
      onGivenUp: options.onEngineLost,
    });
    this.#batcher = new Batcher({
      engine: this.#pool,
      merge: model.merge,
      budget: { cost: config.batchTokens, rows: config.batchRows },
      maxJobsPerCall: config.batching ? Number.POSITIVE_INFINITY : 1,
      maxWaiting: config.queueRequests,
      deadlineMs: config.queueDeadlineMs,
    });
    this.#readiness = new Readiness(() => this.#pool.isAlive);
    this.#slowUploads = new SlowUploads(config);
    this.#http = createHttpServer({ ...config, readiness: this.#readiness, invoke: this.#invocations() });
  }

  /** Listens; `/ping` is 503 until {@link ready}. Rejects with the system's error, such as EADDRINUSE. */
  async listen(): Promise<AddressInfo> {
    const { server } = this.#http;
    const { port, host } = this.#options.config;
    // A full backlog makes clients wait in connect(); SageMaker allows 250 ms for it.
    server.listen({ port, host, backlog: 4096 });
    await once(server, 'listening');
    return server.address() as AddressInfo;
  }

  /** Resolves once the warm-up inference has succeeded and `/ping` answers 200. Rejects when the model is broken. */
  async ready(): Promise<void> {
    const engine = await this.#pool.ready();
    this.#readiness.startServing();
    this.#options.log.info('ready', { engine });
  }

  /**
   * Stops taking requests and answers those that were accepted. Returns how many had to be refused because `drainMs`
   * ran out; 0 is a clean stop.
   */
  async drain(): Promise<number> {
    this.#readiness.startDraining();
    this.#http.server.close();
    const isLate = await Promise.race([this.#idle().then(() => false), after(this.#options.config.drainMs)]);
    const refused = isLate ? await this.#refuseLate() : 0;
    this.#slowUploads.close();
    this.#http.connections.close();
    this.#http.server.closeAllConnections();
    return refused;
  }

  /** Frees the threads. Only after {@link drain}. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#options.model.close()]);
  }

  #invocations() {
    const { model, config, log } = this.#options;
    const invocations = new Invocations({
      model,
      batcher: this.#batcher,
      limits: {
        maxBodyBytes: config.maxBodyBytes,
        held: new ByteBudget(config.queueBytes),
        slowUploads: this.#slowUploads,
      },
      readiness: this.#readiness,
      counters: this.counters,
      log,
    });
    return invocations.handle.bind(invocations);
  }

  #idle(): Promise<void> {
    const { connections } = this.#http;
    if (connections.active === 0) return Promise.resolve();
    return new Promise((resolve) => {
      connections.onIdle = resolve;
    });
  }

  async #refuseLate(): Promise<number> {
    const late = this.#http.connections.unanswered();
    const error = new TwinvecError('Draining', 'The server stopped before it could answer. Retry elsewhere.');
    for (const res of late) sendError(res, error, 'stopped', true);
    // What still waits is abandoned after the answers, so that its handlers find them given.
    this.#batcher.abandon(error);
    // One turn of the event loop, in which the refusals leave.
    await new Promise((resolve) => setImmediate(resolve));
    return late.length;
  }
}

async function after(ms: number): Promise<true> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  return true;
}
