/** Text all the way: prepare, train with its folder as auxiliary channel, serve, and ask in words. On every engine. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../container/src/object2vec/artifact.ts';
import { ENGINES } from '../fixtures/pair-model/engines.ts';
import { runTwinvec } from '../run-twinvec.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

const COLOURS = ['Red', 'green', 'blue', 'grün'];
const THINGS = ['fox', 'car', 'house', 'guitar', 'tree'];

let work: string;
let data: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'twinvec-text-'));
  data = join(work, 'data');
  const rows = COLOURS.flatMap((colour) =>
    THINGS.map((thing, n) => `"The ${colour}, ${colour} ${thing}!",A ${thing},${n % 2}`),
  );
  await writeFile(join(work, 'pairs.csv'), `q,a,y\n${rows.join('\n')}\n`);
  const options = ['--in0', 'q', '--in1', 'a', '--label', 'y', '--lower-case', '--shared-vocabulary'];
  const ended = await runTwinvec(['prepare', '--input', join(work, 'pairs.csv'), '--output', data, ...options]);
  expect(ended.exitCode, ended.errors).toBe(0);
  const vectors = [...THINGS, 'unseen'].map(
    (thing, n) => `${thing} ${Array.from({ length: 8 }, (_, i) => n + i / 8).join(' ')}`,
  );
  await writeFile(join(data, 'vectors.vec'), `${vectors.length} 8\n${vectors.join('\n')}\n`);
});

afterAll(() => rm(work, { recursive: true }));

async function vocabulary(): Promise<Record<string, number>> {
  return JSON.parse(await readFile(join(data, 'vocabulary.json'), 'utf8')) as Record<string, number>;
}

async function train(engine: string, name: string, settings: readonly string[], train = join(data, 'train.jsonl')) {
  const ended = await runTwinvec([
    'train',
    ...['--train', train, '--auxiliary', data, '--output', join(work, name), '--engine', engine],
    ...['--set', 'enc0_network=pooled_embedding', 'enc0_vocab_size=20', 'enc0_max_seq_len=5', 'enc_dim=8'],
    ...['epochs=2', 'mlp_dim=8', 'enc0_vocab_file=vocabulary.json', ...settings],
  ]);
  return { ...ended, model: join(work, name) };
}

describe.each(ENGINES)('a model of words, engine %s', (engine) => {
  let server: ServerProcess;
  let model: string;

  beforeAll(async () => {
    const trained = await train(engine, `model-${engine}`, ['enc0_pretrained_embedding_file=vectors.vec']);
    expect(trained.exitCode, trained.errors).toBe(0);
    expect(trained.errors).toMatch(/enc0: 5 of 12 words \(41\.7 %\) found in auxiliary\/vectors\.vec/);
    model = trained.model;
    server = await startServer({ modelDir: model, env: { TWINVEC_ENGINE: engine } });
  });

  afterAll(() => server?.stop());

  async function ask(body: unknown, type = 'application/json') {
    const text = type === 'application/json' ? JSON.stringify({ instances: body }) : lines(body as unknown[]);
    const response = await fetch(`${server.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: text,
    });
    return { status: response.status, body: await response.text() };
  }

  const lines = (records: readonly unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');

  it('carries the vocabulary and its rules', async () => {
    expect(await readdir(join(model, '1', 'assets'))).toEqual(['vocabulary.json']);
    expect(await readFile(join(model, '1', 'assets', 'vocabulary.json'), 'utf8')).toBe(
      await readFile(join(data, 'vocabulary.json'), 'utf8'),
    );
    const rules = { tokenizer: { version: 1, split: 'words', lowerCase: true }, unknownWords: 'mark' };
    expect(await readManifest(model)).toMatchObject({
      inputs: { in0: { vocabulary: 'vocabulary.json' }, in1: { vocabulary: 'vocabulary.json' } },
      text: rules,
    });
  });

  it.each(['application/json', 'application/jsonlines'])(
    'answers text, words and ids to the byte alike, as %s',
    async (type) => {
      // Prepare
      const ids = await vocabulary();
      const idsOf = (text: string) => text.split(' ').map((word) => ids[word] ?? ids['<unk>']);
      const asIds = [
        { in0: idsOf('the red guitar'), in1: idsOf('a fox') },
        { in0: idsOf('grün violet house').slice(0, 5), in1: idsOf('nothing') },
        { in0: idsOf('the the the the the'), in1: idsOf('tree') },
      ];
      const asText = [
        { in0: 'The RED guitar', in1: 'a... fox' },
        { in0: 'Gr\u0075\u0308n, violet house!', in1: ['nothing'] },
        { in0: 'the '.repeat(80), in1: [ids.tree] },
      ];

      // Act
      const [numbers, words] = [await ask(asIds, type), await ask(asText, type)];

      // Assess
      expect(numbers.status).toBe(200);
      expect(words).toEqual(numbers);
      const embeddings = await ask(
        asText.map(({ in0 }) => ({ in0 })),
        type,
      );
      expect(embeddings).toEqual(
        await ask(
          asIds.map(({ in0 }) => ({ in0 })),
          type,
        ),
      );
    },
  );

  it('reads text of bodies that go to the codec threads, too', async () => {
    // Prepare: over 256 KiB
    const ids = await vocabulary();
    const texts = Array.from({ length: 12_000 }, (_, n) => ({
      in0: `The ${COLOURS[n % 4]} ${THINGS[n % 5]}`,
      in1: 'A',
    }));
    const numbers = texts.map(({ in0 }) => ({
      in0: in0
        .toLowerCase()
        .split(' ')
        .map((word) => ids[word]),
      in1: [ids.a],
    }));
    expect(JSON.stringify(numbers).length).toBeGreaterThan(262_144);

    // Act
    const [words, asIds] = [await ask(texts), await ask(numbers)];

    // Assess
    expect(words.status).toBe(200);
    expect(words.body === asIds.body).toBe(true);
  });

  it('refuses text without a word, naming record and field', async () => {
    const { status, body } = await ask([{ in0: 'a' }, { in0: '?!' }]);
    expect(status).toBe(422);
    expect(JSON.parse(body)).toMatchObject({
      error: { code: 'EmptySequence', record: 1, message: expect.stringContaining('Record 1: in0 has no word') },
    });
  });

  it('trains on records of text to the very same model', async () => {
    // Prepare
    const folder = join(work, `text-records-${engine}`);
    await mkdir(folder);
    const records = COLOURS.flatMap((colour) =>
      THINGS.map((thing, n) => ({ label: n % 2, in0: `The ${colour}, ${colour} ${thing}!`, in1: `A ${thing}` })),
    );
    await writeFile(join(folder, 'train.jsonl'), lines(records));

    // Act
    const ofText = await train(
      engine,
      `model-text-${engine}`,
      ['enc0_pretrained_embedding_file=vectors.vec'],
      join(folder, 'train.jsonl'),
    );

    // Assess
    expect(ofText.exitCode, ofText.errors).toBe(0);
    const variables = (dir: string) => readFile(join(dir, '1', 'variables', 'variables.data-00000-of-00001'));
    expect((await variables(ofText.model)).equals(await variables(model))).toBe(true);
  });
});

it('a model of ids says what to do with text', async () => {
  // Prepare
  const folder = join(work, 'ids-only');
  const trained = await runTwinvec([
    'train',
    ...['--train', join(data, 'train.jsonl'), '--output', folder, '--engine', 'js'],
    ...['--set', 'enc0_network=pooled_embedding', 'enc0_vocab_size=20', 'enc0_max_seq_len=5', 'enc_dim=8', 'epochs=1'],
  ]);
  expect(trained.exitCode, trained.errors).toBe(0);
  const server = await startServer({ modelDir: folder, env: { TWINVEC_ENGINE: 'js' } });

  // Act
  const response = await fetch(`${server.url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"instances":[{"in0":[1],"in1":"a fox"}]}',
  });

  // Assess
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ error: { code: 'NoVocabulary', record: 0 } });
  await server.stop();
});

it('a vocabulary that is gone from the artifact keeps the server from starting, with the reason', async () => {
  // Prepare
  const trained = await train('js', 'model-broken', []);
  expect(trained.exitCode, trained.errors).toBe(0);
  await rm(join(trained.model, '1', 'assets', 'vocabulary.json'));

  // Act and assess
  await expect(startServer({ modelDir: trained.model, env: { TWINVEC_ENGINE: 'js' } })).rejects.toThrow(
    /assets\/vocabulary\.json cannot be read \(ENOENT\)/,
  );
});
