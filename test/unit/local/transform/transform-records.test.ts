/** What is done with records and bodies on their way: gzip, streams of any size, filters, joins, capture. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataProcessingFields, readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { createDataCapture } from '../../../../local/transform/data-capture.ts';
import { folderSink, folderSource, manifestFileSource } from '../../../../local/transform/folder-storage.ts';
import { runTransform, type TransformOptions } from '../../../../local/transform/run-transform.ts';
import { type EchoOptions, type EchoServer, startEchoServer } from './echo-server.ts';

const LINES = { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 1 } as const;
const STREAMED = { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 0 } as const;
const atOnce = async (): Promise<void> => undefined;

let folder: string;
let server: EchoServer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-transform-'));
  await mkdir(path.join(folder, 'in'));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function put(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, 'in', name), content);
}

async function run(change: Partial<TransformOptions> = {}, echo: EchoOptions = {}) {
  server = await startEchoServer(echo);
  return runTransform({
    source: folderSource(path.join(folder, 'in')),
    sink: folderSink(path.join(folder, 'out')),
    servers: [{ url: server.url }],
    choices: LINES,
    requests: { backOff: atOnce, timeoutMs: 5000 },
    ...change,
  });
}

const processing = (fields: DataProcessingFields) =>
  readDataProcessing({ splitType: 'Line', assembleWith: 'Line', ...fields });
const output = (name: string) => readFile(path.join(folder, 'out', name), 'utf8');
const outputs = async () => (await readdir(path.join(folder, 'out')).catch(() => [])).sort();

describe('gzip inputs', () => {
  it('are unpacked before they are split, several members too, and keep their name', async () => {
    await put({ 'a.jsonl.gz': Buffer.concat([gzipSync('1\n2\n'), gzipSync('3\n')]) });

    const report = await run({ compression: 'Gzip' });

    expect(await output('a.jsonl.gz.out')).toBe('1\n2\n3\n');
    expect(report).toMatchObject({ recordsIn: 3, failures: [] });
  });

  it('fail their own object when they are cut off, damaged or no gzip, and no other', async () => {
    // Prepare
    const text = Array.from({ length: 5000 }, (_, n) => `${n * 7919}\n`).join('');
    const whole = gzipSync(text);
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(7, whole.length - 8);
    await put({
      'cut.gz': whole.subarray(0, -10),
      'damaged.gz': damaged,
      'fine.gz': whole,
      'plain.gz': 'not gzip',
    });

    // Act
    const report = await run({ compression: 'Gzip' });

    // Assess
    expect(await outputs()).toEqual(['fine.gz.out']);
    expect(await output('fine.gz.out')).toBe(text);
    const causes = Object.fromEntries(report.failures.map(({ object, cause }) => [object, cause]));
    expect(causes).toEqual({
      'cut.gz': expect.stringMatching(/^the gzip object is cut off after \d+ unpacked bytes$/),
      'damaged.gz': expect.stringMatching(
        /^the gzip object is damaged after \d+ unpacked bytes: incorrect data check$/,
      ),
      'plain.gz': expect.stringMatching(/^the object is not gzip/),
    });
  });
});

describe('MaxPayloadInMB 0', () => {
  it('sends an object as one body in chunks, larger than any payload, and streams the answer out', async () => {
    const text = `${'x'.repeat(999)}\n`.repeat(3000);
    await put({ 'a.jsonl': text, 'crlf.jsonl': '1\r\n\r\n2', 'empty.jsonl': '', 'blank.jsonl': '\n \n' });

    const report = await run({ choices: STREAMED });

    expect(await output('a.jsonl.out')).toBe(text);
    expect(await output('crlf.jsonl.out')).toBe('1\n2\n');
    expect(await output('empty.jsonl.out')).toBe('');
    expect(await output('blank.jsonl.out')).toBe('');
    expect(server.bodies).toHaveLength(2);
    expect(server.chunkedBodies).toBe(2);
    expect(report).toMatchObject({ recordsIn: 3002, recordsOut: 3002, failures: [] });
  });

  it('sends a whole document that is not split', async () => {
    await put({ 'a.bin': 'a\n\nb' });

    await run({ choices: { maxPayloadMb: 0 } });

    expect(await output('a.bin.out')).toBe('a\n\nb');
  });

  it('sends single records whatever their size, one request each', async () => {
    const large = 'x'.repeat(2 * 1024 * 1024);
    await put({ 'a.jsonl': `1\n${large}\n` });

    await run({ choices: { ...STREAMED, strategy: 'SingleRecord' } });

    expect(server.bodies).toEqual(['1', large]);
  });

  it.each(['500-once', 'drop-once'])('begins its output again after %s', async (sentinel) => {
    await put({ 'a.jsonl': `1\n${sentinel}\n2\n` });

    const report = await run({ choices: STREAMED });

    expect(report).toMatchObject({ retries: 1, failures: [], recordsOut: 3 });
    expect(await output('a.jsonl.out')).toBe(`1\n${sentinel}\n2\n`);
    expect(await outputs()).toEqual(['a.jsonl.out']);
  });

  it.each([
    ['400', /^ClientError: 400/],
    ['500', /^Bad HTTP status received from algorithm: 500/],
    ['drop', /^Unable to get response from algorithm/],
    ['lose', /answered 2 records for the 3/],
  ])('leaves no output after %s', async (sentinel, cause) => {
    await put({ 'a.jsonl': `1\n${sentinel}\n2\n` });

    const report = await run({ choices: STREAMED });

    expect(report.failures[0]?.cause).toMatch(cause);
    expect(await outputs()).toEqual([]);
  });

  it('blames an object that cannot be read, not the server', async () => {
    await put({ 'cut.gz': gzipSync('1\n'.repeat(100_000)).subarray(0, -10) });

    const report = await run({ choices: STREAMED, compression: 'Gzip' });

    expect(report.failures).toEqual([
      { object: 'cut.gz', blame: 'ClientError', cause: expect.stringMatching(/^the gzip object is cut off/) },
    ]);
    expect(report.retries).toBe(0);
  });

  it('is refused with filters also when only the container says 0', async () => {
    await put({ 'a.csv': '1,2\n' });
    const csv = processing({ contentType: 'text/csv', inputFilter: '$[0]' });

    await expect(
      run(
        { choices: { ...LINES, maxPayloadMb: undefined }, processing: csv },
        { executionParameters: { MaxPayloadInMB: 0 } },
      ),
    ).rejects.toThrow(/MaxPayloadInMB 0 streams objects/);
  });
});

describe('filters and joins', () => {
  const idAndPrediction = {
    contentType: 'text/csv',
    inputFilter: '$[1:]',
    joinSource: 'Input',
    outputFilter: '$[0,-1]',
  } as const;

  it.each(['MultiRecord', 'SingleRecord'] as const)('of CSV rows, %s', async (strategy) => {
    await put({ 'a.csv': 'id1,1.0,02\r\n\r\n"id,2",3,4' });

    const report = await run(
      { choices: { ...LINES, strategy }, processing: processing(idAndPrediction) },
      { mediaType: 'text/csv' },
    );

    expect(server.bodies.join('\n')).toBe('1.0,02\n3,4');
    expect(await output('a.csv.out')).toBe('id1,02\n"id,2",4\n');
    expect(report).toMatchObject({ recordsIn: 2, recordsOut: 2, failures: [] });
  });

  it('of a JSON document that is not split', async () => {
    await put({ 'a.json': '{"id": 1.0,\n "features": [1, 2.50]}\n' });
    const whole = { splitType: 'None', assembleWith: 'None' } as const;
    const fields = {
      contentType: 'application/json',
      inputFilter: '$.features',
      joinSource: 'Input',
      ...whole,
    } as const;

    await run({ choices: whole, processing: processing(fields) });

    expect(await output('a.json.out')).toBe('{"id": 1.0,\n "features": [1, 2.50],"SageMakerOutput":[1, 2.50]}');
  });

  it('send a record that only its filter makes small enough', async () => {
    const note = 'x'.repeat(1_100_000);
    await put({ 'a.csv': `1,${note}\n`, 'b.csv': `${note},2\n` });
    const firstColumn = processing({ contentType: 'text/csv', inputFilter: '$[0]' });

    const report = await run({ processing: firstColumn }, { mediaType: 'text/csv' });

    expect(await outputs()).toEqual(['a.csv.out']);
    expect(report.failures[0]?.cause).toMatch(/^line 1 .*after the filter the record has 1100000 bytes/);
  });

  it('name the line of a record, or an answer, that they do not fit', async () => {
    await put({ 'short.csv': '1,2\n3\n', 'quote.csv': '1,2\n3,"x\n' });

    const report = await run(
      { processing: processing({ ...idAndPrediction, inputFilter: '$[0,1]' }) },
      { mediaType: 'text/csv' },
    );

    expect(report.failures.map(({ object, cause }) => [object, cause]).sort()).toEqual([
      ['quote.csv', 'line 2: column 1: a quote is opened and never closed'],
      ['short.csv', 'line 2: the filter $[0,1]: column 1 is outside a row of 1'],
    ]);
    expect(await outputs()).toEqual([]);
  });

  it('fail an object whose answer has another number of records', async () => {
    await put({ 'a.csv': '1\nlose\n' });

    const report = await run({ processing: processing({ contentType: 'text/csv', joinSource: 'Input' }) });

    expect(report.failures[0]?.cause).toMatch(/answered 1 records for the 2 that were sent/);
  });

  it('keep placeholders in their places, and count them', async () => {
    await put({ 'a.jsonl': '1\nbad\n2\n' });
    const join = processing({ contentType: 'application/jsonlines', generateInferenceId: true });

    const report = await run({ processing: join, startedAt: new Date('2022-08-30T00:49:15.700Z') });

    const lines = (await output('a.jsonl.out'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({
      SageMakerOutput: 1,
      SageMakerInferenceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      SageMakerInferenceTime: '2022-08-30T00:49:15Z',
    });
    expect(new Set(lines.map((line) => line.SageMakerInferenceId)).size).toBe(3);
    expect(lines[1]).toMatchObject({ error: { code: 'MalformedJson' } });
    expect(report).toMatchObject({ placeholders: 1, listedPlaceholders: [{ object: 'a.jsonl', line: 2 }] });
  });
});

describe('a manifest of files', () => {
  it('names the inputs; outputs keep what follows the prefix', async () => {
    await mkdir(path.join(folder, 'in/sub'));
    await put({ 'a.jsonl': '1\n', 'b.jsonl': '2\n', 'sub/c.jsonl': '3\n' });
    await writeFile(path.join(folder, 'm.json'), '[{"prefix":"in/"},"sub/c.jsonl","a.jsonl"]');

    const report = await run({ source: manifestFileSource(path.join(folder, 'm.json')) });

    expect(await outputs()).toEqual(['a.jsonl.out', 'sub']);
    expect(report.objects).toBe(2);
  });

  it.each([
    ['[{"prefix":"in/"},"none"]', 'm.json: there is no file in/none'],
    ['[{"prefix":"in/"},"../m.json"]', 'm.json: ../m.json leads out of in/'],
    ['[1]', 'm.json: element 0'],
  ])('%s is refused', async (manifest, problem) => {
    await writeFile(path.join(folder, 'm.json'), manifest);

    await expect(run({ source: manifestFileSource(path.join(folder, 'm.json')) })).rejects.toThrow(problem);
  });
});

describe('several instances', () => {
  it('share the objects, never one of them, and each keeps its order', async () => {
    // Prepare
    const text = Array.from({ length: 40 }, (_, n) => `${n}\n`).join('');
    await put(
      Object.fromEntries(
        Array.from({ length: 6 }, (_, n) => [`${n}.jsonl`, text.replaceAll(/^/gm, `${n}-`).slice(0, -2)]),
      ),
    );
    const second = await startEchoServer();

    // Act
    server = await startEchoServer();
    const report = await runTransform({
      source: folderSource(path.join(folder, 'in')),
      sink: folderSink(path.join(folder, 'out')),
      servers: [{ url: server.url }, { url: second.url }],
      choices: { ...LINES, strategy: 'SingleRecord' },
    });

    // Assess
    expect(report).toMatchObject({ objects: 6, recordsOut: 240, failures: [] });
    for (const name of await outputs()) {
      expect(`${await output(name)}`).toBe(
        await readFile(path.join(folder, 'in', name.slice(0, -4)), 'utf8').then((t) => `${t.trimEnd()}\n`),
      );
    }
    const objectsOf = (bodies: readonly string[]) => new Set(bodies.map((body) => body.split('-')[0]));
    const [one, two] = [objectsOf(server.bodies), objectsOf(second.bodies)];
    expect(one.size + two.size).toBe(6);
    expect(Math.min(one.size, two.size)).toBeGreaterThanOrEqual(1);
    expect([server.mostInFlight, second.mostInFlight]).toEqual([1, 1]);
    await second.close();
  });
});

describe('a serial pipeline', () => {
  it.each([1, 0])('sends on what each container answers, with MaxPayloadInMB %i', async (maxPayloadMb) => {
    // Prepare: the first loses records that say so
    await put({ 'a.txt': 'lose\nkept\nlose' });
    const last = await startEchoServer();

    // Act
    server = await startEchoServer();
    const report = await runPipeline([server, last], { maxPayloadMb });
    await last.close();

    // Assess
    expect(report).toMatchObject({ failures: [], retries: 0 });
    expect([server.bodies, last.bodies]).toEqual([['lose\nkept\nlose'], ['kept']]);
    expect(await output('a.txt.out')).toBe('kept');
  });

  it.each([
    ['400', /^ClientError: 400/, 0],
    ['500', /^Bad HTTP status received from algorithm: 500/, 3],
    ['drop', /^Unable to get response from algorithm/, 3],
  ])(
    'fails its object when the first container answers %s, and the last is asked nothing',
    async (word, cause, retries) => {
      // Prepare
      await put({ 'a.txt': word });
      const last = await startEchoServer();

      // Act
      server = await startEchoServer();
      const report = await runPipeline([server, last], { maxPayloadMb: 1 });
      await last.close();

      // Assess
      expect(report).toMatchObject({ failures: [{ cause: expect.stringMatching(cause) }], retries });
      expect(last.bodies).toEqual([]);
      expect(await outputs()).toEqual([]);
    },
  );

  const runPipeline = ([first, last]: readonly [EchoServer, EchoServer], choices: TransformOptions['choices']) =>
    runTransform({
      source: folderSource(path.join(folder, 'in')),
      sink: folderSink(path.join(folder, 'out')),
      servers: [{ url: first.url, nextUrls: [last.url] }],
      choices,
      requests: { backOff: atOnce, timeoutMs: 5000 },
    });
});

describe('data capture', () => {
  it('lists inputs and outputs below the hour of the start, when they are there', async () => {
    await put({ 'a.jsonl': '1\n', 'b.jsonl': '400\n', 'c.jsonl': '2\n' });
    const capture = createDataCapture({
      sink: folderSink(path.join(folder, 'capture')),
      inputBase: 'in/',
      outputPrefix: 's3://out/',
      startedAt: new Date('2022-08-26T13:59:59Z'),
    });

    await run({ onObject: (object) => capture.add(object) });
    await capture.commit();

    const manifests = async (side: string) => {
      const hour = path.join(folder, 'capture', side, '2022/08/26/13');
      const [name, ...others] = await readdir(hour);
      expect(others).toEqual([]);
      return JSON.parse(await readFile(path.join(hour, name!), 'utf8'));
    };
    expect(await manifests('input')).toEqual([{ prefix: 'in/' }, 'a.jsonl', 'c.jsonl']);
    expect(await manifests('output')).toEqual([{ prefix: 's3://out/' }, 'a.jsonl.out', 'c.jsonl.out']);
  });
});
