/** What is done with records and objects on their way: gzip, filters, joins, manifests, capture. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type DataProcessingFields, readDataProcessing } from '#core/batch/processing/data-processing.ts';
import { createDataCapture } from '../../../../local/transform/data-capture.ts';
import { folderSink, manifestFileSource } from '../../../../local/transform/folder-storage.ts';
import { LINES, useFolderTransform } from './folder-transform.ts';

const transform = useFolderTransform();
const processing = (fields: DataProcessingFields) =>
  readDataProcessing({ splitType: 'Line', assembleWith: 'Line', ...fields });

describe('gzip inputs', () => {
  it('are unpacked before they are split, several members too, and keep their name', async () => {
    await transform.put({ 'a.jsonl.gz': Buffer.concat([gzipSync('1\n2\n'), gzipSync('3\n')]) });

    const report = await transform.run({ compression: 'Gzip' });

    expect(await transform.output('a.jsonl.gz.out')).toBe('1\n2\n3\n');
    expect(report).toMatchObject({ recordsIn: 3, failures: [] });
  });

  it('fail their own object when they are cut off, damaged or no gzip, and no other', async () => {
    // Prepare
    const text = Array.from({ length: 5000 }, (_, n) => `${n * 7919}\n`).join('');
    const whole = gzipSync(text);
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(7, whole.length - 8);
    await transform.put({
      'cut.gz': whole.subarray(0, -10),
      'damaged.gz': damaged,
      'fine.gz': whole,
      'plain.gz': 'not gzip',
    });

    // Act
    const report = await transform.run({ compression: 'Gzip' });

    // Assess
    expect(await transform.outputs()).toEqual(['fine.gz.out']);
    expect(await transform.output('fine.gz.out')).toBe(text);
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

describe('filters and joins', () => {
  const idAndPrediction = {
    contentType: 'text/csv',
    inputFilter: '$[1:]',
    joinSource: 'Input',
    outputFilter: '$[0,-1]',
  } as const;

  it.each(['MultiRecord', 'SingleRecord'] as const)('of CSV rows, %s', async (strategy) => {
    await transform.put({ 'a.csv': 'id1,1.0,02\r\n\r\n"id,2",3,4' });

    const report = await transform.run(
      { choices: { ...LINES, strategy }, processing: processing(idAndPrediction) },
      { mediaType: 'text/csv' },
    );

    expect(transform.server.bodies.join('\n')).toBe('1.0,02\n3,4');
    expect(await transform.output('a.csv.out')).toBe('id1,02\n"id,2",4\n');
    expect(report).toMatchObject({ recordsIn: 2, recordsOut: 2, failures: [] });
  });

  it('of a JSON document that is not split', async () => {
    await transform.put({ 'a.json': '{"id": 1.0,\n "features": [1, 2.50]}\n' });
    const whole = { splitType: 'None', assembleWith: 'None' } as const;
    const fields = {
      contentType: 'application/json',
      inputFilter: '$.features',
      joinSource: 'Input',
      ...whole,
    } as const;

    await transform.run({ choices: whole, processing: processing(fields) });

    expect(await transform.output('a.json.out')).toBe(
      '{"id": 1.0,\n "features": [1, 2.50],"SageMakerOutput":[1, 2.50]}',
    );
  });

  it('send a record that only its filter makes small enough', async () => {
    const note = 'x'.repeat(1_100_000);
    await transform.put({ 'a.csv': `1,${note}\n`, 'b.csv': `${note},2\n` });
    const firstColumn = processing({ contentType: 'text/csv', inputFilter: '$[0]' });

    const report = await transform.run({ processing: firstColumn }, { mediaType: 'text/csv' });

    expect(await transform.outputs()).toEqual(['a.csv.out']);
    expect(report.failures[0]?.cause).toMatch(/^line 1 .*after the filter the record has 1100000 bytes/);
  });

  it('name the line of a record, or an answer, that they do not fit', async () => {
    await transform.put({ 'short.csv': '1,2\n3\n', 'quote.csv': '1,2\n3,"x\n' });

    const report = await transform.run(
      { processing: processing({ ...idAndPrediction, inputFilter: '$[0,1]' }) },
      { mediaType: 'text/csv' },
    );

    expect(report.failures.map(({ object, cause }) => [object, cause]).sort()).toEqual([
      ['quote.csv', 'line 2: column 1: a quote is opened and never closed'],
      ['short.csv', 'line 2: the filter $[0,1]: column 1 is outside a row of 1'],
    ]);
    expect(await transform.outputs()).toEqual([]);
  });

  it('fail an object whose answer has another number of records', async () => {
    await transform.put({ 'a.csv': '1\nlose\n' });

    const report = await transform.run({ processing: processing({ contentType: 'text/csv', joinSource: 'Input' }) });

    expect(report.failures[0]?.cause).toMatch(/answered 1 records for the 2 that were sent/);
  });

  it('keep placeholders in their places, and count them', async () => {
    await transform.put({ 'a.jsonl': '1\nbad\n2\n' });
    const join = processing({ contentType: 'application/jsonlines', generateInferenceId: true });

    const report = await transform.run({ processing: join, startedAt: new Date('2022-08-30T00:49:15.700Z') });

    const lines = (await transform.output('a.jsonl.out'))
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
    await mkdir(path.join(transform.folder, 'in/sub'));
    await transform.put({ 'a.jsonl': '1\n', 'b.jsonl': '2\n', 'sub/c.jsonl': '3\n' });
    await writeFile(path.join(transform.folder, 'm.json'), '[{"prefix":"in/"},"sub/c.jsonl","a.jsonl"]');

    const report = await transform.run({ source: manifestFileSource(path.join(transform.folder, 'm.json')) });

    expect(await transform.outputs()).toEqual(['a.jsonl.out', 'sub']);
    expect(report.objects).toBe(2);
  });

  it.each([
    ['[{"prefix":"in/"},"none"]', 'm.json: there is no file in/none'],
    ['[{"prefix":"in/"},"../m.json"]', 'm.json: ../m.json leads out of in/'],
    ['[1]', 'm.json: element 0'],
  ])('%s is refused', async (manifest, problem) => {
    await writeFile(path.join(transform.folder, 'm.json'), manifest);

    await expect(transform.run({ source: manifestFileSource(path.join(transform.folder, 'm.json')) })).rejects.toThrow(
      problem,
    );
  });
});

describe('data capture', () => {
  it('lists inputs and outputs below the hour of the start, when they are there', async () => {
    await transform.put({ 'a.jsonl': '1\n', 'b.jsonl': '400\n', 'c.jsonl': '2\n' });
    const capture = createDataCapture({
      sink: folderSink(path.join(transform.folder, 'capture')),
      inputBase: 'in/',
      outputPrefix: 's3://out/',
      startedAt: new Date('2022-08-26T13:59:59Z'),
    });

    await transform.run({ onObject: (object) => capture.add(object) });
    await capture.commit();

    const manifests = async (side: string) => {
      const hour = path.join(transform.folder, 'capture', side, '2022/08/26/13');
      const [name, ...others] = await readdir(hour);
      expect(others).toEqual([]);
      return JSON.parse(await readFile(path.join(hour, name!), 'utf8'));
    };
    expect(await manifests('input')).toEqual([{ prefix: 'in/' }, 'a.jsonl', 'c.jsonl']);
    expect(await manifests('output')).toEqual([{ prefix: 's3://out/' }, 'a.jsonl.out', 'c.jsonl.out']);
  });
});
