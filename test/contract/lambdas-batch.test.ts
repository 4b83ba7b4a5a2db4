/**
 * Faults of batch runs, row by row (spec faults 2Q and 2R), through the orchestrator and the validator as AWS would call
 * them, the real SDK clients, and behind them `twinvec local`. The rows are named by their ids.
 */
import { DeleteObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  DescribeTransformJobCommand,
  ListTransformJobsCommand,
  StopTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '#core/limits.ts';
import { handler as orchestrate } from '../../lambdas/orchestrator/handler.ts';
import { handler as validate } from '../../lambdas/validator/handler.ts';
import type { ValidationPlan } from '../../lambdas/validator/plan-parts.ts';
import { type BatchRun, batchRun } from './batch-run.ts';
import { type LambdaService, startLambdaService } from './lambda-service.ts';

const GOOD = '{"in0":[1],"in1":[2]}\n';
const NIGHT = '2026-11-21T03:00:00Z';

let local: LambdaService;

beforeAll(async () => {
  // The engine that starts sooner: some thirty jobs are started here, and none is about what a model answers.
  local = await startLambdaService({}, 'js');
  await local.createEndpoint('pairs');
});

afterAll(() => local.close());

/** A run over objects of its own. */
async function runOver(
  folder: string,
  objects: Readonly<Record<string, string>>,
  changes: object = {},
  scheduledTime = NIGHT,
): Promise<BatchRun> {
  for (const [name, body] of Object.entries(objects)) await local.put('input', `${folder}/${name}`, body);
  const definition = {
    name: folder,
    modelName: 'pairs',
    inputS3Uri: `s3://input/${folder}/`,
    outputS3Uri: `s3://output/${folder}`,
    instanceType: 'ml.g5.xlarge',
    maxPayloadInMB: 1,
    ...changes,
  };
  return batchRun(orchestrate, definition, scheduledTime);
}

const folderOf = async (run: BatchRun) =>
  (await run.plan()).request.TransformOutput.S3OutputPath.slice('s3://output/'.length);

async function etagsIn(folder: string): Promise<Record<string, string>> {
  const { Contents = [] } = await local.s3.send(new ListObjectsV2Command({ Bucket: 'output', Prefix: `${folder}/` }));
  const outputs = Contents.filter(({ Key }) => Key!.endsWith('.out'));
  return Object.fromEntries(outputs.map(({ Key, LastModified }) => [Key!, String(LastModified?.getTime())]));
}

describe('a run in which one file of a hundred fails (Q10)', () => {
  it('keeps the outputs of the others and runs the one file again, under a name of its own', async () => {
    // Prepare: a record that is larger than MaxPayload costs its object, until the object is mended.
    const names = Array.from({ length: 100 }, (_, index) => `${index}.jsonl`);
    const large = `{"in0":[${'1,'.repeat(600_000)}1],"in1":[2]}\n`;
    const run = await runOver('hundred', {
      ...Object.fromEntries(names.map((name) => [name, GOOD])),
      '42.jsonl': GOOD + large,
    });
    const folder = await folderOf(run);
    await run.act('create');
    const first = await run.untilEnded();
    const counted = await run.reconcile();
    const kept = await etagsIn(folder);
    await local.put('input', 'hundred/42.jsonl', GOOD + GOOD);

    // Act
    const retry = await run.act('retry', { attempt: 1 });
    await run.act('create', { attempt: 1 });
    const second = await run.untilEnded(1);
    const result = await run.reconcile(1);

    // Assess
    expect(first.status).toBe('Failed');
    expect(counted).toMatchObject({ reconciled: false, retryable: true, files: 100, mismatchedFiles: 1 });
    expect(counted.mismatches).toMatchObject([{ input: 's3://input/hundred/42.jsonl', recordsIn: 2 }]);
    expect(Object.keys(kept)).toHaveLength(99);
    const { runName } = await run.plan();
    expect(retry).toEqual({ jobName: `${runName}-r1`, attempt: 1, retriedFiles: 1 });
    expect(JSON.parse(await local.readText(`s3://output/${folder}/retry-1.json`))).toEqual([
      { prefix: 's3://input/hundred/' },
      '42.jsonl',
    ]);
    expect(second).toMatchObject({ jobName: `${runName}-r1`, status: 'Completed' });
    expect(result).toMatchObject({ reconciled: true, retryable: false, files: 100, recordsIn: 101, recordsOut: 101 });
    // Those that were good were not made again.
    expect(await etagsIn(folder)).toMatchObject(kept);
  });

  it('gives up after as many times as the definition says, and names the file', async () => {
    const run = await runOver('hopeless', {
      'a.jsonl': GOOD,
      'b.jsonl': `{"in0":[${'1,'.repeat(600_000)}1],"in1":[2]}\n`,
    });
    for (const attempt of [0, 1]) {
      if (attempt > 0) await run.act('retry', { attempt });
      await run.act('create', { attempt });
      await run.untilEnded(attempt);
      expect(await run.reconcile(attempt)).toMatchObject({ retryable: attempt === 0, mismatchedFiles: 1 });
    }
    const never = await runOver('hopeless', {}, { failedFileRetries: 0 });
    await never.act('create');
    await never.untilEnded();
    expect(await never.reconcile()).toMatchObject({ reconciled: false, retryable: false });
  });
});

describe('one bad record in a million (Q9)', () => {
  it('costs its own line: as many lines come out, one of them a placeholder, which the count knows', async () => {
    // Prepare
    const lines = '{"in0":[1]}\n'.repeat(499_999);
    const objects = { 'a.jsonl': `${lines}{"in0":[-1]}\n${lines}{"in0":[1]}\n` };
    const run = await runOver('million', objects, { maxPlaceholders: 1, maxPayloadInMB: 6 });

    // Act
    await run.act('create');
    const ended = await run.untilEnded();
    const counted = await run.reconcile();

    // Assess
    expect(ended).toMatchObject({ status: 'Completed' });
    expect(counted).toMatchObject({ reconciled: true, recordsIn: 1_000_000, recordsOut: 1_000_000, placeholders: 1 });
  });
});

describe('a run whose output has fewer records than its input (Q13)', () => {
  it('runs a file again whose output is gone, and one whose output is short', async () => {
    // Prepare
    const run = await runOver('lost', { 'a.jsonl': GOOD, 'b.jsonl': GOOD.repeat(3), 'c.jsonl': GOOD });
    const folder = await folderOf(run);
    await run.act('create');
    await run.untilEnded();
    await local.s3.send(new DeleteObjectCommand({ Bucket: 'output', Key: `${folder}/a.jsonl.out` }));
    await local.put('output', `${folder}/b.jsonl.out`, '{"scores":[1,0]}\n');

    // Act
    const counted = await run.reconcile();
    const retry = await run.act('retry', { attempt: 1 });
    await run.act('create', { attempt: 1 });
    await run.untilEnded(1);

    // Assess
    expect(counted).toMatchObject({ reconciled: false, retryable: true, mismatchedFiles: 2, recordsOut: 2 });
    expect(retry).toMatchObject({ retriedFiles: 2 });
    expect(await run.reconcile(1)).toMatchObject({ reconciled: true, recordsIn: 5, recordsOut: 5 });
  });
});

describe('a run whose input changes while it goes on (Q4)', () => {
  it.each([
    ['overwritten', () => local.put('input', 'moving/a.jsonl', '{"in0":[3],"in1":[2]}\n')],
    ['added', () => local.put('input', 'moving/new.jsonl', GOOD)],
    ['removed', () => local.s3.send(new DeleteObjectCommand({ Bucket: 'input', Key: 'moving/b.jsonl' }))],
  ])('is not called good when an object was %s, and is not run again', async (what, change) => {
    // Prepare
    const time = `2026-11-21T04:00:0${['overwritten', 'added', 'removed'].indexOf(what)}Z`;
    const run = await runOver('moving', { 'a.jsonl': GOOD, 'b.jsonl': GOOD }, {}, time);
    const { validation } = await run.plan();
    const { fingerprint } = (await validate({ ...validation, action: 'plan' })) as ValidationPlan;
    await run.act('create');
    await run.untilEnded();
    const before = await run.reconcile(0, { fingerprint });

    // Act
    await change();
    const after = await run.reconcile(0, { fingerprint });

    // Assess
    expect(before).toMatchObject({ reconciled: true, inputChanged: false });
    expect(after).toMatchObject({ reconciled: false, inputChanged: true, retryable: false });
  });
});

describe('a job for which the account has no instances left (Q19)', () => {
  it('is refused as something that passes, and made once there are some', async () => {
    // Prepare: a job that takes all of them, and goes on for a while.
    const lines = GOOD.repeat(20_000);
    const everything = await runOver('all', { 'a.jsonl': lines }, { instanceCount: LIMITS.localInstances.value });
    const waiting = await runOver('waiting', { 'a.jsonl': GOOD });
    await everything.act('create');

    // Act
    const refused = waiting.act('create');

    // Assess
    await expect(refused).rejects.toMatchObject({
      name: 'Overloaded',
      message: expect.stringMatching(
        /CreateTransformJob .*ResourceLimitExceeded.*'instances for transform job usage' is 20/,
      ),
    });
    await everything.untilEnded();
    expect(await waiting.act('create')).toMatchObject({ created: true });
    expect(await waiting.untilEnded()).toMatchObject({ status: 'Completed' });
  });
});

describe('a tick of the schedule', () => {
  it('that is delivered a hundred times at once makes one job (R1, R2)', async () => {
    const run = await runOver('often', { 'a.jsonl': GOOD });
    const results = await Promise.all(Array.from({ length: 100 }, () => run.act('create')));
    expect(results.filter((result) => (result as { created: boolean }).created)).toHaveLength(1);
    const { TransformJobSummaries } = await local.sageMaker.send(
      new ListTransformJobsCommand({ NameContains: 'often' }),
    );
    expect(TransformJobSummaries).toHaveLength(1);
    await run.untilEnded();
  });

  it('whose run was lost after the job was made is found again by its name (R4, R5, R10)', async () => {
    // Prepare: a run that ends right after its call, before anything was written down.
    const time = '2026-11-21T06:00:00Z';
    const lost = await runOver('crash', { 'a.jsonl': GOOD }, {}, time);
    await lost.act('create');

    // Act: from the beginning, as a restart does, and not one step of it counts twice.
    const again = await runOver('crash', {}, {}, time);
    const created = await again.act('create');
    await again.untilEnded();
    const results = [await again.reconcile(), await again.reconcile()];

    // Assess
    expect(created).toMatchObject({ created: false });
    expect(results[0]).toMatchObject({ reconciled: true, recordsIn: 1 });
    expect(results[1]).toEqual(results[0]);
  });

  it('that comes late, after a newer one, is a run beside it, and both are on record (R3, R6, Q12)', async () => {
    const newer = await runOver('late', { 'a.jsonl': GOOD }, {}, '2026-11-22T03:00:00Z');
    const older = await runOver('late', {}, {}, '2026-11-21T03:00:00Z');
    for (const run of [newer, older]) {
      await run.act('create');
      await run.untilEnded();
      expect(await run.reconcile()).toMatchObject({ reconciled: true });
    }
    const { CommonPrefixes = [] } = await local.s3.send(
      new ListObjectsV2Command({ Bucket: 'output', Prefix: 'late/', Delimiter: '/' }),
    );
    expect(CommonPrefixes).toHaveLength(2);
  });
});

describe('steps out of their order (R3)', () => {
  it('fail by name and leave nothing behind', async () => {
    // Prepare
    const run = await runOver('order', { 'a.jsonl': GOOD.repeat(20_000) });
    const folder = await folderOf(run);

    // Act and assess: before the job, there is none to look at.
    await expect(run.reconcile()).rejects.toMatchObject({ name: 'ValidationFailed' });
    await expect(run.act('retry', { attempt: 1 })).rejects.toMatchObject({ name: 'Conflict' });
    await expect(run.act('retry', { attempt: 0 })).rejects.toMatchObject({ name: 'ValidationFailed' });

    // While it goes on, there is nothing to count.
    await run.act('create');
    await expect(run.reconcile()).rejects.toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining('InProgress'),
    });
    await run.untilEnded();

    // Before the first attempt is on record there is no third, and nothing to run again where nothing failed.
    await expect(run.act('retry', { attempt: 1 })).rejects.toMatchObject({ name: 'Conflict' });
    await run.reconcile();
    await expect(run.act('retry', { attempt: 2 })).rejects.toMatchObject({ name: 'Conflict' });
    await expect(run.act('retry', { attempt: 1 })).rejects.toMatchObject({
      message: expect.stringContaining('No file'),
    });
    const head = new HeadObjectCommand({ Bucket: 'output', Key: `${folder}/retry-1.json` });
    await expect(local.s3.send(head)).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('come to the same when a retry is delivered again, even after its job', async () => {
    const run = await runOver('twice', { 'a.jsonl': GOOD, 'b.jsonl': GOOD });
    const folder = await folderOf(run);
    await run.act('create');
    await run.untilEnded();
    await local.s3.send(new DeleteObjectCommand({ Bucket: 'output', Key: `${folder}/b.jsonl.out` }));
    await run.reconcile();
    const prepared = await Promise.all([run.act('retry', { attempt: 1 }), run.act('retry', { attempt: 1 })]);
    const created = await Promise.all([run.act('create', { attempt: 1 }), run.act('create', { attempt: 1 })]);
    await run.untilEnded(1);
    await run.reconcile(1);

    expect(prepared[0]).toEqual(prepared[1]);
    expect(created.filter((result) => (result as { created: boolean }).created)).toHaveLength(1);
    expect(await run.act('retry', { attempt: 1 })).toMatchObject({ retriedFiles: 0 });
    expect(await run.act('create', { attempt: 1 })).toMatchObject({ created: false });
  });
});

describe('a job that somebody stops (Q20)', () => {
  it('is told as stopped, and its files are not run again', async () => {
    const run = await runOver('stopped', { 'a.jsonl': GOOD.repeat(50_000) });
    const { jobName } = await run.plan();
    await run.act('create');
    await local.sageMaker.send(new StopTransformJobCommand({ TransformJobName: jobName }));
    expect(await run.untilEnded()).toMatchObject({ status: 'Stopped' });
    expect(await run.reconcile()).toMatchObject({ reconciled: false, retryable: false });
  });
});

describe('an event that is none of a run (R8, R9)', () => {
  it.each([
    ['nothing', null],
    ['no records', { Records: [] }],
    ['a test event of S3', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'input' }],
    ['an event of S3', { Records: [{ eventSource: 'aws:s3', s3: { object: { key: 'a+b.jsonl' } } }] }],
    ['a field too many', { action: 'plan', definition: {}, scheduledTime: NIGHT, colour: 1 }],
    ['an action that there is not', { action: 'delete', definition: {}, scheduledTime: NIGHT }],
  ])('(%s) is refused by name, which no retry of the state machine matches', async (_, event) => {
    await expect(orchestrate(event)).rejects.toMatchObject({ name: 'ValidationFailed' });
    await expect(validate(event)).rejects.toMatchObject({ name: 'ValidationFailed' });
  });
});

describe('an address that a job has no business with (R17)', () => {
  it.each([
    'file:///etc/passwd',
    'http://169.254.169.254/latest/',
    's3://input/../other/',
    's3://input/./a',
    'input/a',
  ])('%s is refused before anything is asked of AWS', async (inputS3Uri) => {
    const run = await runOver('ssrf', {}, { inputS3Uri });
    await expect(run.act('create')).rejects.toMatchObject({ name: 'ValidationFailed' });
    await expect(validate({ inputS3Uri })).rejects.toMatchObject({ name: 'ValidationFailed' });
  });
});

describe('keys of every kind (Q5)', () => {
  it('are read, counted, run again and named as they are', async () => {
    // Prepare
    const names = [
      'a b.jsonl',
      'a+b.jsonl',
      'a%2Fb.jsonl',
      'ä/ö 😀.jsonl',
      'q?x=1&y#z.jsonl',
      `${'n'.repeat(900)}.jsonl`,
    ];
    const run = await runOver('keys', Object.fromEntries(names.map((name) => [name, GOOD])));
    const folder = await folderOf(run);
    const { validation } = await run.plan();

    // Act
    const report = await validate(validation);
    await run.act('create');
    await run.untilEnded();
    const counted = await run.reconcile();
    for (const name of names) {
      await local.s3.send(new DeleteObjectCommand({ Bucket: 'output', Key: `${folder}/${name}.out` }));
    }
    await run.reconcile();
    await run.act('retry', { attempt: 1 });
    await run.act('create', { attempt: 1 });
    await run.untilEnded(1);

    // Assess
    expect(report).toMatchObject({ accepted: true, objects: names.length });
    expect(counted).toMatchObject({ reconciled: true, files: names.length });
    expect(await run.reconcile(1)).toMatchObject({ reconciled: true, files: names.length });
  });
});

describe('what a job is told (Q14, Q16)', () => {
  it('always has a time limit and retries, because the defaults of others are 60 s and none', async () => {
    const run = await runOver('told', { 'a.jsonl': GOOD });
    const { jobName } = await run.plan();
    await run.act('create');
    const job = await local.sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: jobName }));
    expect(job.ModelClientConfig).toEqual({ InvocationsTimeoutInSeconds: 600, InvocationsMaxRetries: 3 });
    await run.untilEnded();
  });

  it('gives the same bytes when it is told again', async () => {
    const bodies: string[] = [];
    for (const time of ['2026-11-21T07:00:00Z', '2026-11-21T08:00:00Z']) {
      const run = await runOver('pure', { 'a.jsonl': GOOD.repeat(100) }, {}, time);
      await run.act('create');
      await run.untilEnded();
      bodies.push(await local.readText(`s3://output/${await folderOf(run)}/a.jsonl.out`));
    }
    expect(bodies[0]).toBe(bodies[1]);
  });
});
