/** Runs on MovieLens: `train_<data>.jsonl` and `validation_<data>.jsonl` of a folder that the user has. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccuracyRun } from './accuracy-run.ts';
import { MOVIELENS_RUNS, type MovieLensRun } from './movielens-runs.ts';
import { writeThresholdRecords } from './rating-thresholds.ts';
import { trainAndRead } from './train-and-read.ts';

/** @param folder Runs whose files are not there are named to `leaveOut` and are not in the answer. */
export function movieLensRuns(folder: string | undefined, leaveOut: (reason: string) => void): AccuracyRun[] {
  return MOVIELENS_RUNS.flatMap((run) => {
    const files = ['train', 'validation'].map((channel) => `${channel}_${run.data}.jsonl`);
    if (folder === undefined || files.some((file) => !existsSync(join(folder, file)))) {
      leaveOut(`${run.name}: needs ${files.join(' and ')} in the folder of --data`);
      return [];
    }
    return [withFiles(run, join(folder, files[0]!), join(folder, files[1]!))];
  });
}

function withFiles(run: MovieLensRun, train: string, validation: string): AccuracyRun {
  return {
    ...run,
    metric: `validation ${run.validationMetric}`,
    format: (value) => value.toFixed(4),
    async measure(folder, seed) {
      const hyperparameters = join(folder, 'hyperparameters.json');
      await writeFile(hyperparameters, JSON.stringify({ ...run.hyperparameters, seed }));
      const channels = await channelFiles(run, { train, validation }, folder);
      const files = [
        '--train',
        channels.train,
        '--validation',
        channels.validation,
        '--hyperparameters',
        hyperparameters,
      ];
      return trainAndRead(['train', ...files, '--output', join(folder, 'model')], run.validationMetric);
    },
  };
}

interface ChannelFiles {
  readonly train: string;
  readonly validation: string;
}

/** The user's own files, or what is made of them in `folder`. */
async function channelFiles({ thresholds }: MovieLensRun, own: ChannelFiles, folder: string): Promise<ChannelFiles> {
  if (!thresholds) return own;
  const made = { train: join(folder, 'train.jsonl'), validation: join(folder, 'validation.jsonl') };
  await writeThresholdRecords(own.train, made.train, thresholds.train);
  await writeThresholdRecords(own.validation, made.validation, thresholds.validation);
  return made;
}
