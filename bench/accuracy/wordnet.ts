/** Retrieval on the demo's task, from WordNet: each encoder in turn reads the definitions. Needs no data folder. */
import { join } from 'node:path';
import { summarizeRanks } from '#core/object2vec/ranking.ts';
import { RETRIEVAL } from '../../demo/retrieval-settings.ts';
import { rankByTfIdf, ranksOf, readEmbeddings, readUnscaledEmbeddings } from '../../demo/search.ts';
import { percent } from '../../demo/show.ts';
import { buildTask, type Task } from '../../demo/task.ts';
import { encodeConcept, encodeDefinition, writeTrainingFiles } from '../../demo/training-files.ts';
import { readNouns } from '../../demo/wordnet.ts';
import type { AccuracyRun, Outcome } from './accuracy-run.ts';
import { embedRecords } from './embed-records.ts';
import { trainAndRead } from './train-and-read.ts';
import { writePooledVectors } from './word-vectors.ts';

/** The demo's: the task is the same for every seed of the training. */
const TASK_SEED = 20_260_701;

const COMPARISONS = ['cosine', 'dot product'] as const;
type Comparison = (typeof COMPARISONS)[number];

interface Ranked {
  readonly epoch: number;
  readonly hitsAt10: Readonly<Record<Comparison, number>>;
}

/** The baseline is scored first: it is what every run has to beat. Each encoder is trained once and ranked both ways. */
export async function wordNetRuns(): Promise<AccuracyRun[]> {
  const task = buildTask(await readNouns(), TASK_SEED);
  const baseline = rankByTfIdf(task).hitsAt10;
  return Object.entries(RETRIEVAL).flatMap(([encoder, hyperparameters]) => {
    let ranked: Promise<Ranked> | undefined;
    return COMPARISONS.map((comparison) => ({
      name: `WordNet retrieval, ${encoder}, ${comparison}`,
      metric: 'hits@10',
      published: '',
      bar: `> TF-IDF, ${percent(baseline)}`,
      seeds: [TASK_SEED],
      hyperparameters,
      format: percent,
      measure: async (folder: string, seed: number): Promise<Outcome> => {
        ranked ??= trainAndRank(task, hyperparameters, folder, seed);
        const { epoch, hitsAt10 } = await ranked;
        return { value: hitsAt10[comparison], epoch };
      },
    }));
  });
}

async function trainAndRank(
  task: Task,
  hyperparameters: Readonly<Record<string, string>>,
  folder: string,
  seed: number,
): Promise<Ranked> {
  const model = join(folder, 'model');
  const files = await writeTrainingFiles(task, join(folder, 'data'), seed, hyperparameters);
  const channels = ['--train', files.train, '--validation', files.validation];
  if ('enc0_pretrained_embedding_file' in hyperparameters) {
    channels.push('--auxiliary', await writePooledVectors(task, join(folder, 'pooled'), seed));
  }
  const { epoch } = await trainAndRead(
    ['train', ...channels, '--hyperparameters', files.hyperparameters, '--output', model],
    'accuracy',
  );
  const queries = task.heldOut.map((pair) => ({ in0: encodeDefinition(task, pair) }));
  const concepts = task.candidates.map((concept) => ({ in1: encodeConcept(task, concept) }));
  const lines = [
    await embedRecords(queries, 'definitions', model, folder),
    await embedRecords(concepts, 'concepts', model, folder),
  ] as const;
  const hits = (read: (lines: string) => Float32Array) =>
    summarizeRanks(ranksOf(task.heldOut, read(lines[0]), read(lines[1]))).hitsAt10;
  return { epoch, hitsAt10: { cosine: hits(readEmbeddings), 'dot product': hits(readUnscaledEmbeddings) } };
}
