/**
 * A trained Object2Vec model behind the real server process, on every engine of this machine: formats, modes, and that
 * an answer never depends on what else is in the batch.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { trainPairModel, VOCABULARY_SIZE } from '../fixtures/pair-model/train-pair-model.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

interface Pair {
  readonly in0: readonly number[];
  readonly in1: readonly number[];
}
type Row = { readonly scores: readonly number[] } | { readonly embeddings: readonly number[] };

const GOLDEN = { instances: [{ in0: [1, 2, 3], in1: [4] }] };

/** Pairs of differing lengths; the same for the same number. */
function pairOf(n: number): Pair {
  const ids = (count: number, step: number) =>
    Array.from({ length: count }, (_, i) => (n * step + i * i) % VOCABULARY_SIZE);
  return { in0: ids(1 + (n % 9), 7), in1: ids(1 + (n % 4), 11) };
}

const values = (row: Row) => ('scores' in row ? row.scores : row.embeddings);

function expectSameRows(actual: readonly Row[], expected: readonly Row[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, row] of actual.entries()) {
    const wanted = values(expected[index]!);
    for (const [place, value] of values(row).entries()) expect(value).toBeCloseTo(wanted[place]!, 5);
  }
}

describe.each(ENGINES)('Object2Vec served by %s', (engine) => {
  let workDir: string;
  let modelDir: string;
  let server: ServerProcess;

  async function invoke(body: unknown, headers: Readonly<Record<string, string>> = {}, to = server) {
    const response = await fetch(`${to.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  }

  async function rowsOf(instances: readonly object[]): Promise<Row[]> {
    const { text } = await invoke({ instances });
    return (JSON.parse(text) as { predictions: Row[] }).predictions;
  }

  beforeAll(async () => {
    workDir = mkdtempSync(join(tmpdir(), 'twinvec-served-'));
    modelDir = (await trainPairModel(workDir, engine)).folder;
    server = await startServer({ modelDir, env: { TWINVEC_ENGINE: engine } });
  });

  afterAll(async () => {
    const { exitCode } = await server.stop();
    rmSync(workDir, { recursive: true, force: true });
    expect(exitCode).toBe(0);
  });

  it('says in one line where the network of INFERENCE_PREFERRED_MODE is', async () => {
    // Act
    const preferring = await startServer({
      modelDir,
      env: { TWINVEC_ENGINE: engine, INFERENCE_PREFERRED_MODE: 'embedding' },
    });
    const lines = preferring.logs.filter(({ event }) => event === 'engine').map(({ line }) => line);
    const { status } = await invoke(GOLDEN, {}, preferring);
    await preferring.stop();

    // Assess
    const expected = engine === 'js' ? /uses no GPU/ : /sees no GPU|On the GPU: .*flat_embed_in1/;
    expect(lines).toEqual([expect.stringMatching(expected)]);
    expect(status).toBe(200);
  });

  it('warms up before it is ready, on the engine that was asked for', () => {
    // Assess
    expect(server.logs.find(({ event }) => event === 'ready')?.engine).toBe(engine);
  });

  it('H1 H2 answers pairs with scores and single inputs with embeddings', async () => {
    // Act
    const [scores] = await rowsOf([{ in0: [1], in1: [2] }]);
    const [first] = await rowsOf([{ in0: [1] }]);
    const [second] = await rowsOf([{ in1: [1] }]);

    // Assess
    expect(values(scores!)).toHaveLength(2);
    expect(values(scores!).reduce((sum, score) => sum + score)).toBeCloseTo(1, 5);
    expect(values(first!)).toHaveLength(8);
    expect(values(second!)).toHaveLength(8);
  });

  it('the same rows alone, in a batch of 64 and concurrently with others are the same', async () => {
    // Prepare
    const pairs = Array.from({ length: 64 }, (_, n) => pairOf(n));

    // Act
    const together = await rowsOf(pairs);
    const alone: Row[] = [];
    for (const pair of pairs) alone.push(...(await rowsOf([pair])));
    const concurrent = (await Promise.all(pairs.map((pair) => rowsOf([pair])))).flat();

    // Assess
    expectSameRows(alone, together);
    expectSameRows(concurrent, together);
  });

  it('H10 a sequence longer than the request allows is cut, as if it had been sent short', async () => {
    // Act
    const cut = await invoke(
      { instances: [{ in0: [1, 2, 3, 4, 5] }] },
      { 'content-type': 'application/json; infer_max_seqlens=2,2' },
    );
    const short = await invoke({ instances: [{ in0: [1, 2] }] });

    // Assess
    expect(cut.status).toBe(200);
    expect(cut.text).toBe(short.text);
  });

  it('a request over the budget of a call is split, and its rows keep their order', async () => {
    // Prepare
    const small = await startServer({ modelDir, env: { TWINVEC_ENGINE: engine, TWINVEC_BATCH_ROWS: '7' } });
    const pairs = Array.from({ length: 100 }, (_, n) => pairOf(n));

    // Act
    const { text } = await invoke({ instances: pairs }, {}, small);
    await small.stop();

    // Assess
    expectSameRows((JSON.parse(text) as { predictions: Row[] }).predictions, await rowsOf(pairs));
  });

  it('C-5 a body and an answer of megabytes go through the codec threads and are the same', async () => {
    // Prepare: 3 MB in, 2 MB out, as embeddings of 40 distinct inputs over and over
    const inputs = Array.from({ length: 30_000 }, (_, n) => ({ in0: Array(20).fill(n % VOCABULARY_SIZE) }));
    const distinct = await rowsOf(inputs.slice(0, VOCABULARY_SIZE));

    // Act
    const rows = await rowsOf(inputs);

    // Assess
    expect(rows).toHaveLength(inputs.length);
    expectSameRows(rows.slice(-VOCABULARY_SIZE), distinct);
  });

  it('H8 H11 one record of 5,000 tokens among 10,000 short ones changes none of their answers', async () => {
    // Prepare
    const long = { in0: Array.from({ length: 5000 }, (_, n) => n % VOCABULARY_SIZE) };
    const short = Array.from({ length: 10_000 }, (_, n) => ({ in0: pairOf(n).in0 }));
    const type = { 'content-type': 'application/json; infer_max_seqlens=5000,5000' };

    // Act
    const [mixed, alone] = await Promise.all([
      invoke({ instances: [...short, long] }, type),
      invoke({ instances: [long] }, type),
    ]);

    // Assess
    const rows = (JSON.parse(mixed.text) as { predictions: Row[] }).predictions;
    expectSameRows(rows.slice(0, 100), await rowsOf(short.slice(0, 100)));
    expectSameRows(rows.slice(-1), (JSON.parse(alone.text) as { predictions: Row[] }).predictions);
  });

  it('D5 a single line over the limit is refused by its size, and the next request is served', async () => {
    // Prepare
    const line = `{"in0":[${'1,'.repeat(3_500_000)}1]}`;

    // Act
    const { status, text } = await invoke(line, { 'content-type': 'application/jsonlines' });
    const next = await invoke(GOLDEN);

    // Assess
    expect(status).toBe(413);
    expect(text).toContain('"PayloadTooLarge"');
    expect(next.status).toBe(200);
  });

  it('JSON Lines come back as JSON Lines, or as JSON when that is accepted', async () => {
    // Prepare
    const body = '{"in0":[1],"in1":[2]}\n{"in0":[3],"in1":[4]}\n';
    const type = { 'content-type': 'application/jsonlines' };

    // Act
    const lines = await invoke(body, type);
    const json = await invoke(body, { ...type, accept: 'application/json' });
    const neither = await invoke(body, { ...type, accept: 'text/csv' });

    // Assess
    expect(lines.type).toBe('application/jsonlines');
    expect(lines.text.trimEnd().split('\n')).toHaveLength(2);
    expect((JSON.parse(json.text) as { predictions: Row[] }).predictions).toHaveLength(2);
    expect(neither.status).toBe(406);
  });

  it.each([
    ['C-1 a truncated body', '{"instances":[{"in0":[1', 400, 'MalformedJson'],
    ['C-4 nesting of 10,000', '['.repeat(10_000), 400, undefined],
    ['C-8 instances twice', '{"instances":[{"in0":[1]}],"instances":[{"in0":[1]}]}', 400, 'DuplicateKey'],
    ['C-10 no instances', '{"instances":[]}', 400, 'InvalidEnvelope'],
    ['H4 mixed records', '{"instances":[{"in0":[1]},{"in1":[1]}]}', 400, 'MixedInputs'],
    ['H5 an empty sequence', '{"instances":[{"in0":[1]},{"in0":[]}]}', 422, 'EmptySequence'],
    ['H6 a negative id', '{"instances":[{"in0":[-1]}]}', 422, 'InvalidTokenId'],
    ['H6 a fraction', '{"instances":[{"in0":[1.5]}]}', 422, 'InvalidTokenId'],
    ['H6 a string', '{"instances":[{"in0":["1"]}]}', 422, 'InvalidTokenId'],
    ['H6 null', '{"instances":[{"in0":[null]}]}', 422, 'InvalidTokenId'],
    ['H6 2^53+1', '{"instances":[{"in0":[9007199254740993]}]}', 422, 'InvalidTokenId'],
    ['H7 an id outside the vocabulary', `{"instances":[{"in0":[${VOCABULARY_SIZE}]}]}`, 422, 'TokenOutOfVocabulary'],
    ['H12 an input name in capitals', '{"instances":[{"IN0":[1]}]}', 400, 'UnknownField'],
  ])('%s is refused, and the next request is served', async (_name, body, status, code) => {
    // Prepare
    const golden = await invoke(GOLDEN);

    // Act
    const refusal = await invoke(body);
    const again = await invoke(GOLDEN);

    // Assess
    expect(refusal.status).toBe(status);
    const { error } = JSON.parse(refusal.text) as { error: { code: string; requestId: string } };
    if (code) expect(error.code).toBe(code);
    expect(error.requestId).toMatch(/./);
    expect(again).toEqual(golden);
    expect((await fetch(`${server.url}/ping`)).status).toBe(200);
  });

  it.each([
    ['B3 another charset', { 'content-type': 'application/json; charset=utf-16' }, 415, 'UnsupportedMediaType'],
    ['B10 a form', { 'content-type': 'multipart/form-data' }, 415, 'UnsupportedMediaType'],
    [
      'H9 lengths out of range',
      { 'content-type': 'application/json; infer_max_seqlens=0,1' },
      400,
      'InvalidMaxSeqlens',
    ],
    ['B8 nothing acceptable', { accept: 'image/png' }, 406, 'NotAcceptable'],
  ])('%s is refused', async (_name, headers, status, code) => {
    // Act
    const refusal = await invoke(GOLDEN, headers);

    // Assess
    expect(refusal.status).toBe(status);
    expect((JSON.parse(refusal.text) as { error: { code: string } }).error.code).toBe(code);
  });

  describe('in batch mode', () => {
    let batch: ServerProcess;

    beforeAll(async () => {
      batch = await startServer({
        modelDir,
        env: { TWINVEC_ENGINE: engine, SAGEMAKER_BATCH: 'true', SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: '16' },
      });
    });

    afterAll(() => batch.stop());

    const lines = { 'content-type': 'application/jsonlines' };

    it('D3 a bad line becomes a placeholder in its place, and nothing else is lost', async () => {
      // Act
      const { status, text } = await invoke('{"in0":[1]}\n{"in0":[-1]}\n{"in0":[2]}\n', lines, batch);
      const [first, second, third] = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object);

      // Assess
      expect(status).toBe(200);
      expect(first).toHaveProperty('embeddings');
      expect(second).toMatchObject({ error: { code: 'InvalidTokenId' }, record: 1 });
      expect(third).toHaveProperty('embeddings');
    });

    it('D3 lines that are all bad are all placeholders, without an engine call', async () => {
      // Act
      const { status, text } = await invoke('nonsense\n{"in0":[]}\n', lines, batch);

      // Assess
      expect(status).toBe(200);
      expect(text.trimEnd().split('\n')).toHaveLength(2);
    });

    it('A40 the body limit is that of batch transform', async () => {
      // Act: over the real-time limit
      const { status, text } = await invoke('{"in0":[1]}\n'.repeat(600_000), lines, batch);

      // Assess
      expect(status).toBe(200);
      expect(text.split('\n')).toHaveLength(600_001);
    });

    it('L12 as many large requests at once as are advertised are never refused', async () => {
      // Prepare
      const advertised = (await (await fetch(`${batch.url}/execution-parameters`)).json()) as Record<string, number>;
      const body = '{"in0":[1]}\n'.repeat(50_000);

      // Act
      const answers = await Promise.all(
        Array.from({ length: advertised.MaxConcurrentTransforms! }, () => invoke(body, lines, batch)),
      );

      // Assess
      expect(advertised).toEqual({ MaxConcurrentTransforms: 16, BatchStrategy: 'MULTI_RECORD', MaxPayloadInMB: 6 });
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    });
  });
});
