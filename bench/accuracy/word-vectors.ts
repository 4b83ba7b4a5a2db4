/**
 * The token vectors that a pooled model learned on the same pairs, as files of an `auxiliary` channel: an encoder with
 * weights of its own can start from them. A pooled encoder's embedding of one token is that token's vector.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { POOLED_RETRIEVAL } from '../../demo/retrieval-settings.ts';
import { readUnscaledEmbeddings } from '../../demo/search.ts';
import type { Task } from '../../demo/task.ts';
import { writeTrainingFiles } from '../../demo/training-files.ts';
import { embedRecords } from './embed-records.ts';
import { trainAndRead } from './train-and-read.ts';

/**
 * Trains the pooled model in `folder`.
 * @returns the folder of the channel: `vocabulary.json` (word to id) and `pooled.txt` (vectors as GloVe writes them)
 */
export async function writePooledVectors(task: Task, folder: string, seed: number): Promise<string> {
  const [model, channel] = [join(folder, 'model'), join(folder, 'auxiliary')];
  const files = await writeTrainingFiles(task, join(folder, 'data'), seed, POOLED_RETRIEVAL);
  const channels = ['--train', files.train, '--validation', files.validation];
  await trainAndRead(['train', ...channels, '--hyperparameters', files.hyperparameters, '--output', model], 'accuracy');
  const words = task.vocabulary.words.map((word, id) => ({ word, id })).slice(1);
  const tokens = words.map(({ id }) => ({ in0: [id] }));
  const vectors = readUnscaledEmbeddings(await embedRecords(tokens, 'tokens', model, folder));
  const width = vectors.length / words.length;
  const line = (word: string, at: number) => `${word} ${vectors.subarray(at * width, (at + 1) * width).join(' ')}`;
  await mkdir(channel, { recursive: true });
  const vocabulary = Object.fromEntries(words.map(({ word, id }) => [word, id]));
  await writeFile(join(channel, 'vocabulary.json'), JSON.stringify(vocabulary));
  await writeFile(join(channel, 'pooled.txt'), `${words.map(({ word }, at) => line(word, at)).join('\n')}\n`);
  return channel;
}
