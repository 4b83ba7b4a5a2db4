import { describe, expect, it } from 'vitest';
import { checkObject } from '../../../../lambdas/validator/check-object.ts';
import type { ValidatorEvent } from '../../../../lambdas/validator/event.ts';
import { ReportBuilder, type ValidationReport } from '../../../../lambdas/validator/report.ts';

const EVENT: ValidatorEvent = {
  inputS3Uri: 's3://data/in/',
  contentType: 'application/jsonlines',
  splitType: 'Line',
  maxPayloadInMB: 1,
  maxBadRecords: 0,
};

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function check(text: string, event: Partial<ValidatorEvent> = {}, chunkBytes = 7): Promise<ValidationReport> {
  const report = new ReportBuilder();
  const whole = { ...EVENT, ...event };
  await checkObject(cut(Buffer.from(text), chunkBytes), 's3://data/in/a.jsonl', whole, report);
  return report.build(whole.maxBadRecords);
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

  it('with one larger than MaxPayload names it and reads on', async () => {
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
