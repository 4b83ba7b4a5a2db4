/**
 * Filtered ranking: each positive record asks with its in0 for its in1 among the candidates, those left out that are
 * known to belong to the same in0. By embeddings, whose memory is 4 bytes a value of each candidate, or by the model's
 * scores of every pair.
 */
import { ranksAmong, toUnitRows } from '#core/object2vec/nearest.ts';
import { GrowingMatrix } from '../neighbours/embedding-lines.ts';
import type { CandidateSet } from './candidates.ts';
import { type Candidate, isBad, type LabelledRecord, type Reader } from './labelled-records.ts';
import type { ModelUnderTest } from './model-under-test.ts';

export type RankBy = 'cosine' | 'dot' | 'score';

export interface RankSettings {
  readonly by: RankBy;
  /** Which input's encoder embeds the candidates; in0 gives the same for queries and candidates. */
  readonly encoder: 'in0' | 'in1';
  /** Further candidates. */
  readonly more: Reader<Candidate> | undefined;
  /** The further candidates and the right one are all there are. */
  readonly onlyMore: boolean;
}

export interface RankInput {
  readonly model: ModelUnderTest;
  readonly records: Reader<LabelledRecord>;
  readonly isPositive: (label: number) => boolean;
  /** Has every in1 of the records and what is positive. */
  readonly set: CandidateSet;
  readonly onQuery: (queries: number) => void;
}

export interface Ranks {
  /** From 1; a positive whose in0 or in1 the model refuses has none. */
  readonly ranks: readonly number[];
  /** Offered to every query, known positives aside. */
  readonly candidates: number;
}

export async function rankPositives(input: RankInput, settings: RankSettings): Promise<Ranks> {
  return settings.by === 'score' ? rankByScore(input, settings) : rankByEmbedding(input, settings);
}

interface Numbered {
  readonly number: number;
  readonly in1: string;
}

/** Each candidate once, in the order of its number; `inPool` says which of them are offered to everybody. */
async function* distinctCandidates(
  { records, set }: RankInput,
  { more, onlyMore }: RankSettings,
  inPool: boolean[],
): AsyncGenerator<Numbered[]> {
  let next = 0;
  const numbered = (number: number, in1: string): Numbered[] => {
    if (number !== next) return [];
    next += 1;
    return [{ number, in1 }];
  };
  for await (const some of records()) {
    yield some.flatMap((record) => {
      const number = isBad(record) ? undefined : set.numberOf(record.in1);
      if (number === undefined) return [];
      inPool[number] = !onlyMore;
      return numbered(number, (record as LabelledRecord).in1);
    });
  }
  if (!more) return;
  for await (const some of more()) {
    yield some.flatMap((record) => {
      if (isBad(record)) return [];
      const number = set.add(record.in1);
      inPool[number] = true;
      return numbered(number, record.in1);
    });
  }
}

async function* positives({ records, isPositive }: RankInput): AsyncGenerator<LabelledRecord[]> {
  for await (const some of records()) {
    yield some.filter((record): record is LabelledRecord => !isBad(record) && isPositive(record.label));
  }
}

async function rankByEmbedding(input: RankInput, settings: RankSettings): Promise<Ranks> {
  const { model, set, onQuery } = input;
  const inPool: boolean[] = [];
  const growing = new GrowingMatrix();
  const rowOf: number[] = [];
  const candidates = distinctCandidates(input, settings, inPool);
  for await (const { items, rows, values, width } of model.ask(
    candidates,
    ({ in1 }) => `{"${settings.encoder}":${in1}}`,
  )) {
    items.forEach(({ number }, at) => {
      const row = rows[at]!;
      rowOf[number] = row < 0 ? -1 : growing.records.length;
      if (row >= 0) growing.add(number, values.subarray(row * width, (row + 1) * width));
    });
  }
  const raw = growing.toMatrix();
  const matrix = settings.by === 'cosine' ? toUnitRows(raw) : raw;
  const ranks: number[] = [];
  for await (const { items, rows, values, width } of model.ask(positives(input), ({ in0 }) => `{"in0":${in0}}`)) {
    const asked = items.flatMap(({ in0, in1 }, at) => {
      const gold = rowOf[set.numberOf(in1)!]!;
      return rows[at]! < 0 || gold < 0 ? [] : [{ gold, row: rows[at]!, known: set.positivesOf(in0) }];
    });
    const queryValues = new Float32Array(asked.length * width);
    for (const [at, { row }] of asked.entries()) {
      queryValues.set(values.subarray(row * width, (row + 1) * width), at * width);
    }
    const raw = { rows: asked.length, width, values: queryValues };
    const isCandidate = (query: number, row: number) => {
      const number = growing.records[row]!;
      return inPool[number]! && !asked[query]!.known.has(number);
    };
    const golds = Int32Array.from(asked, ({ gold }) => gold);
    ranks.push(...ranksAmong(settings.by === 'cosine' ? toUnitRows(raw) : raw, golds, matrix, isCandidate));
    onQuery(ranks.length);
  }
  return { ranks, candidates: growing.records.filter((number) => inPool[number]).length };
}

async function rankByScore(input: RankInput, settings: RankSettings): Promise<Ranks> {
  const { model, set, onQuery } = input;
  const inPool: boolean[] = [];
  const candidates: Numbered[] = [];
  for await (const some of distinctCandidates(input, settings, inPool)) candidates.push(...some);
  const ranks: number[] = [];
  for await (const some of positives(input)) {
    for (const { in0, in1, label } of some) {
      const gold = set.numberOf(in1)!;
      const known = set.positivesOf(in0);
      const offered = candidates.filter(({ number }) => number === gold || (inPool[number]! && !known.has(number)));
      const scores = await scoresOf(model, in0, offered, label);
      const goldScore = scores.get(gold);
      if (goldScore !== undefined) ranks.push(rankIn(scores.values(), goldScore));
      onQuery(ranks.length);
    }
  }
  return { ranks, candidates: inPool.filter(Boolean).length };
}

/** By candidate: the odds of the class, or the predicted value. */
async function scoresOf(
  model: ModelUnderTest,
  in0: string,
  offered: readonly Numbered[],
  label: number,
): Promise<Map<number, number>> {
  const scores = new Map<number, number>();
  async function* once(): AsyncGenerator<readonly Numbered[]> {
    yield offered;
  }
  for await (const { items, rows, values, width } of model.ask(once(), ({ in1 }) => `{"in0":${in0},"in1":${in1}}`)) {
    items.forEach(({ number }, at) => {
      if (rows[at]! < 0) return;
      const row = values.subarray(rows[at]! * width, (rows[at]! + 1) * width);
      scores.set(number, width === 1 ? row[0]! : oddsOf(row, label));
    });
  }
  return scores;
}

/** Odds order as probabilities do, and stay apart where probabilities round to 1. */
function oddsOf(probabilities: Float32Array, label: number): number {
  const others = probabilities.reduce((sum, one, c) => (c === label ? sum : sum + one), 0);
  return probabilities[label]! / others;
}

/** The gold is one of the scores. */
function rankIn(scores: Iterable<number>, gold: number): number {
  let rank = 0.5;
  for (const score of scores) rank += score > gold ? 1 : score === gold ? 0.5 : 0;
  return rank;
}
