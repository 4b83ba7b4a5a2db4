/** A transform over a real S3 port that fails: every call in turn, in every way (spec faults 2Q). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DeleteObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTransform } from '../../../../local/transform/run-transform.ts';
import { s3ManifestSource, s3Sink, s3Source } from '../../../../local/transform/s3-storage.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';
import { BUCKET, type Fault, type S3Server, startS3Server } from './s3-server.ts';

const LINE = `${'x'.repeat(1023)}\n`;
const PART_BYTES = 5 * 1024 * 1024;
/** A little more than one part of the multipart upload: every one of its calls is made, and none for nothing. */
const LARGE_RECORDS = PART_BYTES / LINE.length + 16;
const LARGE = LINE.repeat(LARGE_RECORDS);
const ODD_KEY = `sp ace+plus%2Fpercent 漢🙂'"&<>=;.jsonl`;

let folder: string;
let s3: S3Server;
let model: EchoServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinvec-s3-faults-'));
  s3 = await startS3Server(folder);
  model = await startEchoServer({ keepBodies: false });
  await put('in/a.jsonl', '1\n2\n');
  await put('in/large.jsonl', LARGE);
  await put(`in/${ODD_KEY}`, '3\n');
  await put('in/folder/', '');
});

afterAll(async () => {
  await model.close();
  await s3.close();
  await rm(folder, { recursive: true });
});

const put = (Key: string, Body: string) => s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));

const EXPECTED = new Map([
  ['a.jsonl.out', '1\n2\n'],
  ['large.jsonl.out', LARGE],
  [`${ODD_KEY}.out`, '3\n'],
]);

async function transform(output: string, plan: (call: number) => Fault | undefined, source = 'in/') {
  const spoiled = await s3.spoiled(plan);
  const running = runTransform({
    source: s3Source(spoiled.client, { bucket: BUCKET, key: source }),
    sink: s3Sink(spoiled.client, { bucket: BUCKET, key: output }, { partBytes: PART_BYTES }),
    servers: [{ url: model.url }],
    choices: { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 3 },
  });
  const ended = await running.then(
    (report) => ({ report, error: undefined }),
    (error: unknown) => ({ report: undefined, error }),
  );
  await spoiled.close();
  return { ...ended, calls: spoiled.calls() };
}

/** Outputs that are there are whole; the names of those that are missing. */
async function missingOutputs(output: string): Promise<string[]> {
  const keys = await s3.keysBelow(`${output}/`);
  for (const key of keys) expect(await s3.read(key)).toBe(EXPECTED.get(key.slice(output.length + 1)));
  return [...EXPECTED.keys()].filter((name) => !keys.includes(`${output}/${name}`));
}

describe('S3 that fails once', () => {
  it.each<Fault>([503, 'lost', 'cut'])('with %s at any call loses nothing', async (fault) => {
    const { calls } = await transform(`calm-${fault}`, () => undefined);
    expect(calls).toBeGreaterThanOrEqual(9);

    for (let spoiled = 1; spoiled <= calls; spoiled++) {
      const output = `once-${fault}-${spoiled}`;
      const ended = await transform(output, (call) => (call === spoiled ? fault : undefined));

      expect(ended, `call ${spoiled}`).toMatchObject({ report: { failures: [], recordsOut: 3 + LARGE_RECORDS } });
      expect(await missingOutputs(output), `call ${spoiled}`).toEqual([]);
    }
  });
});

describe('S3 that refuses for good', () => {
  it('Q3 at any call leaves whole outputs only, and an object without output is named with its cause', async () => {
    const { calls } = await transform('calm', () => undefined);

    for (let spoiled = 1; spoiled <= calls; spoiled++) {
      const output = `refused-${spoiled}`;
      const ended = await transform(output, (call) => (call === spoiled ? 403 : undefined));

      const missing = await missingOutputs(output);
      if (!ended.report) {
        // The listing itself.
        expect(ended.error).toMatchObject({
          code: 'AccessDenied',
          message:
            's3:ListBucket on s3://bucket/in/ failed: AccessDenied. The role needs s3:ListBucket on arn:aws:s3:::bucket.',
        });
        expect(missing).toHaveLength(EXPECTED.size);
      } else {
        const failures = ended.report.failures.map(({ object }) => `${path.posix.basename(object)}.out`);
        expect(failures, `call ${spoiled}`).toEqual(missing);
        expect(missing).toHaveLength(1);
        expect(ended.report.failures[0]).toMatchObject({
          blame: 'ClientError',
          cause: expect.stringMatching(/^s3:(Get|Put)Object on .+ The role needs s3:\w+ on arn:aws:s3:::bucket\/.+\.$/),
        });
      }
      const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
      const left = Uploads.filter(({ Key }) => Key?.startsWith(`${output}/`));
      expect(left, `call ${spoiled}`).toEqual([]);
    }
  });

  it('names the byte at which reading an object broke again and again', async () => {
    await put('one/a.jsonl', LARGE);

    const ended = await transform('never', (call) => (call === 1 ? undefined : 'head'), 'one/');

    expect(ended.report?.failures[0]?.cause).toMatch(/reading broke after \d+ of 5259264 bytes/);
    expect(await s3.keysBelow('never/')).toEqual([]);
  });
});

describe('an input that changes during the job', () => {
  it.each([
    ['replaced', 'the object was replaced after the job began'],
    ['deleted', 'there is no such object (NoSuchKey)'],
  ])('%s fails its object with the cause', async (what, cause) => {
    // Prepare
    await put(`${what}/a.jsonl`, '1\n');
    const source = s3Source(s3.client, { bucket: BUCKET, key: `${what}/` });
    const changed = {
      async *list() {
        for await (const object of source.list()) {
          if (what === 'replaced') await put(`${what}/a.jsonl`, '2\n');
          else await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: `${what}/a.jsonl` }));
          yield object;
        }
      },
    };

    // Act
    const report = await runTransform({
      source: changed,
      sink: s3Sink(s3.client, { bucket: BUCKET, key: `${what}-out` }),
      servers: [{ url: model.url }],
      choices: { splitType: 'Line' },
    });

    // Assess
    expect(report.failures).toEqual([{ object: `bucket/${what}/a.jsonl`, blame: 'ClientError', cause }]);
    expect(await s3.keysBelow(`${what}-out/`)).toEqual([]);
  });
});

describe('a manifest in S3', () => {
  const sourceOf = (key: string) => s3ManifestSource(s3.client, { bucket: BUCKET, key });
  const run = (key: string, output: string) =>
    runTransform({
      source: sourceOf(key),
      sink: s3Sink(s3.client, { bucket: BUCKET, key: output }),
      servers: [{ url: model.url }],
      choices: { splitType: 'Line', assembleWith: 'Line' },
    });

  it('names the objects; one that is not there fails alone', async () => {
    await put('m/good', JSON.stringify([{ prefix: 's3://bucket/in/' }, 'a.jsonl', ODD_KEY, 'none.jsonl']));

    const report = await run('m/good', 'm-out');

    expect(await s3.keysBelow('m-out/')).toEqual(expect.arrayContaining(['m-out/a.jsonl.out', `m-out/${ODD_KEY}.out`]));
    expect(report.failures).toEqual([
      { object: 'bucket/in/none.jsonl', blame: 'ClientError', cause: 'there is no such object (NoSuchKey)' },
    ]);
  });

  it.each([
    ['m/none', undefined, /the manifest s3:\/\/bucket\/m\/none cannot be read: NoSuchKey/],
    ['m/bad', '[{"prefix":"s3://bucket/in/"}', /^s3:\/\/bucket\/m\/bad: not JSON: .* \(line 1 column 30\)/],
    ['m/http', '[{"prefix":"https://x/"},"a"]', /element 0: "https:\/\/x\/" is not an s3:\/\/ address/],
  ])('%s is refused', async (key, content, problem) => {
    if (content !== undefined) await put(key, content);

    await expect(run(key, 'never')).rejects.toThrow(problem);
  });
});

const XS = LARGE;
const YS = XS.replaceAll('x', 'y');

describe('two transforms to one prefix', () => {
  it('leave whole outputs of one or the other', async () => {
    await put('x/a.jsonl', XS);
    await put('y/a.jsonl', YS);

    await Promise.all([transform('both', () => undefined, 'x/'), transform('both', () => undefined, 'y/')]);

    expect([XS, YS]).toContain(await s3.read('both/a.jsonl.out'));
  });
});
