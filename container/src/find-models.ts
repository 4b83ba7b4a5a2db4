/**
 * What a model folder holds: an Object2Vec artifact when `object2vec.json` lies in it, else SavedModels of any kind.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { MANIFEST_FILE } from '#core/object2vec/manifest.ts';
import type { MultiModelConfig, ServingConfig } from './config/serving-config.ts';
import { locateBinding } from './engine/native/binding.ts';
import { TENSORFLOWS_CHOICE, type TensorFlowThreads } from './engine/native/environment.ts';
import { defaultWorkers } from './engine/pool.ts';
import { findHandlerScript } from './handlers/script.ts';
import type { FoundModels } from './inference-server.ts';
import { modelBytes } from './model-bytes.ts';
import type { FoundModel } from './multi-model/models.ts';
import { readManifest } from './object2vec/artifact.ts';
import { engineThreads } from './object2vec/engine-threads.ts';
import type { Object2VecJob } from './object2vec/serving/serving-job.ts';
import { openObject2VecModel } from './object2vec/serving/serving-model.ts';
import { type ServableSource, type StartServable, startServable } from './servables/servable.ts';
import { type FoundVersion, findSavedModels, NoModelFound } from './tensorflow-serving/find-saved-models.ts';
import type { TensorJob } from './tensorflow-serving/tensor-job.ts';
import { openTensorModel } from './tensorflow-serving/tensor-model.ts';

/** @throws TwinvecError InvalidArtifact, or InvalidConfiguration for a default model that is not there. */
export async function findModels(config: ServingConfig): Promise<FoundModels> {
  if (config.multiModel) return findOnDemand(config, config.multiModel);
  const handlerScript = findHandlerScript(config.modelDir);
  if (existsSync(join(config.modelDir, MANIFEST_FILE))) {
    const source = object2VecSource(config);
    return {
      servables: [(limits, events) => startServable(source, limits, events)],
      defaultName: source.name,
      handlerScript,
      threads: await threadsOf(config.modelDir),
    };
  }
  const found = findSavedModels(config.modelDir);
  const hostWorkers = await hostWorkersFor(config.modelDir);
  const servables = found.map((version): StartServable => {
    const source = { ...tensorSource(version, config), hostWorkers };
    return (limits, events) => startServable(source, limits, events);
  });
  return { servables, defaultName: defaultNameOf(found, config.defaultModelName), handlerScript };
}

/**
 * A call keeps the cores busy only until its threads wait for each other; a second worker uses what is left, for a
 * second copy of the model (bench/results/saved-models.md: 1.25 x the requests of 64 rows).
 */
async function hostWorkersFor(modelDir: string): Promise<number> {
  const isCheap = (await modelBytes(modelDir)) <= LIMITS.doubledModel.value;
  return isCheap && availableParallelism() > 1 ? 2 : 1;
}

/** What is wrong with a manifest is told where the model is opened. */
async function threadsOf(modelDir: string): Promise<TensorFlowThreads> {
  try {
    const { hyperparameters } = await readManifest(modelDir);
    return engineThreads([hyperparameters.enc0_network, hyperparameters.enc1_network]);
  } catch {
    return TENSORFLOWS_CHOICE;
  }
}

/** None yet; the script is that of models without their own. */
function findOnDemand(config: ServingConfig, { modelsDir, sharedCodeParents }: MultiModelConfig): FoundModels {
  const [handlerScript] = sharedCodeParents.map(findHandlerScript).filter((script) => script !== undefined);
  const onDemand = (name: string, folder: string): FoundModel | undefined => {
    const versions = findVersions(name, folder, config);
    if (!versions) return undefined;
    const ownScript = findHandlerScript(folder) ?? findHandlerScript(join(modelsDir, name, 'model'));
    return { ...versions, handlerScript: ownScript };
  };
  return { servables: [], defaultName: undefined, handlerScript, onDemand };
}

/** Every version of the one model in a folder, whatever its kind, under a name that others chose. */
function findVersions(
  name: string,
  folder: string,
  config: ServingConfig,
): Pick<FoundModel, 'versions' | 'workers'> | undefined {
  if (existsSync(join(folder, MANIFEST_FILE))) {
    const source = object2VecSource({ ...config, modelDir: folder, defaultModelName: name });
    const usesTensorFlow = config.engine !== 'js' && 'path' in locateBinding();
    const workers =
      config.engineWorkers ?? defaultWorkers({ engine: usesTensorFlow ? 'tensorflow' : 'js', onGpu: false });
    return { versions: [(limits, events) => startServable(source, limits, events)], workers };
  }
  const found = findUnlessNone(folder);
  const [first] = found;
  if (!first) return undefined;
  const other = found.find((version) => version.name !== first.name);
  if (other) {
    const both = `${first.name} and ${other.name}`;
    throw new TwinvecError('InvalidArtifact', `Model ${name} has several models in its folder, such as ${both}.`);
  }
  const versions = found.map((version): StartServable => {
    const source = tensorSource({ ...version, name }, config);
    return (limits, events) => startServable(source, limits, events);
  });
  return { versions, workers: config.engineWorkers ?? defaultWorkers({ engine: 'tensorflow', onGpu: false }) };
}

function findUnlessNone(folder: string): readonly FoundVersion[] {
  try {
    return findSavedModels(folder);
  } catch (error) {
    if (error instanceof NoModelFound) return [];
    throw error;
  }
}

function object2VecSource(config: ServingConfig): ServableSource<Object2VecJob> {
  return {
    name: config.defaultModelName ?? 'model',
    version: '1',
    modelDir: config.modelDir,
    sessionModule: new URL('./object2vec/serving/open-serving-session.ts', import.meta.url).href,
    batching: { enabled: config.batching, budget: { cost: config.batchTokens, rows: config.batchRows } },
    openModel: () => openObject2VecModel(config),
  };
}

function tensorSource(found: FoundVersion, config: ServingConfig): ServableSource<TensorJob> {
  const { enabled, maxRows, fillMs, maxCalls } = config.tensorBatching;
  return {
    name: found.name,
    version: found.version,
    modelDir: found.dir,
    sessionModule: new URL('./engine/open-saved-model.ts', import.meta.url).href,
    batching: { enabled, budget: { cost: maxRows, rows: maxRows }, ...(enabled && { fillMs, maxCalls }) },
    openModel: () => openTensorModel(found, config),
  };
}

/** Undefined where there is a choice that nobody made: then every request has to name its model. */
function defaultNameOf(found: readonly FoundVersion[], wanted: string | undefined): string | undefined {
  const names = [...new Set(found.map(({ name }) => name))];
  if (wanted === undefined) return names.length === 1 ? names[0] : undefined;
  if (names.includes(wanted)) return wanted;
  throw new TwinvecError(
    'InvalidConfiguration',
    `SAGEMAKER_TFS_DEFAULT_MODEL_NAME is ${quoteForMessage(wanted)}; the model folder has ${names.join(', ')}.`,
  );
}
