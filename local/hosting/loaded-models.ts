/**
 * The models of one multi-model container, as SageMaker manages them: fetched and loaded when first asked for, unloaded,
 * the least recently used first, when the container answers that its memory is used up (AWS docs mms-container-apis).
 */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import type http from 'node:http';
import path from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { below } from '../object-store/s3-files.ts';
import { type ContainerAnswer, requestContainer } from './container-request.ts';
import { fetchArchive } from './fetch-model-data.ts';
import type { SupervisedContainer } from './supervised-container.ts';

export interface LoadedModels {
  /**
   * Calls `work` with the path of the model's `/invoke` once it is loaded; it stays loaded while the work goes on.
   *
   * @throws TwinvecError NotFound or InvalidArtifact when there is no such model in S3, ModelRefusal when the container
   *   does not load it
   */
  use<T>(targetModel: string, work: (path: string) => Promise<T>): Promise<T>;
  /** Makes room: unloads the model that was not used for the longest time. False when all are in use. */
  unloadOne(): Promise<boolean>;
}

/** The container's answer to a load that it did not do. */
export class ModelRefusal extends Error {
  override readonly name = 'ModelRefusal';
  readonly answer: ContainerAnswer;

  constructor(answer: ContainerAnswer) {
    super(`the container answered ${answer.status} to loading the model`);
    this.answer = answer;
  }
}

export interface LoadedModelsOptions {
  readonly s3: S3Client;
  /** Below it lie the archives, by TargetModel. */
  readonly prefix: S3Uri;
  readonly server: SupervisedContainer;
  /** The container's base folder: models are unpacked below `models/`. */
  readonly baseDir: string;
  /** Whether models stay loaded after their request. */
  readonly cache: boolean;
  readonly agent: http.Agent;
  readonly signal: AbortSignal;
}

interface Model {
  readonly name: string;
  readonly folder: string;
  /** Of the container's process that loaded it. */
  readonly start: number;
  users: number;
  usedAt: number;
  ready: Promise<void>;
}

const OUT_OF_MEMORY = 507;
const ALREADY_LOADED = 409;
/** Loading reads, checks and warms up a whole model. */
const LOAD_TIMEOUT_MS = 600_000;

export function createLoadedModels(options: LoadedModelsOptions): LoadedModels {
  const { s3, server, baseDir, agent, signal } = options;
  const models = new Map<string, Model>();

  function call(method: 'POST' | 'DELETE', route: string, body?: object): Promise<ContainerAnswer> {
    const sent = {
      method,
      agent,
      timeoutMs: LOAD_TIMEOUT_MS,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: Buffer.from(JSON.stringify(body)) } : {}),
    };
    return requestContainer(`${server.url}${route}`, sent, signal);
  }

  async function load(targetModel: string, { name, folder }: Model): Promise<void> {
    const target = path.join(folder, 'model');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await fetchArchive(s3, below(options.prefix, targetModel.replace(/^\//, '')), target, signal);
    for (;;) {
      const answer = await call('POST', '/models', { model_name: name, url: target });
      if (answer.status < 300 || answer.status === ALREADY_LOADED) return;
      if (answer.status !== OUT_OF_MEMORY || !(await unloadOne())) throw new ModelRefusal(answer);
    }
  }

  function modelOf(targetModel: string): Model {
    const known = models.get(targetModel);
    if (known?.start === server.starts) return known;
    const name = createHash('sha256').update(targetModel).digest('hex').slice(0, 32);
    const folder = path.join(baseDir, 'models', name);
    const model: Model = { name, folder, start: server.starts, users: 0, usedAt: 0, ready: Promise.resolve() };
    models.set(targetModel, model);
    model.ready = load(targetModel, model).catch(async (error: unknown) => {
      await forget(targetModel, model);
      throw error;
    });
    return model;
  }

  async function forget(targetModel: string, model: Model): Promise<void> {
    if (models.get(targetModel) === model) models.delete(targetModel);
    await rm(model.folder, { recursive: true, force: true });
  }

  async function unload(targetModel: string, model: Model): Promise<void> {
    models.delete(targetModel);
    await call('DELETE', `/models/${model.name}`);
    await rm(model.folder, { recursive: true, force: true });
  }

  async function unloadOne(): Promise<boolean> {
    const idle = [...models].filter(([, model]) => model.users === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt);
    const [oldest] = idle;
    if (!oldest) return false;
    await unload(...oldest);
    return true;
  }

  return {
    unloadOne,
    async use(targetModel, work) {
      const model = modelOf(targetModel);
      model.users += 1;
      try {
        await model.ready;
        return await work(`/models/${model.name}/invoke`);
      } finally {
        model.users -= 1;
        model.usedAt = performance.now();
        if (!options.cache && model.users === 0 && models.get(targetModel) === model) await unload(targetModel, model);
      }
    },
  };
}
