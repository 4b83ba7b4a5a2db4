/** The example of AWS's blog post as a reader runs it: the one command, then every command of its README. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeExample } from '#core/examples/example-writer.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { nativeEngine } from '../native-engine.ts';
import { type Ended, runTwinvec } from '../run-twinvec.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const EXAMPLE = path.join(ROOT, 'examples/image-classification');
const run = promisify(execFile);

const IMAGES: Readonly<Record<string, string>> = {
  'awning.jpg': 'vertical stripes',
  'blinds.jpg': 'horizontal stripes',
  'chessboard.jpg': 'checks',
  'fence.png': 'vertical stripes',
  'fog.jpg': 'plain',
  'tiles.png': 'checks',
};

interface Answer {
  readonly predictions: readonly [{ readonly classes: number; readonly probabilities: readonly number[] }];
}

describe.skipIf(!nativeEngine.available)(`examples/image-classification${nativeEngine.note}`, () => {
  let printed = '';
  let readme = '';
  let output = '';

  beforeAll(async () => {
    output = await mkdtemp(path.join(tmpdir(), 'twinvec-images-e2e-'));
    readme = await readFile(path.join(EXAMPLE, 'README.md'), 'utf8');
    printed = (await run(process.execPath, [path.join(EXAMPLE, 'main.ts')], { cwd: ROOT })).stdout;
  }, 120_000);

  afterAll(() => rm(output, { recursive: true, force: true }));

  /** The README's `twinvec transform` that writes to `out/NAME`, with the output elsewhere. */
  async function transformAsWritten(name: string): Promise<Ended> {
    const blocks = [...readme.matchAll(/```sh\n(npx twinvec transform[^`]*)```/g)].map(([, block]) => block!);
    const command = blocks.find((block) => block.includes(`--output out/${name}`))!;
    const [, , ...args] = command.replaceAll('\\\n', ' ').trim().split(/\s+/);
    return runTwinvec(args.map((word) => word.replace(/^(out|examples|\.twinvec)\//, (_, folder) => absolute(folder))));
  }

  function absolute(folder: string): string {
    return `${folder === 'out' ? output : path.join(ROOT, folder)}/`;
  }

  async function answersIn(name: string): Promise<Answer[]> {
    const files = (await readdir(path.join(output, name))).sort();
    expect(files).toEqual(Object.keys(IMAGES).map((image) => `${image}.out`));
    return Promise.all(
      files.map(async (file) => JSON.parse(await readFile(path.join(output, name, file), 'utf8')) as Answer),
    );
  }

  it('prints image, class and probability, and that every way gives the same, as its README shows', () => {
    const rows = printed.split('\n').filter((line) => /^\w+\.(jpg|png) /.test(line));
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual(Object.entries(IMAGES));
    expect(printed.match(/^The same answers: /gm)).toHaveLength(3);
    const words = (text: string) => text.replaceAll(/\d\.\d+/g, '#').trim();
    expect(words(readme)).toContain(words(printed));
  });

  it('runs both jobs of the blog post by the commands of its README', async () => {
    // Act
    const ended = [await transformAsWritten('jpeg'), await transformAsWritten('tfrecord')];

    // Assess
    expect(ended.map(({ exitCode, errors }) => [exitCode, errors.includes('error')])).toEqual([
      [0, false],
      [0, false],
    ]);
    const answers = await answersIn('jpeg');
    const file = await readFile(path.join(output, 'tfrecord', 'train-00000-of-00001.out'), 'utf8');
    const lines = file.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Answer).predictions[0].classes)).toEqual(
      answers.map(({ predictions }) => predictions[0].classes),
    );
    for (const { predictions } of answers) expect(predictions[0].probabilities).toHaveLength(4);
  });

  it('runs without handlers, straight to the model and by the recipe, by the commands of its README', async () => {
    // Act
    const ended = [await transformAsWritten('bare'), await transformAsWritten('pixels')];

    // Assess
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const classesIn = async (name: string) => (await answersIn(name)).map(({ predictions }) => predictions[0].classes);
    expect(await classesIn('pixels')).toEqual(await classesIn('bare'));
  });

  it('takes TFRecords without handlers too, many to a request, and a damaged record keeps its place', async () => {
    // Prepare: the feature has the name of the input; the checksum of the third record is wrong
    const images = await Promise.all(Object.keys(IMAGES).map((name) => readFile(path.join(EXAMPLE, 'images', name))));
    const frames = images.map((image) =>
      writeTfRecord(encodeExample(new Map([['image_bytes', { kind: 'bytes', values: [image] }]]))),
    );
    frames[2]![100]! ^= 1;
    const input = path.join(output, 'records');
    await writeFile(input, Buffer.concat(frames));

    // Act
    const model = path.join(ROOT, '.twinvec/image-classification/bare.tar.gz');
    const how = [
      '--split-type',
      'TFRecord',
      '--content-type',
      'application/x-tfexample',
      '--accept',
      'application/jsonlines',
    ];
    const ended = await runTwinvec(['transform', '--model', model, '--input', input, '--output', output, ...how]);

    // Assess
    expect(ended.exitCode).toBe(3);
    expect(ended.out).toMatch(/records record 3: \{"error":\{"code":"DamagedRecord"/);
    const lines = (await readFile(path.join(output, 'records.out'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual(
      images.map((_, i) => (i === 2 ? 'error' : 'classes')),
    );
  });

  it('has the archive that the README packs by hand', async () => {
    // Prepare
    const [, command] = /```sh\n(tar [^`]*)```/.exec(readme)!;

    // Act
    await run('sh', ['-c', command!.replace('model.tar.gz', path.join(output, 'model.tar.gz'))], { cwd: ROOT });
    const list = async (file: string) =>
      (await run('tar', ['-tzf', file])).stdout
        .split('\n')
        .filter((name) => name && !name.endsWith('/'))
        .sort();

    // Assess
    expect(await list(path.join(output, 'model.tar.gz'))).toEqual(
      await list(path.join(ROOT, '.twinvec/image-classification/model.tar.gz')),
    );
  });
});
