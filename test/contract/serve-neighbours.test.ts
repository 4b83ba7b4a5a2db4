/**
 * The nearest candidates through the real server process, on every engine of this machine: a model with the candidates
 * that `twinvec index` gave it, and what is refused.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEIGHBOURS_FOLDER } from '#core/object2vec/neighbour-index.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { pair, trainPairModel, VOCABULARY_SIZE } from '../fixtures/pair-model/train-pair-model.ts';
import { runTwinvec } from '../run-twinvec.ts';
import { launchServer, type ServerProcess, startServer } from '../server-process.ts';

interface Neighbour {
  readonly record: number;
  readonly id?: string;
  readonly score: number;
}
type Answer = { readonly neighbours: readonly Neighbour[] };

const CANDIDATES = VOCABULARY_SIZE;
const FAILED = '{"error":{"code":"EmptySequence","message":"in1 is empty"}}';
/** The record of the embeddings file that is no candidate. */
const HOLE = 2;

const cosine = (one: readonly number[], other: readonly number[]): number => dot(one, other) / norm(one) / norm(other);
const dot = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, i) => sum + value * other[i]!, 0);
const norm = (values: readonly number[]): number => Math.sqrt(dot(values, values));

describe.each(ENGINES)('neighbours served by %s', (engine) => {
  let workDir: string;
  let plainModel: string;
  let modelDir: string;
  let server: ServerProcess;
  let embeddings: number[][];

  async function invoke(body: string, headers: Readonly<Record<string, string>>, to = server) {
    const response = await fetch(`${to.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  }

  const attributes = (text: string) => ({ 'x-amzn-sagemaker-custom-attributes': text });

  async function embed(instances: readonly object[], to = server): Promise<number[][]> {
    const { text } = await invoke(JSON.stringify({ instances }), {}, to);
    return (JSON.parse(text) as { predictions: { embeddings: number[] }[] }).predictions.map((row) => row.embeddings);
  }

  async function neighboursOf(instances: readonly object[], asked: string): Promise<Answer[]> {
    const { status, text } = await invoke(JSON.stringify({ instances }), attributes(asked));
    expect(status, text).toBe(200);
    return (JSON.parse(text) as { predictions: Answer[] }).predictions;
  }

  /** The k best by a score, written out. */
  function expected(query: readonly number[], k: number, score: typeof dot): Neighbour[] {
    return embeddings
      .flatMap((values, record) => (record === HOLE ? [] : [{ record, score: score(query, values) }]))
      .sort((one, other) => other.score - one.score)
      .slice(0, k)
      .map((one) => ({ ...one, id: `item "${one.record}"` }));
  }

  function expectSame(answers: readonly Answer[], wanted: readonly (readonly Neighbour[])[]): void {
    expect(answers.map(({ neighbours }) => neighbours.map(({ record, id }) => [record, id]))).toEqual(
      wanted.map((list) => list.map(({ record, id }) => [record, id])),
    );
    answers.forEach(({ neighbours }, row) => {
      neighbours.forEach(({ score }, place) => {
        expect(score).toBeCloseTo(wanted[row]![place]!.score, 4);
      });
    });
  }

  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'twinvec-neighbours-'));
    plainModel = (await trainPairModel(workDir, engine)).folder;
    modelDir = join(workDir, 'model');
    await cp(plainModel, modelDir, { recursive: true });
    const plain = await startServer({ modelDir: plainModel, env: { TWINVEC_ENGINE: engine } });
    embeddings = await embed(
      Array.from({ length: CANDIDATES }, (_, n) => ({ in1: pair(n).in1 })),
      plain,
    );
    await plain.stop();
    const lines = embeddings.map((values, n) => (n === HOLE ? FAILED : JSON.stringify({ embeddings: values })));
    await writeFile(join(workDir, 'items.out'), `${lines.join('\n')}\n`);
    await writeFile(join(workDir, 'ids.txt'), `${embeddings.map((_, n) => `item "${n}"`).join('\n')}\n`);
    const options = ['--embeddings', join(workDir, 'items.out'), '--ids', join(workDir, 'ids.txt')];
    const { exitCode, errors } = await runTwinvec(['index', '--model', modelDir, ...options]);
    expect(exitCode, errors).toBe(0);
    expect(errors).toContain(`${CANDIDATES - 1} candidates of 8 numbers; 1 records without embedding are none.`);
    server = await startServer({ modelDir, env: { TWINVEC_ENGINE: engine } });
  });

  afterAll(async () => {
    const { exitCode } = await server.stop();
    await rm(workDir, { recursive: true, force: true });
    expect(exitCode).toBe(0);
  });

  it('are exact, best first, with the record and the id of each candidate, by cosine and by dot product', async () => {
    // Prepare
    const instances = [5, 6, 7].map((n) => ({ in0: pair(n).in0 }));
    const queries = await embed(instances);

    // Act
    const byCosine = await neighboursOf(instances, 'neighbours=4');
    const byDot = await neighboursOf(instances, 'trace=abc; neighbours=4; metric=dot');

    // Assess
    expectSame(
      byCosine,
      queries.map((query) => expected(query, 4, cosine)),
    );
    expectSame(
      byDot,
      queries.map((query) => expected(query, 4, dot)),
    );
  });

  it('may be asked for with Accept, in JSON Lines, by either input', async () => {
    // Act
    const headers = { 'content-type': 'application/jsonlines', accept: 'application/jsonlines; neighbours=1' };
    const { type, text } = await invoke(`${JSON.stringify({ in1: pair(9).in1 })}\n{"in1":[3]}\n`, headers);

    // Assess: a candidate's own record is its nearest
    const answers = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
    expect(type).toBe('application/jsonlines');
    expect(answers.map(({ neighbours }) => neighbours.length)).toEqual([1, 1]);
    expect(answers[0]!.neighbours[0]).toMatchObject({ record: 9, score: expect.closeTo(1, 5) });
  });

  it('are all candidates when more are asked for', async () => {
    const [answer] = await neighboursOf([{ in0: [1] }], 'neighbours=1000');
    expect(answer!.neighbours.length).toBe(CANDIDATES - 1);
    expect(answer!.neighbours.some(({ record }) => record === HOLE)).toBe(false);
  });

  it('do not depend on what else is asked at the same time, small or large', async () => {
    // Prepare: the large request goes through the codec threads and several engine calls
    const instances = Array.from({ length: 3000 }, (_, n) => ({ in0: pair(n).in0 }));
    const [query] = await embed([instances[5]!]);

    // Act
    const [large, embedded, ...small] = await Promise.all([
      neighboursOf(instances, 'neighbours=5'),
      embed([instances[5]!]),
      ...Array.from({ length: 20 }, (_, n) => neighboursOf([instances[5]!], `neighbours=${1 + (n % 5)}`)),
    ]);

    // Assess
    expect(large.length).toBe(3000);
    expectSame([large[5]!], [expected(query!, 5, cosine)]);
    expect(embedded[0]!.length).toBe(8);
    small.forEach((answers, n) => {
      expectSame(answers, [expected(query!, 1 + (n % 5), cosine)]);
    });
  });

  it('without being asked for, records are answered with embeddings and scores as ever', async () => {
    const { text } = await invoke(JSON.stringify({ instances: [pair(1)] }), attributes('trace=neighbours'));
    expect(JSON.parse(text)).toEqual({ predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] });
  });

  it.each([
    ['pairs', JSON.stringify({ instances: [pair(1)] }), 'neighbours=3', /both inputs.*send in0 or in1 alone/],
    [
      'none',
      '{"instances":[{"in0":[1]}]}',
      'neighbours=0',
      /neighbours is \\"0\\"; give a whole number from 1 to 1000/,
    ],
    ['too many', '{"instances":[{"in0":[1]}]}', 'neighbours=1001', /from 1 to 1000/],
    ['no number', '{"instances":[{"in0":[1]}]}', 'neighbours=1e1', /from 1 to 1000/],
    ['another metric', '{"instances":[{"in0":[1]}]}', 'neighbours=1;metric=l2', /give cosine or dot/],
    ['two numbers', '{"instances":[{"in0":[1]}]}', 'neighbours=1;neighbours=2', /asked for twice/],
  ])('refuses %s', async (_, body, asked, reason) => {
    const { status, text } = await invoke(body, attributes(asked));
    expect(status).toBe(400);
    expect(text).toContain('"code":"InvalidNeighbours"');
    expect(text).toMatch(reason);
  });

  it('keeps the place of a bad record in batch transform', async () => {
    // Prepare
    const batch = await startServer({ modelDir, env: { TWINVEC_ENGINE: engine, SAGEMAKER_BATCH: 'true' } });
    const headers = { 'content-type': 'application/jsonlines', accept: 'application/jsonlines;neighbours=2' };

    // Act
    const { text } = await invoke('{"in0":[1]}\n{"in0":[-1]}\n{"in0":[2]}\n', headers, batch);
    const allBad = await invoke('{"in0":[-1]}\n', headers, batch);
    await batch.stop();

    // Assess
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Partial<Answer>);
    expect(lines.map(({ neighbours }) => neighbours?.length)).toEqual([2, undefined, 2]);
    expect(lines[1]).toMatchObject({ error: { code: 'InvalidTokenId' }, record: 1 });
    expect(JSON.parse(allBad.text)).toMatchObject({ error: { code: 'InvalidTokenId' }, record: 0 });
  });

  it('says how to make an index when the model has none', async () => {
    // Prepare
    const plain = await startServer({ modelDir: plainModel, env: { TWINVEC_ENGINE: engine } });

    // Act
    const { status, text } = await invoke('{"instances":[{"in0":[1]}]}', attributes('neighbours=3'), plain);
    await plain.stop();

    // Assess
    expect(status).toBe(422);
    expect(text).toMatch(/"code":"NoNeighbourIndex".*twinvec index --model DIR --embeddings FILE/);
  });

  it.each<[string, (folder: string) => Promise<void>, RegExp]>([
    [
      'of another model',
      (folder) => edit(folder, 'index.json', (text) => text.replace('"width": 8', '"width": 9')),
      /candidates of width 9, and the model's embeddings have 8 numbers\. Make it anew with `twinvec index`/,
    ],
    [
      'that is cut off',
      (folder) => edit(folder, 'embeddings.f32', (text) => text.slice(4)),
      /bytes in embeddings\.f32/,
    ],
    [
      'with too few ids',
      (folder) => edit(folder, 'ids.jsonl', (text) => text.slice(text.indexOf('\n') + 1)),
      /ids\.jsonl/,
    ],
    ['without its index', (folder) => rm(join(folder, 'index.json')), /has no readable index\.json/],
  ])('refuses to start with an index %s, saying so', async (_, damage, reason) => {
    // Prepare
    const damaged = await mkdtemp(join(workDir, 'damaged-'));
    await cp(modelDir, damaged, { recursive: true });
    await damage(join(damaged, NEIGHBOURS_FOLDER));

    // Act
    const failed = await launchServer({ modelDir: damaged, env: { TWINVEC_ENGINE: engine } });
    const { exitCode } = await failed.exited;

    // Assess
    expect(exitCode).toBe(1);
    expect(failed.logs.find(({ event }) => event === 'start_failed')).toMatchObject({
      code: 'InvalidArtifact',
      message: expect.stringMatching(reason),
    });
  });
});

async function edit(folder: string, name: string, change: (text: string) => string): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, Buffer.from(change(await readFile(path, 'latin1')), 'latin1'));
}
