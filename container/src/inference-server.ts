/**
 * Models behind the whole path: HTTP, admission, and for each its queue, batches and engine workers. Knows when to take
 * requests, when to stop, and how to stop without losing one that was accepted.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { ByteBudget } from './batching/byte-budget.ts';
import type { ServingConfig } from './config/serving-config.ts';
import type { TensorFlowThreads } from './engine/native/environment.ts';
import { Handlers } from './handlers/handlers.ts';
import type { BodyLimits } from './http/body.ts';
import { Counters } from './http/counters.ts';
import { HeapRoom } from './http/heap-room.ts';
import { type InvocationRoute, Invocations } from './http/invocations.ts';
import { Readiness } from './http/readiness.ts';
import { sendError } from './http/reply.ts';
import { createHttpServer, type HttpServer, type Subtree } from './http/server.ts';
import { SlowUploads } from './http/slow-uploads.ts';
import type { Logger } from './log/logger.ts';
import { type FindModel, Models } from './multi-model/models.ts';
import { INVOCATIONS_WITHOUT_MODEL, modelsApi } from './multi-model/models-api.ts';
import { readInvocation } from './servables/custom-attributes.ts';
import type { StartServable } from './servables/servable.ts';
import { Servables } from './servables/servables.ts';
import { servingApi } from './tensorflow-serving/serving-api.ts';

/** What a model folder holds. */
export interface FoundModels {
  readonly servables: readonly StartServable[];
  /** The model of requests that name none. */
  readonly defaultName: string | undefined;
  /** The models' own handlers, `code/inference.*`. */
  readonly handlerScript: string | undefined;
  /** On a multi-model endpoint: how the models are found that the platform asks for. */
  readonly onDemand?: FindModel;
  /** Those that suit the models, where that is known before they are opened. */
  readonly threads?: TensorFlowThreads;
}

export interface InferenceServerOptions {
  readonly config: ServingConfig;
  readonly found: Omit<FoundModels, 'servables'>;
  readonly log: Logger;
  /** An engine cannot go on: its model is broken, or its workers keep dying. */
  readonly onEngineLost: (error: TwinvecError) => void;
}

export class InferenceServer {
  readonly counters = new Counters();
  readonly #options: InferenceServerOptions;
  readonly #servables: Servables;
  readonly #readiness: Readiness;
  readonly #slowUploads: SlowUploads;
  readonly #http: HttpServer;
  readonly #handlers: Handlers | undefined;
  readonly #models: Models | undefined;

  constructor(options: InferenceServerOptions) {
    this.#options = options;
    const { config, found, log } = options;
    const { defaultName, handlerScript } = found;
    this.#servables = new Servables(defaultName);
    this.#handlers = handlerScript === undefined ? undefined : new Handlers(handlerScript, config, log);
    this.#models = this.#modelsOnDemand();
    // Models that come and go do not decide about the server.
    const isFit = () => this.#models !== undefined || this.#servables.vital.every(({ isAlive }) => isAlive);
    this.#readiness = new Readiness(isFit);
    this.#slowUploads = new SlowUploads(config);
    const { maxBodyBytes } = config;
    const limits = { maxBodyBytes, held: new ByteBudget(config.queueBytes), slowUploads: this.#slowUploads };
    const { counters } = this;
    const invocations = new Invocations({ limits, heap: new HeapRoom(), readiness: this.#readiness, counters, log });
    const route = this.#models ? INVOCATIONS_WITHOUT_MODEL : this.#invocationsRoute();
    this.#http = createHttpServer({
      ...config,
      readiness: this.#readiness,
      invoke: invocations.handle.bind(invocations, route),
      subtrees: [servingApi(this.#servables, invocations), ...this.#modelsApi(invocations, limits)],
    });
  }

  /** Starts to load a model version. Rejects when its folder shows that it cannot be served. */
  async load(start: StartServable): Promise<void> {
    const { config, log, onEngineLost } = this.#options;
    this.#servables.add(await start(config, { log, onLost: onEngineLost, onDeviceLost: onEngineLost }));
  }

  /** Listens; `/ping` is 503 until {@link ready}. Rejects with the system's error, such as EADDRINUSE. */
  async listen(): Promise<AddressInfo> {
    const { server } = this.#http;
    const { port, host } = this.#options.config;
    // A full backlog makes clients wait in connect(); SageMaker allows 250 ms for it.
    server.listen({ port, host, backlog: 4096 });
    await once(server, 'listening');
    const address = server.address() as AddressInfo;
    this.#handlers?.listensAt(address);
    this.#models?.listensAt(address);
    return address;
  }

  /** Resolves once every model has warmed up and `/ping` answers 200. Rejects when one is broken. */
  async ready(): Promise<void> {
    const loading = this.#servables.all.map((servable) => servable.ready());
    const [engines] = await Promise.all([Promise.all(loading), this.#startHandlers()]);
    this.#readiness.startServing();
    this.#options.log.info('ready', { engine: engines[0], models: this.#servables.all.length });
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
    this.#handlers?.close();
    await Promise.all(this.#servables.all.map((servable) => servable.close()));
  }

  /** Like a broken model, a broken script ends the server. */
  async #startHandlers(): Promise<void> {
    try {
      await this.#handlers?.start();
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      this.#options.onEngineLost(error);
      throw error;
    }
  }

  #modelsOnDemand(): Models | undefined {
    const { config, found, log, onEngineLost } = this.#options;
    const { multiModel } = config;
    if (!multiModel || !found.onDemand) return undefined;
    return new Models({
      config,
      multiModel,
      servables: this.#servables,
      find: found.onDemand,
      sharedHandlers: this.#handlers,
      log,
      onDeviceLost: onEngineLost,
    });
  }

  #modelsApi(invocations: Invocations, limits: BodyLimits): readonly Subtree[] {
    const models = this.#models;
    return models ? [modelsApi({ models, invocations, readiness: this.#readiness, limits })] : [];
  }

  /** `POST /invocations`: the custom attributes say which model, where there is a choice. */
  #invocationsRoute(): InvocationRoute {
    return {
      resolve: (req) => {
        const { name, version, head } = readInvocation(req);
        const servable = this.#servables.find(name, version);
        return { servable: this.#handlers?.around(servable) ?? servable, head };
      },
    };
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
    for (const servable of this.#servables.all) servable.abandon(error);
    // One turn of the event loop, in which the refusals leave.
    await new Promise((resolve) => setImmediate(resolve));
    return late.length;
  }
}

async function after(ms: number): Promise<true> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  return true;
}
