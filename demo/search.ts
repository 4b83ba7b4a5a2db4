/** Search among the candidate concepts: a definition is embedded by the endpoint, then compared with all of them. */
import { dotProducts, findNearest } from '#core/object2vec/nearest.ts';
import { type RankingQuality, rankOf, summarizeRanks } from '#core/object2vec/ranking.ts';
import { createProgress } from '#core/terminal/progress.ts';
import { askRouter } from './router-client.ts';
import { definitionTokens, type Pair, type Task } from './task.ts';
import { buildTfIdfIndex } from './tf-idf.ts';
import { encodeDefinition, MAX_TOKENS } from './training-files.ts';
import { tokenize } from './vocabulary.ts';
import type { Concept } from './wordnet.ts';

const QUERIES_PER_REQUEST = 100;

export interface HeldOutResult {
  readonly quality: RankingQuality;
  /** Definitions embedded per second through the router, the ranking left out. */
  readonly recordsPerSecond: number;
}

/** @param concepts Embeddings of all candidates, [candidates x width] */
export async function rankHeldOut(task: Task, concepts: Float32Array): Promise<HeldOutResult> {
  const total = task.heldOut.length;
  const progress = createProgress({ label: 'ranking', total, unit: 'definitions', sink: process.stderr });
  const ranks: number[] = [];
  let invokedMs = 0;
  for (let at = 0; at < total; at += QUERIES_PER_REQUEST) {
    const pairs = task.heldOut.slice(at, at + QUERIES_PER_REQUEST);
    const asked = performance.now();
    const queries = await embedDefinitions(pairs.map((pair) => encodeDefinition(task, pair)));
    invokedMs += performance.now() - asked;
    ranks.push(...ranksOf(pairs, queries, concepts));
    progress.update(ranks.length);
  }
  progress.finish();
  return { quality: summarizeRanks(ranks), recordsPerSecond: (ranks.length / invokedMs) * 1000 };
}

/** Rank of each pair's parent among all concepts; `queries` and `concepts` are rows, one for each. */
export function ranksOf(pairs: readonly Pair[], queries: Float32Array, concepts: Float32Array): number[] {
  const width = queries.length / pairs.length;
  return pairs.map(({ parent }, row) =>
    rankOf(parent, dotProducts(queries.subarray(row * width, (row + 1) * width), concepts)),
  );
}

/** The baseline sees what a concept says of itself: its words and its definition. */
export function rankByTfIdf(task: Task): RankingQuality {
  const index = buildTfIdfIndex(task.candidates.map(ownText));
  return summarizeRanks(task.heldOut.map(({ child, parent }) => rankOf(parent, index.scores(definitionTokens(child)))));
}

/** The `k` candidates nearest to a free-text question, best first. */
export async function nearestConcepts(
  task: Task,
  concepts: Float32Array,
  question: string,
  k: number,
): Promise<Concept[]> {
  const query = await embedDefinitions([task.vocabulary.encode(tokenize(question)).slice(0, MAX_TOKENS)]);
  const width = query.length;
  const candidates = { rows: concepts.length / width, width, values: concepts };
  const [nearest] = findNearest({ rows: 1, width, values: query }, candidates, k);
  return nearest!.map(({ record }) => task.candidates[record]!);
}

/** Lines of `{"embeddings":[...]}` as one [lines x width] matrix of unit rows, whose dot products are cosines. */
export function readEmbeddings(lines: string): Float32Array {
  return toMatrix(parseEmbeddings(lines).map(toUnitLength));
}

/** The same at the lengths that the model gave them, whose dot products are what it was trained by. */
export function readUnscaledEmbeddings(lines: string): Float32Array {
  return toMatrix(parseEmbeddings(lines));
}

function parseEmbeddings(lines: string): number[][] {
  const records = lines.trimEnd().split('\n');
  return records.map((line) => (JSON.parse(line) as { embeddings: number[] }).embeddings);
}

function toUnitLength(row: readonly number[]): number[] {
  const length = Math.hypot(...row) || 1;
  return row.map((value) => value / length);
}

function toMatrix(rows: readonly (readonly number[])[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const matrix = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) matrix.set(row, at * width);
  return matrix;
}

async function embedDefinitions(tokenIds: readonly (readonly number[])[]): Promise<Float32Array> {
  const body = tokenIds.map((in0) => JSON.stringify({ in0 })).join('\n');
  const answer = await askRouter(body, 'application/jsonlines');
  if (answer.status !== 200) throw new Error(`The router answered ${answer.status}: ${answer.body}`);
  return readEmbeddings(answer.body);
}

function ownText({ words, definition }: Concept): string[] {
  return [...words.flatMap(tokenize), ...tokenize(definition)];
}
