/**
 * AWS's blog post on batch inference with TensorFlow Serving, on this machine: JPEG objects, then TFRecord files of the
 * same images, through handlers in TypeScript; and both ways to do without handlers. Fetches nothing, ends by itself.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeExample } from '#core/examples/example-writer.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { formatTable } from '#core/terminal/table.ts';
import { startLocal } from '../../local/start.ts';
import { type Job, Jobs } from './jobs.ts';
import { CLASSES } from './model/weights.ts';
import { type ImageFile, packArchives, readImages } from './pack.ts';

const WORK = fileURLToPath(new URL('../../.twinvec/image-classification', import.meta.url));
const IMAGE_FOLDER = 'jpeg-images';
const RECORD_FOLDER = 'tfrecord-images';
const RECORD_FILE = 'train-00000-of-00001';
/** As the blog post sets them. */
const LIMITS = { MaxPayloadInMB: 1, MaxConcurrentTransforms: 64 };

interface Prediction {
  readonly classes: number;
  readonly probabilities: readonly number[];
}

function imageJob(name: string, archive: string): Job {
  return { name, archive, input: IMAGE_FOLDER, contentType: 'application/x-image', settings: LIMITS };
}

function recordJob(name: string, archive: string): Job {
  return {
    name,
    archive,
    input: RECORD_FOLDER,
    contentType: 'application/x-tfexample',
    splitType: 'TFRecord',
    assembleWith: 'Line',
    settings: {
      ...LIMITS,
      BatchStrategy: 'SingleRecord',
      Environment: {
        SAGEMAKER_TFS_ENABLE_BATCHING: 'true',
        SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS: '50000',
        SAGEMAKER_TFS_MAX_BATCH_SIZE: '16',
      },
    },
  };
}

/** The images as the blog post stores them: tf.Examples with the key `image/encoded`, in a TFRecord file. */
function recordFile(images: readonly ImageFile[]): Buffer {
  const records = images.map(({ bytes }) =>
    encodeExample(new Map([['image/encoded', { kind: 'bytes', values: [bytes] }]])),
  );
  return Buffer.concat(records.map(writeTfRecord));
}

/** Of one answer of TensorFlow Serving's REST API. */
function predictionOf(answer: string): Prediction {
  const { predictions } = JSON.parse(answer) as { predictions: readonly [Prediction] };
  return predictions[0];
}

/** One object for each image. */
async function runImageJob(jobs: Jobs, images: readonly ImageFile[], job: Job): Promise<Prediction[]> {
  await jobs.run(job);
  return Promise.all(images.map(async ({ name }) => predictionOf(await jobs.output(job.name, name))));
}

/** One object with a line for each image, in order. */
async function runRecordJob(jobs: Jobs, job: Job): Promise<Prediction[]> {
  await jobs.run(job);
  const lines = (await jobs.output(job.name, RECORD_FILE)).trimEnd().split('\n');
  return lines.map(predictionOf);
}

function describe({ classes, probabilities }: Prediction): string[] {
  return [CLASSES[classes] ?? `class ${classes}`, (probabilities[classes] ?? Number.NaN).toFixed(4)];
}

/** Kernels may add up in another order where rows share a call. */
const TOLERANCE = 1e-5;

function requireSame(way: string, answers: readonly Prediction[], wanted: readonly Prediction[]): void {
  const isSame = (answer: Prediction | undefined, { classes, probabilities }: Prediction) =>
    answer?.classes === classes &&
    probabilities.every((value, at) => Math.abs(value - answer.probabilities[at]!) <= TOLERANCE);
  if (answers.length === wanted.length && wanted.every((one, at) => isSame(answers[at], one))) return;
  throw new Error(`${way}: ${JSON.stringify(answers)} in place of ${JSON.stringify(wanted)}`);
}

async function main(): Promise<void> {
  const [images, archives] = await Promise.all([readImages(), packArchives(WORK)]);
  const records = recordFile(images);
  // For `twinvec transform`, as the README shows it.
  await mkdir(join(WORK, RECORD_FOLDER));
  await writeFile(join(WORK, RECORD_FOLDER, RECORD_FILE), records);

  const local = await startLocal({ port: 0, dir: join(WORK, 'local'), engine: 'tensorflow' });
  const jobs = new Jobs(local.url);
  try {
    await jobs.createBucket();
    for (const { name, bytes } of images) await jobs.put(`${IMAGE_FOLDER}/${name}`, bytes);
    await jobs.put(`${RECORD_FOLDER}/${RECORD_FILE}`, records);

    const answers = await runImageJob(jobs, images, imageJob('images-by-handler', archives.withHandlers));
    const rows = images.map(({ name }, i) => [name, ...describe(answers[i]!)]);
    process.stdout.write(`${formatTable([['image', 'class', 'probability'], ...rows])}\n`);

    const checkSame = async (way: string, run: Promise<Prediction[]>) => {
      requireSame(way, await run, answers);
      process.stdout.write(`The same answers: ${way}.\n`);
    };
    await checkSame(
      'TFRecords of tf.Examples, through the same handlers and with request batching',
      runRecordJob(jobs, recordJob('tfrecords-by-handler', archives.withHandlers)),
    );
    await checkSame(
      'images straight to the model, without code/',
      runImageJob(jobs, images, imageJob('images-by-model', archives.bare)),
    );
    await checkSame(
      'images to a model that takes pixels, by the recipe in twinvec.json',
      runImageJob(jobs, images, imageJob('images-by-recipe', archives.withRecipe)),
    );
  } finally {
    jobs.close();
    await local.close();
  }
}

await main();
