/**
 * `twinvec train`: lays the given files out as a SageMaker training job sees them and runs the container's own
 * `train` entry point there.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { TwinvecError } from '#core/errors.ts';
import { fillFolder, refuseUsedFolder } from '../output-folder.ts';
import { runContainer } from '../run-container.ts';

interface TrainOptions {
  readonly train: string;
  readonly validation?: string;
  readonly test?: string;
  readonly auxiliary?: string;
  readonly output: string;
  readonly hyperparameters?: string;
  readonly set: readonly string[];
  readonly from?: string;
  readonly checkpoints?: string;
  readonly engine?: string;
}

const CONTENT_TYPES = {
  train: 'application/jsonlines',
  validation: 'application/jsonlines',
  test: 'application/jsonlines',
  auxiliary: 'application/json',
} as const;
const CHANNELS = Object.keys(CONTENT_TYPES) as (keyof typeof CONTENT_TYPES)[];

const EXAMPLES = `
Records are JSON Lines: {"label": 1, "in0": [6, 17, 606], "in1": [16, 21, 13]}

Examples:
  $ twinvec train --train pairs.jsonl --output model \\
      --set enc0_network=pooled_embedding enc0_vocab_size=20000 enc0_max_seq_len=50
  $ twinvec train --train train/ --validation validation/ --hyperparameters job.json --output model
  $ twinvec train --train train/ --hyperparameters job.json --checkpoints job-1 --output model
      Interrupted, the same command goes on where it was.
  $ twinvec train --train new-pairs.jsonl --hyperparameters job.json --from model --output model-2

With the words of a prepare, so that the model reads text, and pretrained vectors to start from:
  $ twinvec train --train data/train.jsonl --auxiliary data --output model --hyperparameters job.json \\
      --set enc0_vocab_file=vocabulary.json enc0_pretrained_embedding_file=glove.txt
`;

export function trainCommand(): Command {
  return new Command('train')
    .description('Train a model from JSON Lines files and write its artifact to a folder.')
    .requiredOption('--train <path>', 'training channel: a file or a folder of .jsonl or .jsonl.gz files')
    .option('--validation <path>', 'validation channel: chooses the best epoch and stops early')
    .option('--test <path>', 'test channel: scored once at the end')
    .option('--auxiliary <path>', 'vocabularies and pretrained vectors, such as the output folder of prepare')
    .requiredOption('--output <dir>', 'folder for the model; must not exist or be empty')
    .option('--hyperparameters <file>', 'a JSON object of names and values, as CreateTrainingJob takes them')
    .option('--set <name=value...>', 'hyperparameters one by one; they win over the file', [])
    .option('--from <model>', 'start from the weights of a model: a folder or a model.tar.gz')
    .option('--checkpoints <dir>', 'keep checkpoints there, and go on from one that is there')
    .option('--engine <engine>', 'tensorflow, js or auto', process.env.TWINVEC_ENGINE ?? 'auto')
    .addHelpText('after', EXAMPLES)
    .action(train);
}

async function train(options: TrainOptions): Promise<void> {
  const output = resolve(options.output);
  await refuseUsedFolder(output);
  const base = await mkdtemp(join(tmpdir(), 'twinvec-train-'));
  try {
    await layOutJob(base, options);
    const exitCode = await runContainer('train', {
      SAGEMAKER_BASE_DIR: base,
      TWINVEC_ENGINE: options.engine ?? 'auto',
    });
    // Stopped before its first step, a job ends well and has no model.
    const made = exitCode === 0 && (await readdir(join(base, 'model'))).length > 0;
    process.exitCode = made ? 0 : exitCode || 1;
    if (!made) return;
    await fillFolder(output, (partial) => cp(join(base, 'model'), partial, { recursive: true }));
    process.stderr.write(
      `\nThe model is in ${options.output}. Serve it with: twinvec serve --model ${options.output}\n`,
    );
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** `/opt/ml/input` as AWS documents it: config/hyperparameters.json, config/inputdataconfig.json and data/<channel>. */
async function layOutJob(base: string, options: TrainOptions): Promise<void> {
  const config = join(base, 'input', 'config');
  await mkdir(config, { recursive: true });
  await mkdir(join(base, 'model'), { recursive: true });
  await writeFile(join(config, 'hyperparameters.json'), JSON.stringify(await readHyperparameters(options)));
  const present = CHANNELS.filter((channel) => options[channel] !== undefined);
  for (const channel of present) await linkChannel(join(base, 'input', 'data', channel), options[channel]!);
  if (options.from) await linkChannel(join(base, 'input', 'data', 'model'), options.from);
  if (options.checkpoints) await linkFolder(join(base, 'checkpoints'), options.checkpoints);
  const dataConfig = Object.fromEntries([
    ...present.map((channel) => [channel, { ContentType: CONTENT_TYPES[channel] }]),
    ...(options.from ? [['model', { ContentType: 'application/x-sagemaker-model' }]] : []),
  ]);
  await writeFile(join(config, 'inputdataconfig.json'), JSON.stringify(dataConfig));
}

async function linkChannel(target: string, source: string): Promise<void> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new TwinvecError('InvalidTrainingData', `There is no file or folder ${source}.`, { cause });
  });
  await mkdir(found.isDirectory() ? dirname(target) : target, { recursive: true });
  await symlink(resolve(source), found.isDirectory() ? target : join(target, basename(source)));
}

async function linkFolder(target: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new TwinvecError('InvalidConfiguration', `${folder} is no folder and cannot be made one (${cause.code}).`, {
      cause,
    });
  });
  await symlink(resolve(folder), target);
}

async function readHyperparameters(options: TrainOptions): Promise<Record<string, string>> {
  const fromFile = options.hyperparameters
    ? parseObject(options.hyperparameters, await readText(options.hyperparameters))
    : {};
  const fromOptions = options.set.map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new TwinvecError('InvalidHyperparameters', `--set ${pair}: write it as name=value.`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return { ...fromFile, ...Object.fromEntries(fromOptions) };
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TwinvecError('InvalidHyperparameters', `There is no readable file ${file}.`, { cause });
  });
}

/** SageMaker's map is string to string; a file may hold plain numbers and booleans. */
function parseObject(file: string, text: string): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TwinvecError('InvalidHyperparameters', `${file} is not JSON.`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new TwinvecError('InvalidHyperparameters', `${file} must hold one JSON object of names and values.`);
  }
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
}
