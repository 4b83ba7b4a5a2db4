/** `twinvec evaluate` as a person runs it, its figures against the same ones written out over transformed records. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rankOf, summarizeRanks } from '#core/object2vec/ranking.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { pair, trainPairModel } from '../fixtures/pair-model/train-pair-model.ts';
import { runTwinvec } from '../run-twinvec.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

interface Row {
  readonly label: number;
  readonly in0: readonly number[];
  readonly in1: readonly number[];
}

interface Told {
  readonly scores: {
    readonly rows: number;
    readonly values: Readonly<Record<string, number>>;
    readonly classes?: readonly { readonly rows: number; readonly precision: number; readonly recall: number }[];
    readonly confusion?: readonly (readonly number[])[];
  };
  readonly ranking?: Readonly<Record<string, number>>;
  readonly bad: { readonly count: number; readonly listed: readonly { place: string; reason: string }[] };
}

/** Every in0 has two positives, so that the one is left out when the other is asked for. */
const ROWS: readonly Row[] = Array.from({ length: 60 }, (_, n) => ({
  label: n % 3 === 0 ? 0 : 1,
  in0: pair(n % 12).in0,
  in1: pair((5 * n) % 23).in1,
}));
const BAD = ['{"label":1,"in0":[-1],"in1":[1]}', '{"label":9,"in0":[1],"in1":[1]}', '{"in0":[1],"in1":[2]}', '[1,'];

const jsonLines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe.each(ENGINES)('twinvec evaluate with %s', (engine) => {
  let work: string;
  let model: string;
  let server: ServerProcess;

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'twinvec-evaluate-'));
    const trained = await trainPairModel(work, engine);
    model = trained.archive;
    server = await startServer({ modelDir: trained.folder, env: { TWINVEC_ENGINE: engine } });
    await writeFile(join(work, 'test.jsonl'), jsonLines(ROWS));
  });
  afterAll(async () => {
    await server.stop();
    await rm(work, { recursive: true, force: true });
  });

  async function evaluate(input: string, options: readonly string[] = [], of = model) {
    const given = ['--model', of, '--input', join(work, input), '--engine', engine, '--json', ...options];
    const { exitCode, out, errors } = await runTwinvec(['evaluate', ...given]);
    return { exitCode, errors, told: (out === '' ? undefined : JSON.parse(out)) as Told };
  }

  /** What the served model answers, record by record. */
  async function answersTo(records: readonly object[], of = server): Promise<number[][]> {
    const response = await fetch(`${of.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/jsonlines' },
      body: jsonLines(records),
    });
    const lines = (await response.text()).trimEnd().split('\n');
    return lines.map((line) => Object.values(JSON.parse(line) as Record<string, number[]>)[0]!);
  }

  const key = (ids: readonly number[]) => ids.join();
  const distinct = (rows: readonly Row[]) => [...new Map(rows.map(({ in1 }) => [key(in1), in1])).values()];

  /** Ranks of all positives among these candidates by a score, known positives of the same in0 left out. */
  function ranksOf(candidates: readonly (readonly number[])[], score: (query: Row, candidate: number) => number) {
    return ROWS.filter(({ label }) => label === 1).map((row) => {
      const known = new Set(ROWS.filter((o) => o.label === 1 && key(o.in0) === key(row.in0)).map((o) => key(o.in1)));
      const offered = candidates
        .map((in1, candidate) => ({ candidate, id: key(in1) }))
        .filter(({ id }) => id === key(row.in1) || !known.has(id));
      const gold = offered.findIndex(({ id }) => id === key(row.in1));
      return rankOf(
        gold,
        Float32Array.from(offered, ({ candidate }) => score(row, candidate)),
      );
    });
  }

  function expectRanking(told: Told, ranks: readonly number[], candidates: number): void {
    expect(told.ranking).toMatchObject({ queries: ranks.length, candidates });
    for (const [name, value] of Object.entries(summarizeRanks(ranks))) {
      expect(told.ranking?.[name], name).toBeCloseTo(value, 9);
    }
  }

  const cosine = (a: readonly number[], b: readonly number[]) => {
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };

  it('tells the metrics of classes', async () => {
    // Act
    const { exitCode, told } = await evaluate('test.jsonl');

    // Assess
    const scores = await answersTo(ROWS);
    const count = (label: number, answer: number) =>
      ROWS.filter((row, n) => row.label === label && Number(scores[n]![1]! > scores[n]![0]!) === answer).length;
    expect(exitCode).toBe(0);
    expect(told.scores.rows).toBe(60);
    expect(told.scores.confusion).toEqual([0, 1].map((label) => [0, 1].map((answer) => count(label, answer))));
    expect(told.scores.values.accuracy).toBeCloseTo((count(0, 0) + count(1, 1)) / 60, 9);
    const loss = ROWS.reduce((sum, { label }, n) => sum - Math.log(scores[n]![label]!), 0) / 60;
    expect(told.scores.values.cross_entropy).toBeCloseTo(loss, 6);
    expect(told.scores.values.perplexity).toBeCloseTo(Math.exp(loss), 6);
    expect(told.scores.classes![1]).toMatchObject({ rows: 40, recall: expect.closeTo(count(1, 1) / 40, 9) });
  });

  it('ranks positives by cosine among every in1, without the other positives of the same in0', async () => {
    // Act
    const { told } = await evaluate('test.jsonl', ['--rank', 'cosine']);

    // Assess
    const candidates = distinct(ROWS);
    const queries = await answersTo(ROWS.map(({ in0 }) => ({ in0 })));
    const embedded = await answersTo(candidates.map((in1) => ({ in1 })));
    const ranks = ranksOf(candidates, (row, candidate) => cosine(queries[ROWS.indexOf(row)]!, embedded[candidate]!));
    expectRanking(told, ranks, candidates.length);
  });

  it('ranks with one encoder for both sides among given candidates alone, as AWS’s protocol does', async () => {
    // Prepare: the right one is offered to its own query only
    const pool = Array.from({ length: 30 }, (_, n) => [(3 * n) % 40, 4]);
    await writeFile(join(work, 'pool.jsonl'), jsonLines(pool.map((in1) => ({ in1 }))));
    const options = ['--candidates', join(work, 'pool.jsonl'), '--only-candidates', '--encoder', 'in0'];

    // Act
    const { told, errors } = await evaluate('test.jsonl', ['--rank', 'cosine', ...options]);

    // Assess
    const queries = await answersTo(ROWS.map(({ in0 }) => ({ in0 })));
    const embedded = await answersTo(pool.map((in1) => ({ in0: in1 })));
    const right = await answersTo(ROWS.map(({ in1 }) => ({ in0: in1 })));
    const ranks = ROWS.flatMap(({ label }, n) => {
      if (label === 0) return [];
      const scores = [right[n]!, ...embedded].map((values) => cosine(queries[n]!, values));
      return [rankOf(0, Float32Array.from(scores))];
    });
    expect(told, errors).toBeDefined();
    expectRanking(told, ranks, pool.length);
  });

  it('ranks by the scores of every pair', async () => {
    // Act
    const { told } = await evaluate('test.jsonl', ['--rank', 'score']);

    // Assess
    const candidates = distinct(ROWS);
    const pairs = ROWS.flatMap(({ in0 }) => candidates.map((in1) => ({ in0, in1 })));
    const scores = await answersTo(pairs);
    const ranks = ranksOf(candidates, (row, candidate) => {
      const [against, towards] = scores[ROWS.indexOf(row) * candidates.length + candidate]!;
      return towards! / against!;
    });
    expectRanking(told, ranks, candidates.length);
  });

  it('names every record that cannot be used by file and line, and measures the others', async () => {
    // Prepare
    await writeFile(join(work, 'mixed.jsonl.gz'), gzipSync(`${BAD.join('\n')}\n\n${jsonLines(ROWS)}`));

    // Act
    const [mixed, plain] = [await evaluate('mixed.jsonl.gz'), await evaluate('test.jsonl')];

    // Assess
    expect(mixed.exitCode).toBe(3);
    expect(mixed.told.scores).toEqual(plain.told.scores);
    expect(mixed.told.bad.count).toBe(4);
    const reasons = new Map(mixed.told.bad.listed.map(({ place, reason }) => [place, reason]));
    expect(reasons.get('mixed.jsonl.gz:1')).toMatch(/^in0\[0\]/);
    expect(reasons.get('mixed.jsonl.gz:2')).toBe("has label 9; the model's classes are 0 to 1");
    expect(reasons.get('mixed.jsonl.gz:3')).toBe('has no label that is a number');
    expect(reasons.get('mixed.jsonl.gz:4')).toBe('is not a JSON object');
    expect(mixed.errors).toContain('mixed.jsonl.gz:3 has no label that is a number');
  });

  it('tells the errors and correlations of a regression', async () => {
    // Prepare
    const folder = await mkdtemp(join(work, 'regression-'));
    const { archive, folder: unpacked } = await trainPairModel(folder, engine, { output_layer: 'mean_squared_error' });

    // Act
    const { exitCode, told } = await evaluate('test.jsonl', [], archive);

    // Assess
    const other = await startServer({ modelDir: unpacked, env: { TWINVEC_ENGINE: engine } });
    const predictions = (await answersTo(ROWS, other)).map(([value]) => value!);
    await other.stop();
    const errors = predictions.map((value, n) => value - ROWS[n]!.label);
    const mse = errors.reduce((sum, one) => sum + one * one, 0) / 60;
    expect(exitCode).toBe(0);
    expect(told.scores.values.mean_squared_error).toBeCloseTo(mse, 6);
    expect(told.scores.values.root_mean_squared_error).toBeCloseTo(Math.sqrt(mse), 6);
    expect(told.scores.values.mean_absolute_error).toBeCloseTo(errors.reduce((s, e) => s + Math.abs(e), 0) / 60, 6);
    expect(Math.abs(told.scores.values.pearson!)).toBeLessThanOrEqual(1);
    expect(Math.abs(told.scores.values.spearman!)).toBeLessThanOrEqual(1);
  });
});

describe('twinvec evaluate', () => {
  it.each<[string, string[], RegExp, number]>([
    ['an input that is not there', ['--input', 'nowhere.jsonl'], /There is no file or folder nowhere\.jsonl/, 2],
    ['candidates without a ranking', ['--input', 'x', '--candidates', 'y'], /--candidates needs --rank/, 2],
    ['a ranking that is none', ['--input', 'x', '--rank', 'l2'], /Allowed choices are cosine, dot, score/, 2],
  ])('refuses %s', async (_, options, reason, code) => {
    const { exitCode, out, errors } = await runTwinvec(['evaluate', '--model', 'nowhere', ...options]);
    expect(errors).toMatch(reason);
    expect(exitCode).toBe(code);
    expect(out).toBe('');
  });
});
