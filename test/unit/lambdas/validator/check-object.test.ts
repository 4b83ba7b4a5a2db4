import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { writeRecordIo } from '#core/framing/recordio.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { checkObject, type ObjectReading } from '../../../../lambdas/validator/check-object.ts';
import { ValidateEvent } from '../../../../lambdas/validator/event.ts';
import { readingStart } from '../../../../lambdas/validator/line-range.ts';
import { ReportBuilder, type ValidationReport } from '../../../../lambdas/validator/report.ts';

const EVENT = { inputS3Uri: 's3://data/in/', maxPayloadInMB: 1 };
type Changes = Partial<z.input<typeof ValidateEvent>>;

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function check(
  body: string | Buffer,
  changes: Changes = {},
  chunkBytes = 7,
  reading: Partial<ObjectReading> = {},
): Promise<ValidationReport> {
  const report = new ReportBuilder();
  const event = ValidateEvent.parse({ ...EVENT, ...changes });
  const start = reading.range ? readingStart(reading.range) : 0;
  const chunks = cut(Buffer.from(body).subarray(start), chunkBytes);
  await checkObject(chunks, { object: 's3://data/in/a.jsonl', ...reading }, event, report);
  return report.build(event.maxBadRecords);
}

describe('an object of records', () => {
  it('that are all good is accepted, wherever the stream is cut', async () => {
    const text = '{"in0":[1,2],"in1":[3]}\n{"in0":[4],"in1":[5,6]}\r\n\n{"in0":[7],"in1":[8]}';
    for (let chunkBytes = 1; chunkBytes < 30; chunkBytes++) {
      expect(await check(text, {}, chunkBytes)).toMatchObject({ accepted: true, records: 3, problems: [] });
    }
  });

  it('with bad ones names the line and the byte offset of each', async () => {
    const text = '{"in0":[1]}\n{"in0":[-1]}\n{"in0":[2]}\n\nnot json\n{"in0":[]}\n';
    const report = await check(text);
    expect(report).toMatchObject({ accepted: false, records: 5, badRecords: 3, fatalProblems: 0 });
    expect(report.problems.map(({ line, byteOffset, code }) => ({ line, byteOffset, code }))).toEqual([
      { line: 2, byteOffset: 12, code: 'InvalidTokenId' },
      { line: 5, byteOffset: 38, code: 'MalformedJson' },
      { line: 6, byteOffset: 47, code: 'EmptySequence' },
    ]);
    expect(report.problems[0]?.object).toBe('s3://data/in/a.jsonl');
  });

  it('may hold as many bad ones as the threshold says', async () => {
    const text = '{"in0":[-1]}\n{"in0":[1]}\n';
    expect(await check(text, { maxBadRecords: 1 })).toMatchObject({ accepted: true, badRecords: 1 });
  });

  it('is checked against the model’s vocabulary when that is known', async () => {
    const inputs = { in0: { vocabularySize: 10, maxSeqLen: 5 }, in1: { vocabularySize: 10, maxSeqLen: 5 } };
    const text = '{"in0":[9]}\n{"in0":[10]}\n';
    expect(await check(text)).toMatchObject({ badRecords: 0 });
    expect((await check(text, { inputs })).problems).toMatchObject([{ line: 2, code: 'TokenOutOfVocabulary' }]);
  });

  it('may hold text when the model reads it, or nothing is known of the model', async () => {
    const sizes = { vocabularySize: 10, maxSeqLen: 5 };
    const text = '{"in0":"a fox"}\n{"in0":["a","fox"]}\n{"in0":[1]}\n';
    const reads = { in0: { ...sizes, text: true }, in1: sizes };
    expect(await check(text)).toMatchObject({ badRecords: 0 });
    expect(await check(text, { inputs: reads })).toMatchObject({ badRecords: 0 });
    expect((await check(text, { inputs: { in0: sizes, in1: sizes } })).problems).toMatchObject([
      { line: 1, code: 'NoVocabulary' },
      { line: 2, code: 'InvalidTokenId' },
    ]);
  });

  it('that ask for different things cannot be batched, whatever the threshold', async () => {
    const text = '{"in0":[1]}\n{"in0":[1],"in1":[2]}\n';
    expect(await check(text, { maxBadRecords: 9 })).toMatchObject({
      accepted: false,
      fatalProblems: 1,
      problems: [{ line: 2, code: 'MixedInputs' }],
    });
  });

  it('Q8 with one larger than MaxPayload names it and reads on', async () => {
    const large = `{"in0":[${'1,'.repeat(600_000)}1]}`;
    const report = await check(`{"in0":[1]}\n${large}\n{"in0":[-1]}\n`, { maxBadRecords: 9 }, 65_536);
    expect(report).toMatchObject({ accepted: false, records: 3, fatalProblems: 1, badRecords: 1 });
    expect(report.problems[0]).toMatchObject({ line: 2, byteOffset: 12, code: 'PayloadTooLarge' });
  });

  it('that are all bad gives a report that stays small', async () => {
    const report = await check('x\n'.repeat(5000), {}, 4096);
    expect(report).toMatchObject({ badRecords: 5000, problems: { length: 20 } });
  });
});

describe('a large object in ranges', () => {
  it('has every record in exactly one of them, whatever the ranges and the chunks, and the same problems', async () => {
    const record = fc.constantFrom('{"in0":[1]}', '{"in0":[-1]}', 'not json', '', '{"in0":[12345,678]}');
    const input = fc.record({
      lines: fc.array(record, { minLength: 1, maxLength: 12 }),
      last: fc.constantFrom('', '\n', '\r\n'),
      rangeBytes: fc.integer({ min: 1, max: 40 }),
      chunkBytes: fc.integer({ min: 1, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ lines, last, rangeBytes, chunkBytes }) => {
        const text = lines.join('\n') + last;
        const whole = await check(text, {}, chunkBytes);
        const found = { records: 0, offsets: [] as (number | undefined)[] };
        for (let start = 0; start < text.length; start += rangeBytes) {
          const range = { start, end: Math.min(start + rangeBytes, text.length) };
          const part = await check(text, {}, chunkBytes, { range });
          found.records += part.records;
          found.offsets.push(...part.problems.map(({ byteOffset }) => byteOffset));
        }
        expect(found.records).toBe(whole.records);
        expect(found.offsets).toEqual(whole.problems.map(({ byteOffset }) => byteOffset));
      }),
      { numRuns: 300 },
    );
  });
});

describe('an object of another kind', () => {
  const tensorflow = { modelKind: 'tensorflow' } as const;
  const example = Buffer.from([0x0a, 0x00]);
  const twoExamples = Buffer.concat([writeTfRecord(example), writeTfRecord(example)]);
  const damaged = Buffer.from(twoExamples);
  damaged[12]! ^= 0xff;
  const tfrecord = { ...tensorflow, contentType: 'application/x-tfrecord', splitType: 'TFRecord' } as const;

  it.each([
    ['gzip', gzipSync('{"in0":[1]}\n{"in0":[-1]}\n'), { compressionType: 'Gzip' }, 2, 'InvalidTokenId'],
    ['what is not gzip', '{"in0":[1]}\n', { compressionType: 'Gzip' }, 0, 'MalformedBody'],
    ['cut gzip', gzipSync('{"in0":[1]}\n').subarray(0, 20), { compressionType: 'Gzip' }, 0, 'MalformedBody'],
    ['CSV', '1,2\n3,"4\n', { ...tensorflow, contentType: 'text/csv' }, 2, 'MalformedBody'],
    ['TFRecord, cut', twoExamples.subarray(0, 20), tfrecord, 1, 'MalformedBody'],
    ['TFRecord, damaged, with frames', damaged, tfrecord, 2, 'DamagedRecord'],
    ['TFRecord, damaged', damaged, { ...tfrecord, batchStrategy: 'SingleRecord' }, 0, 'DamagedRecord'],
    [
      'RecordIO',
      Buffer.concat([writeRecordIo(Buffer.from('abc')), Buffer.from('x')]),
      { ...tensorflow, contentType: 'application/x-recordio', splitType: 'RecordIO' },
      1,
      'MalformedBody',
    ],
    [
      'JSON',
      '{"instances":[1}',
      { ...tensorflow, contentType: 'application/json', splitType: 'None' },
      1,
      'MalformedJson',
    ],
    [
      'an image',
      'GIF89a..............',
      { ...tensorflow, contentType: 'image/png', splitType: 'None' },
      1,
      'UnsupportedMediaType',
    ],
  ] as const)('(%s) is read as what the job says', async (_, body, changes, records, code) => {
    const report = await check(Buffer.from(body), changes as Changes);
    expect(report).toMatchObject({ accepted: false, records, problems: [{ code }] });
  });

  it('is good when all of its records are', async () => {
    expect(await check(twoExamples, tfrecord)).toMatchObject({ accepted: true, records: 2 });
    expect(await check(twoExamples, { ...tfrecord, batchStrategy: 'SingleRecord' })).toMatchObject({ accepted: true });
    const json = { contentType: 'application/json', splitType: 'None', assembleWith: 'None' } as const;
    expect(await check('{"instances":[{"in0":[1]},{"in0":[2]}]}', json)).toMatchObject({ accepted: true, records: 1 });
  });
});

describe('a job that filters or joins', () => {
  it('is checked for what the filter takes, and by what the model would get', async () => {
    const changes = { inputFilter: '$.features' };
    const text = '{"id":1,"features":{"in0":[1]}}\n{"id":2}\n{"id":3,"features":{"in0":[-1]}}\n';
    const report = await check(text, changes);
    expect(report).toMatchObject({ records: 3, fatalProblems: 1, badRecords: 1 });
    expect(report.problems.map(({ line, code }) => [line, code])).toEqual([
      [2, 'FilterMismatch'],
      [3, 'InvalidTokenId'],
    ]);
  });

  it('Q15 does not overwrite what a record has already', async () => {
    const report = await check('{"in0":[1],"SageMakerOutput":1}\n', { joinSource: 'Input' });
    expect(report).toMatchObject({ fatalProblems: 1, problems: [{ code: 'Conflict', line: 1 }] });
  });
});

describe('a sample', () => {
  it('ends after its bytes, at the end of a record, and says so', async () => {
    const text = '{"in0":[1]}\n'.repeat(100);
    const report = await check(text, { mode: 'sample' }, 12, { mostBytes: 60 });
    expect(report).toMatchObject({ accepted: true, complete: false, records: 6 });
    expect(await check(text, { mode: 'sample' }, 12, { mostBytes: 60_000 })).toMatchObject({
      complete: true,
      records: 100,
    });
  });
});
