/** The task as the files that a training job reads: Object2Vec JSON Lines and hyperparameters. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { streamNumber } from '#core/random/philox.ts';
import { createRandomDraws } from '#core/random/random-draws.ts';
import { conceptTokens, definitionTokens, type Pair, type Task } from './task.ts';
import type { Concept } from './wordnet.ts';

export const MAX_TOKENS = 40;
const VALIDATION_NEGATIVES = 4;

export interface TrainingFiles {
  readonly train: string;
  readonly validation: string;
  readonly hyperparameters: string;
  readonly trainingRecords: number;
}

/**
 * Training pairs are all positive: the job draws its own negatives. Validation needs them written out.
 * @param settings hyperparameters beside those that the task asks for
 */
export async function writeTrainingFiles(
  task: Task,
  folder: string,
  seed: number,
  settings: Readonly<Record<string, string>>,
): Promise<TrainingFiles> {
  await mkdir(folder, { recursive: true });
  const files = {
    train: join(folder, 'train.jsonl'),
    validation: join(folder, 'validation.jsonl'),
    hyperparameters: join(folder, 'hyperparameters.json'),
  };
  const concepts = task.candidates.map((concept) =>
    task.vocabulary.encode(conceptTokens(concept)).slice(0, MAX_TOKENS),
  );
  const line = (pair: Pair, parent: number, label: number) =>
    JSON.stringify({ label, in0: encodeDefinition(task, pair), in1: concepts[parent] });
  await writeFile(files.train, toLines(task.train.map((pair) => line(pair, pair.parent, 1))));
  const random = createRandomDraws({ seed, stream: streamNumber('demo negatives'), turn: 0 });
  const validation = task.validation.flatMap((pair) => [
    line(pair, pair.parent, 1),
    ...Array.from({ length: VALIDATION_NEGATIVES }, () => line(pair, random.below(concepts.length), 0)),
  ]);
  await writeFile(files.validation, toLines(validation));
  const hyperparameters = { ...settings, ...taskHyperparameters(task, seed) };
  await writeFile(files.hyperparameters, JSON.stringify(hyperparameters, undefined, 2));
  return { ...files, trainingRecords: task.train.length };
}

export function encodeDefinition(task: Task, { child }: Pair): number[] {
  return task.vocabulary.encode(definitionTokens(child)).slice(0, MAX_TOKENS);
}

export function encodeConcept(task: Task, concept: Concept): number[] {
  return task.vocabulary.encode(conceptTokens(concept)).slice(0, MAX_TOKENS);
}

function taskHyperparameters(task: Task, seed: number): Record<string, string> {
  const size = String(task.vocabulary.size);
  const longest = String(MAX_TOKENS);
  return {
    enc0_vocab_size: size,
    enc1_vocab_size: size,
    enc0_max_seq_len: longest,
    enc1_max_seq_len: longest,
    seed: String(seed),
  };
}

function toLines(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
