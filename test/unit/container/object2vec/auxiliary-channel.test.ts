/** Vocabularies and pretrained vectors from the auxiliary channel: what is found, and what is refused with its place. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { readAuxiliaryChannel } from '../../../../container/src/object2vec/data/auxiliary-channel.ts';
import { readTrainingJob } from '../../../../container/src/object2vec/training/training-job.ts';
import { createTrainingReport } from '../../../../container/src/object2vec/training/training-report.ts';

const SIZES = { enc0_vocab_size: '6', enc0_max_seq_len: '5', enc_dim: '4', enc0_token_embedding_dim: '2' };
const VOCABULARY = '{"<unk>": 0, "the": 1, "red": 2, "fox": 3, "new york": 4}';
const GLOVE = 'the 1 2\nof 3 4\nnew york 5 6\nfox 7 8\nthe 9 9\n';
const BOTH = { enc0_vocab_file: 'v.json', enc0_pretrained_embedding_file: 'glove.txt' };

let baseDir: string;
beforeEach(async () => {
  baseDir = await mkdtemp(join(tmpdir(), 'twinvec-auxiliary-'));
  await put('input/config/hyperparameters.json', '{}');
});
afterEach(() => rm(baseDir, { recursive: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(baseDir, path)), { recursive: true });
  await writeFile(join(baseDir, path), content);
}

const putWords = (name: string, content: string | Uint8Array) => put(`input/data/auxiliary/${name}`, content);

async function read(hyperparameters: Record<string, string>) {
  const { settings } = parseHyperparameters({ ...SIZES, ...hyperparameters });
  const said: string[] = [];
  const sink = { write: (text: string) => said.push(text) };
  const report = createTrainingReport('algo-1', sink, sink);
  return { files: await readAuxiliaryChannel(await readTrainingJob(baseDir), settings, report), said: said.join('') };
}

describe('pretrained vectors', () => {
  it.each([
    ['GloVe', GLOVE],
    ['GloVe, gzip', gzipSync(GLOVE)],
    ['fastText', `5 2\n${GLOVE.replaceAll('\n', ' \n')}`],
    ['GloVe of Windows, with a byte order mark', `\ufeff${GLOVE.replaceAll('\n', '\r\n')}`],
  ])('as %s give the rows of the words that they have, the first line of each', async (_, content) => {
    // Prepare
    await putWords('v.json', VOCABULARY);
    await putWords('glove.txt', content);

    // Act
    const { files, said } = await read(BOTH);

    // Assess
    const vectors = files.vectors.get('embed_0_weight')!;
    const rows = [0, 1, 2, 3, 4, 5].map((id) => vectors.row(id) && [...vectors.row(id)!]);
    expect(rows).toEqual([undefined, [1, 2], undefined, [7, 8], [5, 6], undefined]);
    expect(files.vectors.get('embed_1_weight')).toBe(vectors);
    expect(said).toContain(
      'enc0: 3 of 5 words (60.0 %) found in auxiliary/glove.txt, the others start as without the file; frozen. 1 lines repeat a word; the first one counts.',
    );
  });

  it('of a file larger than the pieces in which it is read are all found', async () => {
    // Prepare: 2 MB of lines, every 40th of a word of the vocabulary
    const count = 40_000;
    const lines = Array.from({ length: count }, (_, n) => `w${n} ${n}.5 -${n}.25 0.${'1'.repeat(30)}`);
    const words = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`w${40 * n}`, n]));
    await putWords('v.json', JSON.stringify(words));
    await putWords('glove.txt', gzipSync(lines.join('\n')));

    // Act
    const { files, said } = await read({ ...BOTH, enc0_vocab_size: '1000', enc0_token_embedding_dim: '3' });

    // Assess
    const vectors = files.vectors.get('embed_0_weight')!;
    expect(vectors.found).toBe(1000);
    for (const n of [0, 1, 511, 999]) expect([...vectors.row(n)!].slice(0, 2)).toEqual([40 * n + 0.5, -40 * n - 0.25]);
    expect(said).toContain('1,000 of 1,000 words (100.0 %) found in auxiliary/glove.txt; frozen.');
  });

  it('of tied tables are those of the one table', async () => {
    await putWords('v.json', VOCABULARY);
    await putWords('glove.txt', GLOVE);
    const { files } = await read({ ...BOTH, tied_token_embedding_weight: 'true' });
    expect([...files.vectors.keys()]).toEqual(['embed_shared_weight']);
  });

  it.each([
    ['another width', 'the 1 2 3\n', 'auxiliary/glove.txt: line 1: a word with 3 numbers, where token vectors have 2.'],
    [
      'another width, smaller',
      'the 1\n',
      'auxiliary/glove.txt: line 1: a word with 1 number, where token vectors have 2.',
    ],
    ['another width by its header', '9 300\nthe 1 2\n', 'line 1: a word with 300 numbers, where token vectors have 2.'],
    ['a short line', 'the 1 2\nof 1\n', 'auxiliary/glove.txt: line 2: a word with 1 number'],
    [
      'no number',
      'of x y\nred 1 nan\n',
      'auxiliary/glove.txt: line 2: number 2 of "red" is "nan", not a finite float32.',
    ],
    [
      'none of the words',
      'The 1 2\n',
      'auxiliary/glove.txt has a vector for none of the 5 words of the vocabulary, such as "<unk>"',
    ],
    ['nothing', '', 'has a vector for none'],
    ['damaged gzip', gzipSync(GLOVE.repeat(99)).subarray(0, 60), 'auxiliary/glove.txt is damaged gzip'],
  ])('with %s are refused with their place', async (_, content, message) => {
    await putWords('v.json', VOCABULARY);
    await putWords('glove.txt', content);
    await expect(read(BOTH)).rejects.toMatchObject({
      code: 'InvalidTrainingData',
      message: expect.stringContaining(message),
    });
  });
});

describe('a vocabulary', () => {
  it('reads text by the rules of text.json, or at blanks without', async () => {
    // Prepare
    await putWords('v.json', gzipSync(VOCABULARY));

    // Act
    const plain = await read({ enc0_vocab_file: 'v.json' });
    await putWords(
      'text.json',
      JSON.stringify({
        formatVersion: 1,
        tokenizer: { version: 1, split: 'words', lowerCase: true },
        unknownWords: 'drop',
        vocabularies: { in0: 'v.json', in1: 'v.json' },
      }),
    );
    const ruled = await read({ enc0_vocab_file: 'v.json' });

    // Assess
    expect(plain.files.in0!.reader.idsOfText('The red-fox the', 9)).toEqual([0, 0, 1]);
    expect(ruled.files.in0!.reader.idsOfText('The red-fox, so', 9)).toEqual([1, 2, 3]);
    expect(ruled.files.in1!.reader.idsOfText('FOX', 9)).toEqual([3]);
  });

  it('may give several words one id, which is said', async () => {
    await putWords('v.json', '{"a": 0, "A": 0, "b": 1}');
    expect((await read({ enc0_vocab_file: 'v.json' })).said).toContain('auxiliary/v.json: 1 words share the id');
  });

  it.each([
    ['[1]', {}, 'auxiliary/v.json, line 1: it must hold one JSON object'],
    ['{"a": 0,\n "b": "x"}', {}, 'auxiliary/v.json, line 2: the id of "b" is not a whole number'],
    [
      '{"a": 0, "fox": 6}',
      {},
      'auxiliary/v.json: the id of "fox" is 6, and enc0_vocab_size=6 has ids from 0 to 5. Set enc0_vocab_size=7.',
    ],
    [
      VOCABULARY,
      { enc1_vocab_file: 'w.json' },
      'Channel "auxiliary" has no file w.json, which enc1_vocab_file names; found: "v.json".',
    ],
  ])('%s is refused with %j', async (content, more, message) => {
    await putWords('v.json', content);
    await expect(read({ enc0_vocab_file: 'v.json', ...more })).rejects.toMatchObject({
      code: 'InvalidTrainingData',
      message: expect.stringContaining(message),
    });
  });
});

describe('the channel', () => {
  it('is needed when a hyperparameter names a file of it', async () => {
    await expect(read({ enc0_vocab_file: 'v.json' })).rejects.toMatchObject({
      code: 'InvalidTrainingData',
      message: expect.stringContaining('The job has no channel "auxiliary"'),
    });
  });

  it('is said to be unread when none does', async () => {
    await putWords('v.json', VOCABULARY);
    const { files, said } = await read({});
    expect(files.vectors.size).toBe(0);
    expect(said).toContain('Channel "auxiliary" is not read: no hyperparameter names a file of it.');
  });

  it.each([
    ['{"auxiliary":{"TrainingInputMode":"Pipe"}}', 'Channel "auxiliary" is in Pipe mode'],
    ['{"auxiliary":{"ContentType":"text/csv"}}', 'has ContentType "text/csv"; use application/json.'],
    ['{"train":{}}', 'The job has no channel "auxiliary"'],
  ])('is refused as %s', async (config, message) => {
    await put('input/config/inputdataconfig.json', config);
    await putWords('v.json', VOCABULARY);
    await expect(read({ enc0_vocab_file: 'v.json' })).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
  });

  it.each(['{"auxiliary":{"ContentType":"application/json"}}', '{"auxiliary":{}}'])('is read as %s', async (config) => {
    await put('input/config/inputdataconfig.json', config);
    await putWords('v.json', VOCABULARY);
    expect((await read({ enc0_vocab_file: 'v.json' })).files.in0?.name).toBe('v.json');
  });
});
