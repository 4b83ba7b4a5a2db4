/** `twinvec prepare` as a person runs it: text in several forms to records that train. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTwinvec } from '../run-twinvec.ts';

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'twinvec-prepare-'));
});

afterAll(() => rm(work, { recursive: true }));

let runs = 0;

async function inputFile(name: string, content: string | Uint8Array): Promise<string> {
  const folder = join(work, `input-${runs++}`);
  await mkdir(folder);
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

async function prepare(input: string, ...options: string[]) {
  const output = join(work, `output-${runs++}`);
  const ended = await runTwinvec(['prepare', '--input', input, '--output', output, ...options]);
  const read = (name: string) => readFile(join(output, name), 'utf8');
  const records = async (name = 'train.jsonl') =>
    (await read(name))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  return { ...ended, output, read, records };
}

const PAIRS = 'question,answer,label\n"The red, red fox",A fox,1\nthe blue car,A car,0\n';
const CHOICE = ['--in0', 'question', '--in1', 'answer', '--label', 'label'];

describe('the forms of input', () => {
  it('numbers the words of CSV columns by frequency and says how the text was cut', async () => {
    // Act
    const { exitCode, out, read, records } = await prepare(await inputFile('p.csv', PAIRS), ...CHOICE, '--lower-case');

    // Assess
    expect(exitCode).toBe(0);
    const words = { '<unk>': 0, red: 1, the: 2, blue: 3, car: 4, fox: 5 };
    expect(JSON.parse(await read('vocabulary.in0.json'))).toEqual(words);
    expect(JSON.parse(await read('vocabulary.in1.json'))).toEqual({ '<unk>': 0, a: 1, car: 2, fox: 3 });
    expect(await records()).toEqual([
      { label: 1, in0: [2, 1, 1, 5], in1: [1, 3] },
      { label: 0, in0: [2, 3, 4], in1: [1, 2] },
    ]);
    expect(JSON.parse(await read('text.json'))).toEqual({
      formatVersion: 1,
      tokenizer: { version: 1, split: 'words', lowerCase: true },
      unknownWords: 'mark',
      vocabularies: { in0: 'vocabulary.in0.json', in1: 'vocabulary.in1.json' },
    });
    expect(out).toMatch(/vocabulary +6 +4/);
    expect(out).toContain('enc0_vocab_size=6 enc0_max_seq_len=4');
  });

  it('reads a folder of TSV by column numbers, gzip too, with class names as labels', async () => {
    // Prepare
    const folder = join(work, 'tsv');
    await mkdir(join(folder, 'more'), { recursive: true });
    await writeFile(join(folder, 'a.tsv'), 'no\tu1\ti-1\r\nyes\tu2\ti-2\r\n');
    await writeFile(join(folder, 'more', 'b.tsv.gz'), gzipSync('yes\tu1\ti-2'));
    await writeFile(join(folder, '_SUCCESS'), '');

    // Act
    const options = ['--in0', '2', '--in1', '3', '--label', '1', '--classes', 'no,yes', '--tokens', 'blanks'];
    const { records, read } = await prepare(folder, ...options);

    // Assess
    expect(await records()).toEqual([
      { label: 0, in0: [1], in1: [2] },
      { label: 1, in0: [2], in1: [1] },
      { label: 1, in0: [1], in1: [1] },
    ]);
    expect(JSON.parse(await read('vocabulary.in1.json'))).toEqual({ '<unk>': 0, 'i-2': 1, 'i-1': 2 });
  });

  it('reads JSON Lines with text or words, and gives every record the same label when told', async () => {
    // Prepare
    const input = await inputFile('p.jsonl', '{"q":"a b","d":["New York","a"]}\n\n{"q":"b","d":7}\n');

    // Act
    const options = ['--in0', 'q', '--in1', 'd', '--label-value', '1', '--shared-vocabulary', '--padding'];
    const { records, read } = await prepare(input, ...options);

    // Assess
    const words = { '<pad>': 0, '<unk>': 1, a: 2, b: 3, '7': 4, 'New York': 5 };
    expect(JSON.parse(await read('vocabulary.json'))).toEqual(words);
    expect(await records()).toEqual([
      { label: 1, in0: [2, 3], in1: [5, 2] },
      { label: 1, in0: [3], in1: [4] },
    ]);
  });

  it('takes each line of a text as in0, for transform, and leaves out lines without words', async () => {
    // Act
    const { records, out, output } = await prepare(await inputFile('t.txt', 'one two\n...\n\ntwo'));

    // Assess
    expect(await records()).toEqual([{ in0: [2, 1] }, { in0: [1] }]);
    expect(out).toMatch(/left out, without words +1/);
    expect(out).toContain('for transform, not for train');
    expect((await readdir(output)).sort()).toEqual(['text.json', 'train.jsonl', 'vocabulary.json']);
  });
});

describe('choices', () => {
  const many = `q,d,y\n${Array.from({ length: 400 }, (_, n) => `the w${n % 7} the,x${n % 5},${n % 2}`).join('\n')}\n`;
  const columns = ['--in0', 'q', '--in1', 'd', '--label', 'y'];

  it('splits by seed, counts only training words, and thins only training records', async () => {
    // Prepare
    const input = await inputFile('many.csv', many);
    const options = [...columns, '--validation', '0.25', '--seed', '7'];

    // Act
    const whole = await prepare(input, ...options);
    const again = await prepare(input, ...options);
    const thinned = await prepare(input, ...options, '--subsample', '0.01');
    const other = await prepare(input, ...columns, '--validation', '0.25', '--seed', '8');

    // Assess
    const validation = await whole.records('validation.jsonl');
    expect((await whole.records()).length + validation.length).toBe(400);
    expect(validation.length).toBeGreaterThan(60);
    expect(validation.length).toBeLessThan(140);
    expect(await again.read('train.jsonl')).toBe(await whole.read('train.jsonl'));
    expect(await thinned.records('validation.jsonl')).toEqual(validation);
    expect((await thinned.read('train.jsonl')).length).toBeLessThan((await whole.read('train.jsonl')).length);
    expect(await other.read('validation.jsonl')).not.toBe(await whole.read('validation.jsonl'));
  });

  it('turns rare words into <unk>, or drops them', async () => {
    // Prepare
    const input = await inputFile('rare.csv', 'q,d\na a rare,a\n');
    const options = ['--in0', 'q', '--in1', 'd', '--min-count', '2', '--shared-vocabulary'];

    // Act
    const marked = await prepare(input, ...options);
    const dropped = await prepare(input, ...options, '--unknown', 'drop');

    // Assess
    expect(await marked.records()).toEqual([{ in0: [1, 1, 0], in1: [1] }]);
    expect(await dropped.records()).toEqual([{ in0: [1, 1], in1: [1] }]);
    expect(marked.out).toMatch(/unknown words +33\.33 %/);
  });

  it('gives other text the ids of an earlier prepare', async () => {
    // Prepare
    const first = await prepare(await inputFile('p.csv', PAIRS), ...CHOICE, '--lower-case');
    const input = await inputFile('more.csv', 'answer,question,label\nA FOX,the green fox,1\n');

    // Act
    const second = await prepare(input, ...CHOICE, '--from', first.output);

    // Assess
    expect(await second.records()).toEqual([{ label: 1, in0: [2, 0, 5], in1: [1, 3] }]);
    expect(await second.read('vocabulary.in0.json')).toBe(await first.read('vocabulary.in0.json'));
    expect(await second.read('text.json')).toBe(await first.read('text.json'));
  });
});

it('makes records that train', async () => {
  // Prepare
  const { output, out } = await prepare(await inputFile('p.csv', PAIRS), ...CHOICE);
  const settings = /--set (.*)/.exec(out)![1]!.split(' ');

  // Act
  const trained = await runTwinvec([
    'train',
    ...[
      '--train',
      join(output, 'train.jsonl'),
      '--output',
      join(work, 'model'),
      '--engine',
      'js',
      '--auxiliary',
      output,
    ],
    ...['--set', ...settings, 'enc_dim=4', 'epochs=1'],
  ]);

  // Assess
  expect(trained).toMatchObject({ exitCode: 0, out: expect.stringContaining('#quality_metric') });
});

describe('when something is wrong', () => {
  it.each<[RegExp, string, string | Uint8Array, string[]]>([
    [/p\.csv: there is no column "nosuch"; there are "question", "answer"/, 'p.csv', PAIRS, ['--in0', 'nosuch']],
    [/p\.csv: line 2: there is no column 2; the row has 1/, 'p.csv', 'a,b\n1\n', ['--in0', 'b']],
    [/p\.csv: line 2: label "maybe" is not a number/, 'p.csv', 'a,y\nx,maybe\n', ['--in0', 'a', '--label', 'y']],
    [/p\.csv: line 2: a quote is opened and never closed/, 'p.csv', 'a\n"x\n', ['--in0', 'a']],
    [/p\.csv is not UTF-8 text/, 'p.csv', Uint8Array.of(0x61, 0x0a, 0xe4, 0x0a), ['--in0', 'a']],
    [/Nothing to train on in the input: none of its 1 records has words/, 'p.csv', 'a\n...\n', ['--in0', 'a']],
    [/p\.jsonl: line 2: not JSON/, 'p.jsonl', '{"a":1}\n{', ['--in0', 'a']],
    [/p\.jsonl: line 1: field "a" is neither text nor an array of words/, 'p.jsonl', '{"a":null}', ['--in0', 'a']],
    [/p\.jsonl: line 1: not a JSON object/, 'p.jsonl', '[1]', ['--in0', 'a']],
    [/p\.csv\.gz is damaged gzip/, 'p.csv.gz', gzipSync(PAIRS).subarray(0, 40), ['--in0', 'question']],
    [/The form of p\.data cannot be told from its name/, 'p.data', 'a', ['--in0', 'a']],
    [/A text file has no columns/, 'p.txt', 'a', ['--in0', 'a']],
    [/nowhere has no readable text\.json/, 'p.txt', 'a', ['--from', 'nowhere']],
    [/Say which column is the first text/, 'p.csv', PAIRS, []],
  ])('says %s of %s, and leaves nothing behind', async (message, name, content, options) => {
    // Prepare
    const input = await inputFile(name, content);
    const before = await readdir(work);

    // Act
    const { exitCode, errors } = await prepare(input, ...options);

    // Assess
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/\n {4}at /);
    expect(exitCode).toBe(2);
    expect(await readdir(work)).toEqual(before);
  });

  it('keeps what is in a folder that is not empty', async () => {
    // Act
    const ended = await runTwinvec(['prepare', '--input', work, '--output', work, '--in0', 'a', '--format', 'csv']);

    // Assess
    expect(ended).toMatchObject({ exitCode: 2, errors: expect.stringContaining('is not empty') });
  });
});
