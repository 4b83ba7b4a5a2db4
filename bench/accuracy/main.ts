/**
 * `npm run accuracy [-- --data DIR]`: repeats published Object2Vec runs and the best of ours on your own copy of
 * MovieLens, which may not be redistributed, and retrieval on WordNet, which needs no data. Each run renews its line in
 * bench/results/accuracy.md.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatTable } from '#core/terminal/table.ts';
import { describeMachine, markdownTable, readMarkdownTable } from '../results-page.ts';
import { type AccuracyRun, type Outcome, RESULT_COLUMNS, resultRow } from './accuracy-run.ts';
import { movieLensRuns } from './movielens.ts';
import { wordNetRuns } from './wordnet.ts';

const USAGE = `Usage: npm run accuracy -- [--data DIR] [--only TEXT]

DIR holds train_r.jsonl, validation_r.jsonl (ratings) and train_c.jsonl, validation_c.jsonl (classes) in Object2Vec form:
{"in0": [user], "in1": [movie], "label": 4.0}. Runs whose files are missing are named and left out; those on WordNet need
none. TEXT is part of a run's name, such as WordNet. Each run renews its line in bench/results/accuracy.md.
`;

const PAGE = fileURLToPath(new URL('../results/accuracy.md', import.meta.url));
const PAGE_NOTE = `Each seed is trained once. A value is that of the epoch with the smallest validation loss, which makes the model; SageMaker's
published figures are chosen alike. Hyperparameters that are not named have their defaults; a run's seeds are 1, 2, 3...
except on WordNet, where it is the demo's.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, only: { type: 'string', default: '' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const leftOut: string[] = [];
  const all = [...movieLensRuns(values.data, (reason) => leftOut.push(reason)), ...(await wordNetRuns())];
  const runs = all.filter(({ name }) => name.includes(values.only));
  for (const reason of leftOut) process.stderr.write(`Left out: ${reason}\n`);
  const rows = [RESULT_COLUMNS];
  for (const run of runs) {
    const row = resultRow(run, await repeat(run));
    rows.push(row);
    await renewLine(row);
  }
  // Settings are too wide for a terminal; the page has them.
  process.stdout.write(`\n${formatTable(rows.map((row) => row.slice(0, -1)))}`);
}

/** The page keeps the lines of runs that were not made now; minutes of training are not lost by one that fails later. */
async function renewLine(row: readonly string[]): Promise<void> {
  const before = existsSync(PAGE) ? await readFile(PAGE, 'utf8') : '';
  const [, ...lines] = readMarkdownTable(before);
  const at = lines.findIndex(([name]) => name === row[0]);
  lines.splice(at < 0 ? lines.length : at, at < 0 ? 0 : 1, [...row]);
  const table = markdownTable([RESULT_COLUMNS, ...lines]);
  await writeFile(PAGE, `# accuracy\n\n${describeMachine()}\n\n${PAGE_NOTE}\n\n${table}`);
}

async function repeat(run: AccuracyRun): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const seed of run.seeds) {
    process.stderr.write(`\n${run.name}, seed ${seed}\n`);
    const folder = await mkdtemp(join(tmpdir(), 'twinvec-accuracy-'));
    try {
      outcomes.push(await run.measure(folder, seed));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return outcomes;
}

await main();
