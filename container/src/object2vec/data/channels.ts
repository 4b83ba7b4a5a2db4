/**
 * The files of a training job's data channels, `input/data/<channel>/**`: which there are, and whether their form is
 * one that this algorithm reads. Nothing is read yet.
 */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { ChannelConfig, TrainingJob } from '../training/training-job.ts';

export type ChannelName = 'train' | 'validation' | 'test';
export const CHANNELS: readonly ChannelName[] = ['train', 'validation', 'test'];
/** Holds no records but an earlier artifact: see start-model.ts. */
export const START_MODEL = 'model';
/** Holds no records but vocabularies and vectors: see auxiliary-channel.ts. */
export const AUXILIARY = 'auxiliary';

const READ_CHANNELS: readonly string[] = [...CHANNELS, START_MODEL, AUXILIARY];

export interface ChannelFile {
  readonly path: string;
  /** For messages: `train/part-0.jsonl`. */
  readonly name: string;
}

export interface Channels {
  /** Files in the order of their names; a channel that the job does not have is absent. */
  readonly files: ReadonlyMap<ChannelName, readonly ChannelFile[]>;
  /** Channels that the job has and this algorithm does not read. */
  readonly unread: readonly string[];
}

/** @throws TwinvecError InvalidTrainingData when train is missing, a channel is empty or its form is not read. */
export async function openChannels(job: TrainingJob): Promise<Channels> {
  const dataDir = join(job.baseDir, 'input', 'data');
  const present = job.channels ? [...job.channels.keys()] : await foldersOf(dataDir);
  if (!present.includes('train')) {
    const found = present.length > 0 ? `; found: ${present.map(quoteForMessage).join(', ')}` : '';
    throw new TwinvecError('InvalidTrainingData', `The job has no channel "train"${found}. Training needs one.`);
  }
  const files = new Map<ChannelName, readonly ChannelFile[]>();
  for (const channel of CHANNELS.filter((name) => present.includes(name))) {
    checkForm(channel, job.channels?.get(channel));
    files.set(channel, await listFiles(dataDir, channel));
  }
  return {
    files,
    unread: present.filter((name) => !READ_CHANNELS.includes(name)),
  };
}

/** @throws TwinvecError InvalidTrainingData when the channel comes in a way that is not read. */
export function checkForm(channel: ChannelName | typeof AUXILIARY, config: ChannelConfig | undefined): void {
  const { TrainingInputMode: mode, ContentType: contentType, RecordWrapperType: wrapper } = config ?? {};
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
  const wanted = channel === AUXILIARY ? 'application/json' : 'application/jsonlines';
  const problem =
    mode === 'Pipe'
      ? 'is in Pipe mode; use File or FastFile'
      : wrapper && wrapper !== 'None'
        ? `has RecordWrapperType ${quoteForMessage(wrapper)}; use None`
        : mediaType && mediaType !== wanted
          ? `has ContentType ${quoteForMessage(contentType!)}; use ${wanted}`
          : undefined;
  if (problem) throw new TwinvecError('InvalidTrainingData', `Channel "${channel}" ${problem}.`);
}

async function foldersOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Hidden files and names with a leading underscore are left out: Hadoop and Spark write `_SUCCESS` and `.crc`. */
async function listFiles(dataDir: string, channel: ChannelName): Promise<ChannelFile[]> {
  const root = join(dataDir, channel);
  const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new TwinvecError('InvalidTrainingData', `Channel "${channel}" has no readable folder (${error.code}).`);
    },
  );
  const files = entries
    .filter((entry) => !entry.isDirectory() && !/^[._]/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(dataDir, path).split(sep).join('/') }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  if (files.length === 0) throw new TwinvecError('InvalidTrainingData', `Channel "${channel}" has no files.`);
  return files;
}
