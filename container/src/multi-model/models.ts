/**
 * The models of a multi-model endpoint: loaded and unloaded while the others keep serving. Whatever is wrong with one ends
 * in an answer to whoever asked for it, never in the end of the server. A lost GPU is not wrong with one of them.
 */
import type { AddressInfo } from 'node:net';
import { quoteForMessage, TwinvecError, toTwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { MultiModelConfig, ServingConfig } from '../config/serving-config.ts';
import type { CallableModel } from '../handlers/handled-model.ts';
import { Handlers } from '../handlers/handlers.ts';
import type { Logger } from '../log/logger.ts';
import { modelBytes } from '../model-bytes.ts';
import { isModelName } from '../servables/custom-attributes.ts';
import type { ServableEvents, StartServable } from '../servables/servable.ts';
import type { Servables } from '../servables/servables.ts';
import { LoadedModel } from './loaded-model.ts';
import { modelFolder, noBasePath } from './model-folder.ts';
import { ModelMemory } from './model-memory.ts';
import { type ModelEntry, type ModelPage, pageOf } from './model-page.ts';

/** What a folder holds: one model. Undefined when there is none. Throws InvalidArtifact. */
export type FindModel = (name: string, folder: string) => FoundModel | undefined;

export interface FoundModel {
  readonly versions: readonly StartServable[];
  /** The model's own handlers. */
  readonly handlerScript: string | undefined;
  /** Engine workers of each version, which each hold its weights. */
  readonly workers: number;
}

export interface ModelsOptions {
  readonly config: ServingConfig;
  readonly multiModel: MultiModelConfig;
  readonly servables: Servables;
  readonly find: FindModel;
  /** Of models without their own. */
  readonly sharedHandlers: Handlers | undefined;
  readonly log: Logger;
  /** The GPU cannot be used by this process any more. */
  readonly onDeviceLost: (error: TwinvecError) => void;
}

export class Models {
  readonly #options: ModelsOptions;
  readonly #models = new Map<string, LoadedModel>();
  readonly #memory: ModelMemory;
  #address: AddressInfo | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#memory = new ModelMemory(options.multiModel.memoryBytes);
  }

  /** Where handlers reach this server over HTTP. */
  listensAt(address: AddressInfo): void {
    this.#address = address;
  }

  /**
   * Resolves when the model answers requests. Of several loads of one name at once, the first goes on.
   * @throws TwinvecError ValidationFailed, Conflict, NotFound, OutOfMemory, DeadlineExceeded (408), InvalidArtifact
   */
  async load(name: string, url: string): Promise<void> {
    if (!isModelName(name)) throw new TwinvecError('ValidationFailed', `invalid model_name: ${quoted(name)}`);
    const known = this.#models.get(name);
    if (known)
      throw new TwinvecError('Conflict', `Model ${name} is ${known.isClosing ? 'being unloaded' : 'already loaded'}.`);
    const { servables, log } = this.#options;
    const model = new LoadedModel(name, url, servables);
    this.#models.set(name, model);
    try {
      await this.#open(model);
      log.info('model_loaded', { model: name });
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      await this.#end(model, 0);
      log.warn('model_refused', { model: name, code: error.code, message: error.message });
      throw error;
    }
  }

  /** Resolves when its memory is free again: after the requests that it had, for as long as a stopping server waits. */
  async unload(name: string): Promise<void> {
    const model = this.#loaded(name);
    await this.#end(model, this.#options.config.drainMs);
    this.#options.log.info('model_unloaded', { model: name });
  }

  describe(name: string): ModelEntry {
    const { url } = this.#loaded(name);
    return { modelName: name, modelUrl: url };
  }

  /** In the order of their names. @param after the token of the page before: its last name */
  list(after: string | undefined): ModelPage {
    const loaded = [...this.#models.values()].filter(({ isLoaded }) => isLoaded);
    return pageOf(
      loaded.map(({ name, url }) => ({ modelName: name, modelUrl: url })),
      after,
      LIMITS.modelsOfPage.value,
    );
  }

  /** @throws TwinvecError NotFound */
  callable(name: string, version: string | undefined): CallableModel {
    return this.#loaded(name).callable(version, this.#options.sharedHandlers);
  }

  #loaded(name: string): LoadedModel {
    const model = this.#models.get(name);
    if (model?.isLoaded) return model;
    throw new TwinvecError('NotFound', `Model ${isModelName(name) ? name : quoted(name)} is not loaded yet.`);
  }

  async #open(model: LoadedModel): Promise<void> {
    const { name, url } = model;
    const { config, multiModel, find } = this.#options;
    const folder = modelFolder(multiModel.modelsDir, name, url);
    const found = find(name, folder);
    if (!found) throw noBasePath(name, url, 'it holds neither object2vec.json nor a numeric version folder');
    const bytes = found.workers * (await modelBytes(folder));
    this.#memory.take(name, bytes);
    model.memoryBytes = bytes;
    if (found.handlerScript !== undefined) model.handlers = this.#handlers(found.handlerScript);
    for (const start of found.versions) model.add(await start(config, this.#eventsOf(model)));
    await beforeTimeout(config.loadTimeoutMs, model.open());
  }

  #handlers(script: string): Handlers {
    const { config, log } = this.#options;
    // The model's own limit comes first, so that the answer is always the same.
    const handlers = new Handlers(script, { ...config, loadTimeoutMs: 2 * config.loadTimeoutMs }, log);
    if (this.#address) handlers.listensAt(this.#address);
    return handlers;
  }

  /** A model whose workers keep dying goes: the platform hears 404 and loads it again. */
  #eventsOf(model: LoadedModel): ServableEvents {
    const { log, onDeviceLost } = this.#options;
    const onLost = ({ code, message }: TwinvecError) => {
      if (!model.isLoaded) return;
      log.error('model_lost', { model: model.name, code, message });
      void this.#end(model, 0);
    };
    return { log, onLost, onDeviceLost };
  }

  async #end(model: LoadedModel, graceMs: number): Promise<void> {
    const { name } = model;
    await model.close(graceMs, new TwinvecError('Draining', `Model ${name} was unloaded before it could answer.`));
    if (this.#models.get(name) !== model) return;
    this.#models.delete(name);
    this.#memory.give(model.memoryBytes);
  }
}

/** As Python writes a string, which is how AWS's container does it. */
function quoted(name: string): string {
  return `'${quoteForMessage(name).slice(1, -1)}'`;
}

/** @throws TwinvecError DeadlineExceeded with the status of AWS's container */
async function beforeTimeout(ms: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const message = `Timed out after ${ms / 1000} seconds`;
  const timer = setTimeout(() => reject(new TwinvecError('DeadlineExceeded', message, { status: 408 })), ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
