/**
 * Bad records to SavedModels by the number of their fault (JSON Lines 2D, CSV 2E, TFRecord 2F, RecordIO 2G), in the real
 * server: in real time a bad record refuses its request, in batch transform it keeps its place; the server goes on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeExample, type FeatureList } from '#core/examples/example-writer.ts';
import { writeRecordIo } from '#core/framing/recordio.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { writeEcho } from '../fixtures/tensorflow/edge-models.ts';
import { writeMultiplier } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

const LINES = 'application/jsonlines';
const CSV = 'text/csv';
const TFRECORD = 'application/x-tfrecord';
const EXAMPLE = 'application/x-tfexample';
const RECORDIO = 'application/x-recordio-protobuf';
const JSON_TYPE = 'application/json';

let realTime: ServerProcess;
let batch: ServerProcess;
let single: ServerProcess;

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
  readonly record: number | undefined;
  readonly message: string | undefined;
}

async function send(server: ServerProcess, body: string | Uint8Array, type: string, accept?: string): Promise<Reply> {
  const response = await fetch(`${server.url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': type, ...(accept && { accept }) },
    body,
  });
  const text = await response.text();
  type Refusal = { error?: { code: string; record?: number; message: string } };
  const { error } = response.ok ? ({} as Refusal) : (JSON.parse(text) as Refusal);
  return { status: response.status, text, code: error?.code, record: error?.record, message: error?.message };
}

/** Spec faults V1-V3. */
async function expectStillServing(server: ServerProcess): Promise<void> {
  expect((await fetch(`${server.url}/ping`)).status).toBe(200);
  expect(await send(server, '1.0,2.5\n', CSV, CSV)).toMatchObject({ status: 200, text: '2.0,5.0\n' });
}

/** What a batch answers: one line a record, those of bad records by their code. */
async function batchLines(body: string | Uint8Array, type: string): Promise<readonly unknown[]> {
  const { status, text } = await send(batch, body, type, LINES);
  expect(status).toBe(200);
  await expectStillServing(batch);
  const lines = text === '' ? [] : text.trimEnd().split('\n');
  return lines.map((line) => {
    const value = JSON.parse(line) as { error?: { code: string }; record?: number };
    return value.error ? `${value.error.code} ${value.record}` : value;
  });
}

const floats = (...values: number[]): FeatureList => ({ kind: 'float', values });
const example = (features: Record<string, FeatureList>) => encodeExample(new Map(Object.entries(features)));
const GOOD = example({ input: floats(1, 2.5) });
const tfrecords = (...records: Uint8Array[]) => Buffer.concat(records.map(writeTfRecord));
const changed = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 0xff;
  return copy;
};

describe.skipIf(!nativeEngine.available)(`bad records to SavedModels${nativeEngine.note}`, () => {
  let modelDir = '';

  beforeAll(async () => {
    modelDir = mkdtempSync(join(tmpdir(), 'twinvec-records-'));
    await writeMultiplier(join(modelDir, 'multiplier/1'), 2);
    const batchEnv = { SAGEMAKER_BATCH: 'true' };
    [realTime, batch, single] = await Promise.all([
      startServer({ modelDir, env: { SAGEMAKER_TFS_ENABLE_BATCHING: 'true' } }),
      startServer({ modelDir, env: batchEnv }),
      startServer({ modelDir, env: { ...batchEnv, SAGEMAKER_BATCH_STRATEGY: 'SINGLE_RECORD' } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([realTime?.stop(), batch?.stop(), single?.stop()]);
    rmSync(modelDir, { recursive: true, force: true });
  });

  describe('JSON Lines', () => {
    it.each([
      ['\\r\\n', '[1.0]\r\n[2.0]\r\n'],
      ['no newline at the end', '[1.0]\n[2.0]'],
      ['blank lines and lines of spaces', '\n[1.0]\n   \n\r\n[2.0]\n\n'],
    ])('D1 with %s are the same records', async (_, body) => {
      expect(await send(realTime, body, LINES)).toMatchObject({ status: 200, text: '[2.0]\n[4.0]\n' });
    });

    it.each<[string, string, number, number]>([
      ['D1 \\r alone ends no line', '[1]\r[2]\r', 400, 0],
      ['D1 U+2028 is data and no line end', '[1]\u2028[2]\n', 400, 0],
      ['D2 one bad line of three', '[1]\n[2\n[3]\n', 400, 1],
      ['D4 the last line cut off', '[1]\n[2,', 400, 1],
      ['D7 lists and objects mixed', '[1]\n{"other":[2]}\n', 400, 1],
    ])('%s: refused with its record', async (_, body, status, record) => {
      expect(await send(realTime, body, LINES)).toMatchObject({ status, record });
      await expectStillServing(realTime);
    });

    it('D3 D4 D7 bad lines keep their places in a batch', async () => {
      expect(await batchLines('[1]\n[2\n{"other":[2]}\n["x"]\n[3]\n[4', LINES)).toEqual([
        [2],
        'MalformedJson 1',
        'UnknownField 2',
        'InvalidTensor 3',
        [6],
        'MalformedJson 5',
      ]);
    });

    it('D5 a line over the limit of a body is refused', async () => {
      const line = `[${'1,'.repeat(3_500_000)}1]`;
      expect(await send(realTime, line, LINES)).toMatchObject({ status: 413, code: 'PayloadTooLarge' });
      await expectStillServing(realTime);
    });

    it('D6 very many tiny lines are answered, and /ping beside them', async () => {
      const answer = send(batch, '[1]\n'.repeat(500_000), LINES, LINES);
      const pings = await Promise.all(Array.from({ length: 5 }, () => fetch(`${batch.url}/ping`)));
      const { status, text } = await answer;
      expect([status, text.length, text.slice(0, 12)]).toEqual([200, 500_000 * 6, '[2.0]\n[2.0]\n']);
      expect(pings.map((ping) => ping.status)).toEqual([200, 200, 200, 200, 200]);
    });

    it('D9 no line is refused in real time and an empty answer in a batch', async () => {
      expect(await send(realTime, '\n \n', LINES)).toMatchObject({ status: 400, code: 'EmptyBody' });
      expect(await batchLines('\n \n', LINES)).toEqual([]);
    });

    it('D10 gzip that nobody announced is refused by its name', async () => {
      const { status, message } = await send(realTime, gzipSync('[1]\n'), LINES);
      expect([400, 415]).toContain(status);
      expect(message).toMatch(/gzip/i);
      await expectStillServing(realTime);
    });
  });

  describe('CSV', () => {
    const wide = Array.from({ length: 100_000 }, () => '1').join();

    it.each<[string, string, number, string]>([
      ['E2 a quote inside a field', '1,2"3\n', 400, 'column 1'],
      ['E2 text after a quote', '"1"2,3\n', 400, 'column 0'],
      ['E5 a row of another width', '1,2\n3\n', 422, 'has 1 columns, where 2 are due'],
      ['E5 a comma too many', '1,2\n3,4,\n', 422, 'has 3 columns, where 2 are due'],
      ['E5 an empty cell', '1,\n', 422, 'column 1: the field is empty'],
      ['E6 hexadecimal', '1,0x10\n', 422, 'column 1'],
      ['E6 an underscore', '1_000,2\n', 422, 'column 0'],
      ['E6 NaN', 'NaN,2\n', 422, 'column 0'],
      ['E6 inf', '1,inf\n', 422, 'column 1'],
      ['E7 semicolons', '1;2\n', 422, 'column 0'],
      ['E7 tabs', '1\t2\n', 422, 'column 0'],
      ['E8 a quote that is never closed', `1,"${'2,'.repeat(100_000)}\n`, 400, 'never closed'],
      ['E9 no column', '\n\n', 400, 'no records'],
      ['E10 a formula', '=cmd(),1\n', 422, 'column 0'],
    ])('%s: refused with its place', async (_, body, status, place) => {
      const reply = await send(realTime, body, CSV);
      expect([reply.status, reply.message]).toEqual([status, expect.stringContaining(place)]);
      await expectStillServing(realTime);
    });

    it('E2 E3 E6 quoted numbers, line breaks in quotes and the documented spellings are read', async () => {
      const reply = await send(realTime, '"1","2"\n1e1, 1 \n+1,.5\n1.,"1\n"\n', CSV, CSV);
      expect([reply.status, reply.message ?? reply.text]).toEqual([422, expect.stringContaining('column 1')]);
      const good = await send(realTime, '"1","2"\n1e1, 1 \n+1,.5\n1.,1\n', CSV, CSV);
      expect(good).toMatchObject({ status: 200, text: '2.0,4.0\n20.0,2.0\n2.0,1.0\n2.0,2.0\n' });
    });

    it('E3 E5 E6 bad rows keep their places in a batch, where no row spans lines', async () => {
      expect(await batchLines('1,2\n1,"2\n3"\n5\n1,inf\n3,4\n', CSV)).toEqual([
        [2, 4],
        'MalformedBody 1',
        'MalformedBody 2',
        'InvalidTensor 3',
        'InvalidTensor 4',
        [6, 8],
      ]);
    });

    it('E9 a row of 100,000 columns is one', async () => {
      const { status, text } = await send(realTime, `${wide}\n`, CSV, CSV);
      expect([status, text.split(',').length]).toEqual([200, 100_000]);
    });

    it('B9 an answer that CSV can hold is the same as JSON', async () => {
      const body = '{"inputs":[[1.0,2.5]]}';
      expect(await send(realTime, body, JSON_TYPE, JSON_TYPE)).toMatchObject({ text: '{"outputs":[[2.0,5.0]]}' });
      expect(await send(realTime, body, JSON_TYPE, CSV)).toMatchObject({ status: 200, text: '2.0,5.0\n' });
    });
  });

  describe('TFRecord', () => {
    const two = tfrecords(GOOD, GOOD);
    const frame = two.length / 2;

    it.each<[string, Uint8Array]>([
      ['F1 a wrong checksum of a length', changed(two, 8)],
      ['F3 a length of 2^63', Buffer.concat([Buffer.from('0000000000000080', 'hex'), two.subarray(8)])],
      ['F5 rubbish after the last frame', Buffer.concat([two, Buffer.from('rubbish')])],
    ])('%s: refused, with the byte, in a batch too', async (_, body) => {
      for (const server of [realTime, batch]) {
        const reply = await send(server, body, TFRECORD);
        expect([reply.status, reply.message]).toEqual([400, expect.stringMatching(/byte \d+/)]);
        await expectStillServing(server);
      }
    });

    it('F4 cut off anywhere: refused', async () => {
      const lengths = Array.from({ length: frame - 1 }, (_, i) => frame + i + 1);
      const replies = await Promise.all(lengths.map((length) => send(realTime, two.subarray(0, length), TFRECORD)));
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([400]));
      await expectStillServing(realTime);
    });

    it.each<[string, Uint8Array]>([
      ['F5 an empty record', Buffer.alloc(0)],
      ['F6 what is no Example', Buffer.from('no protobuf at all')],
      ['F6 an Example without the feature', example({ other: floats(1, 2) })],
      ['F6 a feature of another kind', example({ input: { kind: 'int64', values: [1, 2] } })],
      ['F6 a feature of another length', example({ input: floats(1, 2, 3) })],
      ['F7 a length below zero', Buffer.from('0affffffffffffffffff01', 'hex')],
      ['F7 a varint of eleven bytes', Buffer.from('0affffffffffffffffffffff01', 'hex')],
    ])('%s: 422 with its record, and in its place in a batch', async (_, bad) => {
      const body = tfrecords(GOOD, bad, GOOD);
      expect(await send(realTime, body, TFRECORD)).toMatchObject({ status: 422, record: 1 });
      await expectStillServing(realTime);
      expect(await batchLines(body, TFRECORD)).toEqual([[2, 5], expect.stringMatching(/^\w+ 1$/), [2, 5]]);
    });

    it('F2 a wrong checksum of data: 422 with its record, and in its place in a batch', async () => {
      const body = changed(tfrecords(GOOD, GOOD, GOOD), frame + 14);
      expect(await send(realTime, body, TFRECORD)).toMatchObject({ status: 422, code: 'DamagedRecord', record: 1 });
      expect(await batchLines(body, TFRECORD)).toEqual([[2, 5], 'DamagedRecord 1', [2, 5]]);
    });

    it('F8 the strategy says whether there are frames, and nobody guesses', async () => {
      expect(await send(single, GOOD, EXAMPLE, LINES)).toMatchObject({ status: 200, text: '[2.0,5.0]\n' });
      expect(await batchLines(two, EXAMPLE)).toEqual([
        [2, 5],
        [2, 5],
      ]);
      expect((await send(batch, GOOD, EXAMPLE)).status).toBe(400);
      expect(await send(single, two, EXAMPLE, LINES)).toMatchObject({
        status: 200,
        text: expect.stringMatching(/^{"error".*}\n$/),
      });
    });
  });

  describe('RecordIO', () => {
    /** SageMaker's Record: `values` is a float32 tensor of 1 and 2.5. */
    const record = Buffer.from('0a160a0676616c756573120c120a0a080000803f00002040', 'hex');
    const good = writeRecordIo(record);

    it.each<[string, Uint8Array]>([
      ['G1 a wrong magic number', changed(good, 0)],
      ['G1 a wrong magic number in the middle', Buffer.concat([good, changed(good, 1)])],
      [
        'G1 its bytes the wrong way round',
        Buffer.concat([Buffer.from(good.subarray(0, 4)).reverse(), good.subarray(4)]),
      ],
      ['G2 a length over what is left', Buffer.concat([good.subarray(0, 4), Buffer.from('ffffff1f', 'hex')])],
      ['G4 a part that nothing follows', Buffer.concat([good.subarray(0, 7), Buffer.from([0x20]), good.subarray(8)])],
    ])('%s: refused, with the byte', async (_, body) => {
      const reply = await send(realTime, body, RECORDIO);
      expect([reply.status, reply.message]).toEqual([400, expect.stringMatching(/byte \d+/)]);
      await expectStillServing(realTime);
    });

    it('G3 padding is not asked for after the last record', async () => {
      const record = writeRecordIo(Buffer.from([1, 2, 3]));
      const statuses = [record, record.subarray(0, -1)].map(
        async (body) => (await send(realTime, body, RECORDIO)).code,
      );
      const [padded, bare] = await Promise.all(statuses);
      expect(bare).toBe(padded);
      const middle = Buffer.concat([record.subarray(0, -1), record]);
      expect((await send(realTime, middle, RECORDIO)).status).toBe(400);
      await expectStillServing(realTime);
    });

    it('G5 a record without its frame is for SINGLE_RECORD, and refused where frames are due', async () => {
      expect(await batchLines(Buffer.concat([good, good]), RECORDIO)).toEqual([
        [2, 5],
        [2, 5],
      ]);
      expect(await send(single, record, RECORDIO, LINES)).toMatchObject({ status: 200, text: '[2.0,5.0]\n' });
      expect((await send(realTime, record, RECORDIO)).status).toBe(400);
      await expectStillServing(realTime);
    });

    it('G6 a record without the feature: 422 with its record, and in its place in a batch', async () => {
      const body = Buffer.concat([writeRecordIo(Buffer.alloc(0)), writeRecordIo(Buffer.alloc(0))]);
      expect(await send(realTime, body, RECORDIO)).toMatchObject({ status: 422, record: 0 });
      expect(await batchLines(body, RECORDIO)).toEqual(['InvalidTensor 0', 'InvalidTensor 1']);
    });

    it('G7 no record at all is refused', async () => {
      expect(await send(realTime, Buffer.alloc(0), RECORDIO)).toMatchObject({ status: 400, code: 'EmptyBody' });
      await expectStillServing(realTime);
    });
  });

  it('C-5 four bodies of megabytes at once are answered, and /ping beside them', async () => {
    // Prepare
    const body = `{"instances":[[${'1,'.repeat(2_900_000)}1]]}`;

    // Act
    const answers = Array.from({ length: 4 }, () => send(realTime, body, JSON_TYPE));
    const ping = await fetch(`${realTime.url}/ping`);

    // Assess
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect([ping.status, statuses]).toEqual([200, [200, 200, 200, 200]]);
  });
});

describe.skipIf(!nativeEngine.available)(`answers that a format cannot hold${nativeEngine.note}`, () => {
  let modelDir = '';
  let echo: ServerProcess;

  beforeAll(async () => {
    modelDir = mkdtempSync(join(tmpdir(), 'twinvec-echo-'));
    await writeEcho(join(modelDir, 'echo/1'));
    echo = await startServer({ modelDir });
  });
  afterAll(async () => {
    await echo?.stop();
    rmSync(modelDir, { recursive: true, force: true });
  });

  it('B9 nested values: 406 as CSV, and JSON has them', async () => {
    // Prepare
    const body = '{"signature_name":"nested","inputs":[[[1.0,2.5]]]}';

    // Act
    const [csv, json] = [await send(echo, body, JSON_TYPE, CSV), await send(echo, body, JSON_TYPE, JSON_TYPE)];

    // Assess
    expect(csv).toMatchObject({ status: 406, code: 'NotAcceptable' });
    expect(json).toMatchObject({ status: 200, text: '{"outputs":[[[1.0,2.5]]]}' });
  });

  it('D8 a text with line ends stays on its line', async () => {
    // Act
    const { status, text } = await send(echo, '"one\\ntwo"\n"three\\r\\u2028four"\n', LINES, LINES);

    // Assess
    const lines = text.trimEnd().split('\n');
    expect(status).toBe(200);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(['one\ntwo', 'three\r\u2028four']);
  });
});
