/**
 * The model artifact in `/opt/ml/model`: a SavedModel in version folder `1` and `object2vec.json` beside it. It is
 * built in a staging folder and moved in when whole, so that the model folder never holds half a model.
 */
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { MANIFEST_FILE, Object2VecManifest } from '#core/object2vec/manifest.ts';
import { NEIGHBOURS_FOLDER } from '#core/object2vec/neighbour-index.ts';
import { type EncoderSettings, type NetworkSettings, outputWidth } from '#core/object2vec/settings.ts';
import type { TextRules } from '#core/text/text-reader.ts';
import type { ChannelFile } from './data/channels.ts';
import { readBytes } from './data/line-blocks.ts';

/** TF Serving loads the highest numbered folder; a job makes one version. */
const VERSION = '1';
const PARTIAL = '.twinvec-model-partial';

export interface ArtifactContents {
  readonly network: NetworkSettings;
  /** As they took effect. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  readonly text?: ArtifactText;
  readonly best?: NonNullable<Object2VecManifest['best']>;
  /** Writes the SavedModel into the folder, which exists, and returns its tensors. */
  writeModel(versionDir: string): Promise<Object2VecManifest['tensors']>;
}

/** What a server needs to read text as training did. */
export interface ArtifactText {
  readonly rules: TextRules;
  readonly in0?: NamedFile;
  readonly in1?: NamedFile;
}

interface NamedFile {
  readonly name: string;
  readonly file: ChannelFile;
}

/** Writes the whole artifact into a new folder, in the layout of `/opt/ml/model`. */
export async function stageArtifact(stagedDir: string, contents: ArtifactContents): Promise<void> {
  const { network, hyperparameters, best, text } = contents;
  await mkdir(join(stagedDir, VERSION), { recursive: true });
  const tensors = await contents.writeModel(join(stagedDir, VERSION));
  if (text) await copyVocabularies(join(stagedDir, VERSION), text);
  const manifest = Object2VecManifest.parse({
    format: 'twinvec-object2vec',
    formatVersion: 1,
    inputs: {
      in0: describeInput(network.enc0, text?.in0),
      in1: describeInput(network.enc1, text?.in1),
    },
    ...(text && { text: text.rules }),
    encodingDim: network.encDim,
    output: { kind: network.output.kind, width: outputWidth(network.output) },
    ...(best && { best }),
    hyperparameters,
    tensors,
  } satisfies Object2VecManifest);
  await writeFile(join(stagedDir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

function describeInput({ vocabularySize, maxSeqLen }: EncoderSettings, vocabulary: NamedFile | undefined) {
  return { vocabularySize, maxSeqLen, ...(vocabulary && { vocabulary: vocabulary.name }) };
}

/** Into the folder that SavedModels have for such files, unzipped when they are gzip. */
async function copyVocabularies(versionDir: string, { in0, in1 }: ArtifactText): Promise<void> {
  await mkdir(assetsDir(versionDir), { recursive: true });
  const files = new Map([in0, in1].filter((one) => one !== undefined).map(({ name, file }) => [name, file]));
  for (const [name, file] of files) await writeFile(join(assetsDir(versionDir), name), readBytes(file));
}

/** A SavedModel's folder for files that its users read. */
export function assetsDir(versionDir: string): string {
  return join(versionDir, 'assets');
}

/**
 * Moves a staged artifact into the model folder, in place of one that may be there. What was there stays as it was until
 * all of the new one is on the same disk.
 */
export async function publishArtifact(stagedDir: string, modelDir: string): Promise<void> {
  await mkdir(modelDir, { recursive: true });
  await removePartialArtifact(modelDir);
  const near = join(modelDir, PARTIAL);
  try {
    await replaceArtifact(await nearby(stagedDir, near), modelDir);
  } finally {
    await removePartialArtifact(modelDir);
  }
}

/** What a killed process may have left. */
export async function removePartialArtifact(modelDir: string): Promise<void> {
  await rm(join(modelDir, PARTIAL), { recursive: true, force: true });
}

async function replaceArtifact(stagedDir: string, modelDir: string): Promise<void> {
  // The manifest goes first and comes last: a folder that has one is complete.
  await rm(join(modelDir, MANIFEST_FILE), { force: true });
  await rm(join(modelDir, VERSION), { recursive: true, force: true });
  // Candidates of the model before are embeddings of other weights.
  await rm(join(modelDir, NEIGHBOURS_FOLDER), { recursive: true, force: true });
  await rename(join(stagedDir, VERSION), join(modelDir, VERSION));
  await rename(join(stagedDir, MANIFEST_FILE), join(modelDir, MANIFEST_FILE));
}

/** @throws TwinvecError InvalidArtifact when the folder has no manifest, or one that is not ours. */
export async function readManifest(modelDir: string): Promise<Object2VecManifest> {
  let text: string;
  try {
    text = await readFile(join(modelDir, MANIFEST_FILE), 'utf8');
  } catch (cause) {
    throw new TwinvecError('InvalidArtifact', `The model folder has no readable ${MANIFEST_FILE}.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TwinvecError('InvalidArtifact', `${MANIFEST_FILE} is not JSON.`, { cause });
  }
  const parsed = Object2VecManifest.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = z.prettifyError(parsed.error).replaceAll('\n', ' ');
  throw new TwinvecError('InvalidArtifact', `${MANIFEST_FILE} is not a Twinvec Object2Vec manifest: ${problems}`);
}

/**
 * The staged folder as one that can be renamed into the model folder: itself, or a copy where the model folder is a mount
 * of its own, as in SageMaker's containers.
 */
async function nearby(stagedDir: string, near: string): Promise<string> {
  try {
    await rename(stagedDir, near);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await cp(stagedDir, near, { recursive: true });
  }
  return near;
}
