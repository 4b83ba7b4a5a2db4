/**
 * What a model folder holds: an Object2Vec artifact when `object2vec.json` lies in it, else SavedModels of any kind.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { MANIFEST_FILE } from '#core/object2vec/manifest.ts';
import type { ServingConfig } from './config/serving-config.ts';
import { findHandlerScript } from './handlers/script.ts';
import type { FoundModels } from './inference-server.ts';
import type { Object2VecJob } from './object2vec/serving-job.ts';
import { openObject2VecModel } from './object2vec/serving-model.ts';
import { type ServableSource, type StartServable, startServable } from './servables/servable.ts';
import { type FoundVersion, findSavedModels } from './tensorflow-serving/find-saved-models.ts';
import type { TensorJob } from './tensorflow-serving/tensor-job.ts';
import { openTensorModel } from './tensorflow-serving/tensor-model.ts';

/** @throws TwinvecError InvalidArtifact, or InvalidConfiguration for a default model that is not there. */
export async function findModels(config: ServingConfig): Promise<FoundModels> {
  const handlerScript = findHandlerScript(config.modelDir);
  if (existsSync(join(config.modelDir, MANIFEST_FILE))) {
    const source = object2VecSource(config);
    return {
      servables: [(limits, events) => startServable(source, limits, events)],
      defaultName: source.name,
      handlerScript,
    };
  }
  const found = findSavedModels(config.modelDir);
  const servables = found.map((version): StartServable => {
    const source = tensorSource(version, config);
    return (limits, events) => startServable(source, limits, events);
  });
  return { servables, defaultName: defaultNameOf(found, config.defaultModelName), handlerScript };
}

function object2VecSource(config: ServingConfig): ServableSource<Object2VecJob> {
  return {
    name: config.defaultModelName ?? 'model',
    version: '1',
    modelDir: config.modelDir,
    sessionModule: new URL('./object2vec/open-serving-session.ts', import.meta.url).href,
    batching: { enabled: config.batching, budget: { cost: config.batchTokens, rows: config.batchRows } },
    openModel: () => openObject2VecModel(config),
  };
}

function tensorSource(found: FoundVersion, config: ServingConfig): ServableSource<TensorJob> {
  const { enabled, maxRows } = config.tensorBatching;
  return {
    name: found.name,
    version: found.version,
    modelDir: found.dir,
    sessionModule: new URL('./engine/open-saved-model.ts', import.meta.url).href,
    batching: { enabled, budget: { cost: maxRows, rows: maxRows } },
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
