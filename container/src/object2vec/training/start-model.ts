/**
 * Incremental training: the `model` channel holds the artifact of an earlier job, and weights start from its own. As
 * SageMaker delivers it that is `model.tar.gz`; an unpacked artifact works too.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { MANIFEST_FILE } from '#core/object2vec/manifest.ts';
import { settingsFromEffective } from '#core/object2vec/parse-hyperparameters.ts';
import type { NetworkSettings, Object2VecSettings } from '#core/object2vec/settings.ts';
import { formatCount } from '#core/terminal/format.ts';
import { newestVersion } from '../../engine/version-folder.ts';
import type { Parameter } from '../../graph/builder.ts';
import { extractArchive } from '../../model-archive.ts';
import { indexPath } from '../../savedmodel/bundle-entry.ts';
import { variablesPrefix } from '../../savedmodel/saved-model.ts';
import { type Bundle, openBundle } from '../../savedmodel/tensor-bundle-reader.ts';
import { elementCount } from '../../savedmodel/tensor-shape.ts';
import { readManifest } from '../artifact.ts';
import { START_MODEL } from '../data/channels.ts';
import { planTraining } from './create-training-engine.ts';
import type { GivenRows } from './initial-weights.ts';
import { networkDifferences } from './network-differences.ts';
import type { TrainingJob } from './training-job.ts';

export interface StartModel {
  /** All weights that the model has, by the names of their tables. */
  readonly given: ReadonlyMap<string, GivenRows>;
  /** Of the values of all weights. */
  readonly digest: string;
  /** One line for the log. */
  readonly description: string;
  close(): void;
}

/**
 * @param workDir an existing folder, for the files of an archive
 * @returns undefined when the job has no such channel
 * @throws TwinvecError InvalidArtifact when there is no readable model in it, or with all that does not fit the job
 */
export async function openStartModel(
  job: TrainingJob,
  settings: Object2VecSettings,
  workDir: string,
): Promise<StartModel | undefined> {
  const channelDir = join(job.baseDir, 'input', 'data', START_MODEL);
  const files = await readdir(channelDir).catch(() => undefined);
  if (!(job.channels ? job.channels.has(START_MODEL) : files)) return undefined;
  const modelDir = await unpacked(channelDir, files ?? [], workDir);
  const { hyperparameters } = await readManifest(modelDir).catch(inChannel);
  const { network } = settingsFromEffective(hyperparameters);
  const different = networkDifferences(network, settings.network);
  if (different.length > 0) {
    throw misfit(`does not fit the job: ${different.join('; ')}. Set what the model was trained with`);
  }
  try {
    return await openWeights(modelDir, network, settings);
  } catch (error) {
    return inChannel(error);
  }
}

async function openWeights(modelDir: string, network: NetworkSettings, settings: Object2VecSettings) {
  const prefix = variablesPrefix(newestVersion(modelDir));
  const bundle = openBundle(prefix);
  try {
    bundle.verify();
    const weights = planTraining(settings).parameters.filter(({ role }) => role !== 'optimizer_state');
    return {
      given: new Map(weights.map((parameter) => [parameter.name, savedRows(bundle, parameter)])),
      digest: createHash('sha256')
        .update(await readFile(indexPath(prefix)))
        .digest('hex'),
      description: describe(network, settings.network),
      close: () => bundle.close(),
    };
  } catch (error) {
    bundle.close();
    throw error;
  }
}

async function unpacked(channelDir: string, files: readonly string[], workDir: string): Promise<string> {
  if (files.includes(MANIFEST_FILE)) return channelDir;
  const archives = files.filter((name) => /\.(tar\.gz|tgz)$/.test(name));
  if (archives.length === 1) {
    const target = join(workDir, 'start-model');
    await extractArchive(join(channelDir, archives[0]!), target).catch(inChannel);
    return target;
  }
  const found = files.slice(0, 10).map(quoteForMessage).join(', ') || 'nothing';
  throw misfit(`is no model: it needs one model.tar.gz, or ${MANIFEST_FILE} and what belongs to it; found: ${found}`);
}

/** Elements that are read at once: 4 MiB. */
const BLOCK = 1024 * 1024;

/** Rows in any order, a block of neighbours at a time; rows that a table has beyond the saved one keep their own start. */
function savedRows(bundle: Bundle, { name, shape }: Parameter): GivenRows {
  const saved = bundle.tensors.get(name);
  const width = elementCount(shape.slice(1));
  if (saved === undefined || elementCount(saved.shape.slice(1)) !== width || saved.shape[0]! > shape[0]!) {
    const found = saved ? `it is [${saved.shape}]` : 'there is none';
    throw new TwinvecError('InvalidArtifact', `There is no ${name} of shape [${shape}] in the model: ${found}.`);
  }
  const rows = saved.shape[0]!;
  const blockRows = Math.max(1, Math.floor(BLOCK / width));
  let block: Float32Array = new Float32Array(0);
  let first = 0;
  return {
    width,
    row(index) {
      if (index >= rows) return undefined;
      if (index < first || index >= first + block.length / width) {
        first = index - (index % blockRows);
        block = bundle.readFloat32(name, first, Math.min(blockRows, rows - first));
      }
      return block.subarray((index - first) * width, (index - first + 1) * width);
    },
  };
}

function describe(was: NetworkSettings, is: NetworkSettings): string {
  const grown = (['enc0', 'enc1'] as const).flatMap((side) => {
    const more = is[side].vocabularySize - was[side].vocabularySize;
    return more === 0 ? [] : [`; ${formatCount(more)} tokens of ${side} are new and start as in a new job`];
  });
  return `Weights start from those of the model in channel "${START_MODEL}"${grown.join('')}.`;
}

function misfit(problem: string): TwinvecError {
  return new TwinvecError('InvalidArtifact', `Channel "${START_MODEL}" ${problem}.`);
}

function inChannel(error: unknown): never {
  if (!(error instanceof TwinvecError)) throw error;
  throw new TwinvecError(error.code, `Channel "${START_MODEL}": ${error.message}`, { cause: error });
}
