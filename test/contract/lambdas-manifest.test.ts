/**
 * Runs whose objects a manifest names, through the orchestrator and the validator as AWS would call them, the real SDK
 * clients, and behind them `twinvec local`.
 */
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DescribeTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handler as orchestrate } from '../../lambdas/orchestrator/handler.ts';
import { handler as validate } from '../../lambdas/validator/handler.ts';
import type { ValidationPlan } from '../../lambdas/validator/plan-parts.ts';
import type { ValidationReport } from '../../lambdas/validator/report.ts';
import { type BatchRun, batchRun } from './batch-run.ts';
import { type LambdaService, startLambdaService } from './lambda-service.ts';

const GOOD = '{"in0":[1],"in1":[2]}\n';

describe('a run whose objects a manifest names', () => {
  let local: LambdaService;

  beforeAll(async () => {
    // The engine that starts sooner: none of this is about what a model answers.
    local = await startLambdaService({}, 'js');
    await local.createEndpoint('pairs');
  });

  afterAll(() => local.close());

  interface Input {
    readonly objects: Readonly<Record<string, string>>;
    readonly manifest: readonly unknown[];
  }

  /** With a folder, a manifest and outputs of its own. */
  async function runOver(name: string, { objects, manifest }: Input, changes: object = {}): Promise<BatchRun> {
    for (const [key, body] of Object.entries(objects)) await local.put('input', `${name}/${key}`, body);
    await local.put('input', `manifests/${name}.json`, JSON.stringify(manifest));
    const definition = {
      name,
      modelName: 'pairs',
      inputS3Uri: `s3://input/${name}/`,
      inputManifestS3Uri: `s3://input/manifests/${name}.json`,
      outputS3Uri: `s3://output/${name}`,
      instanceType: 'ml.g5.xlarge',
      maxPayloadInMB: 1,
      ...changes,
    };
    return batchRun(orchestrate, definition, '2026-11-21T03:00:00Z');
  }

  /** As the state machine does it: divided, each part by itself, and merged. */
  async function validated(run: BatchRun): Promise<{ plan: ValidationPlan; report: ValidationReport }> {
    const { validation } = await run.plan();
    const plan = (await validate({ ...validation, action: 'plan', bytesPerPart: 50 })) as ValidationPlan;
    const reports = await Promise.all(plan.parts.map((part) => validate({ ...validation, part })));
    const merged = { action: 'merge', maxBadRecords: validation.maxBadRecords, reports };
    return { plan, report: (await validate(merged)) as ValidationReport };
  }

  async function outputsOf(run: BatchRun): Promise<string[]> {
    const folder = (await run.plan()).request.TransformOutput.S3OutputPath.slice('s3://output/'.length);
    const { Contents = [] } = await local.s3.send(new ListObjectsV2Command({ Bucket: 'output', Prefix: `${folder}/` }));
    return Contents.map(({ Key }) => Key!.slice(folder.length + 1)).filter((key) => key.endsWith('.out'));
  }

  it('checks, transforms and counts these and no others, and names outputs from the prefix of the manifest on', async () => {
    // Prepare: what is beside them would fail the job.
    const bad = { 'day/stray.exe': 'x', 'day/a-1.jsonl': 'no JSON\n', 'day/_SUCCESS': '' };
    const objects = {
      'day/part-b.jsonl': GOOD.repeat(5),
      'day/part-sub/ä b.jsonl': GOOD,
      'day/part-a.jsonl': GOOD,
      ...bad,
    };
    const manifest = [{ prefix: 's3://input/named/day/part-' }, 'b.jsonl', 'sub/ä b.jsonl', 'a.jsonl'];
    const run = await runOver('named', { objects, manifest });

    // Act
    const { plan, report } = await validated(run);
    await run.act('create');
    const ended = await run.untilEnded();
    const counted = await run.reconcile(0, { fingerprint: plan.fingerprint });

    // Assess
    expect(plan).toMatchObject({ objects: 3, bytes: 7 * GOOD.length });
    expect(plan.parts.length).toBeGreaterThan(3);
    expect(report).toMatchObject({ accepted: true, complete: true, objects: 3, records: 7, problems: [] });
    expect(ended.status).toBe('Completed');
    expect(counted).toMatchObject({ reconciled: true, inputChanged: false, files: 3, recordsIn: 7, recordsOut: 7 });
    expect(await outputsOf(run)).toEqual(['part-a.jsonl.out', 'part-b.jsonl.out', 'part-sub/ä b.jsonl.out']);
    const job = await local.sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: ended.jobName }));
    expect(job.TransformInput?.DataSource?.S3DataSource).toEqual({
      S3DataType: 'ManifestFile',
      S3Uri: 's3://input/manifests/named.json',
    });
    expect(JSON.parse(await local.readText(counted.manifestS3Uri))).toMatchObject({
      input: 's3://input/named/',
      inputManifest: { address: 's3://input/manifests/named.json', prefix: 's3://input/named/day/part-' },
      files: [{ recordsIn: 5 }, { recordsIn: 1 }, { recordsIn: 1 }],
    });
  });

  it('runs only the files that failed again, under the names that they had', async () => {
    // Prepare: a record that is larger than MaxPayload costs its object, until the object is mended.
    const large = `{"in0":[${'1,'.repeat(600_000)}1],"in1":[2]}\n`;
    const objects = { 'x/part-1.jsonl': GOOD, 'x/part-2.jsonl': large, 'x/part-3.jsonl': large };
    const manifest = [{ prefix: 's3://input/again/x/part-' }, '1.jsonl', '2.jsonl'];
    const run = await runOver('again', { objects, manifest });
    await run.act('create');
    const first = await run.untilEnded();
    const counted = await run.reconcile();
    await local.put('input', 'again/x/part-2.jsonl', GOOD + GOOD);

    // Act
    const retry = await run.act('retry', { attempt: 1 });
    await run.act('create', { attempt: 1 });
    const second = await run.untilEnded(1);
    const result = await run.reconcile(1);

    // Assess
    expect(first.status).toBe('Failed');
    expect(counted).toMatchObject({ reconciled: false, retryable: true, files: 2, mismatchedFiles: 1 });
    expect(retry).toMatchObject({ retriedFiles: 1 });
    const folder = (await run.plan()).request.TransformOutput.S3OutputPath;
    expect(JSON.parse(await local.readText(`${folder}/retry-1.json`))).toEqual([
      { prefix: 's3://input/again/x/' },
      'part-2.jsonl',
    ]);
    expect(second.status).toBe('Completed');
    expect(result).toMatchObject({ reconciled: true, files: 2, recordsIn: 3, recordsOut: 3 });
    expect(await outputsOf(run)).toEqual(['part-1.jsonl.out', 'part-2.jsonl.out']);
  });

  it('is refused before a job is made when the manifest names an object outside the folder of the definition', async () => {
    await local.put('input', 'other/secret.jsonl', GOOD);
    const objects = { 'a.jsonl': GOOD };
    const run = await runOver('out', {
      objects,
      manifest: [{ prefix: 's3://input/' }, 'out/a.jsonl', 'other/secret.jsonl'],
    });
    await expect(validated(run)).rejects.toMatchObject({
      name: 'InvalidManifest',
      message: expect.stringMatching(
        /^s3:\/\/input\/manifests\/out\.json: element 2: "s3:\/\/input\/other\/secret\.jsonl" is not below s3:\/\/input\/out\/\./,
      ),
    });
  });

  it('is rejected by the validator for an object that is not there, with its address', async () => {
    const manifest = [{ prefix: 's3://input/absent/' }, 'a.jsonl', 'b.jsonl'];
    const run = await runOver('absent', { objects: { 'a.jsonl': GOOD }, manifest });
    const { report } = await validated(run);
    expect(report).toMatchObject({ accepted: false, objects: 2, records: 1, fatalProblems: 1 });
    expect(report.problems).toMatchObject([{ object: 's3://input/absent/b.jsonl', code: 'NotFound' }]);
  });

  it('counts an object that went without having been transformed as one that failed', async () => {
    const manifest = [{ prefix: 's3://input/gone/' }, 'a.jsonl', 'b.jsonl'];
    const run = await runOver('gone', { objects: { 'a.jsonl': GOOD }, manifest });
    await run.act('create');
    const ended = await run.untilEnded();
    const counted = await run.reconcile();
    expect(ended.status).toBe('Failed');
    expect(counted).toMatchObject({ reconciled: false, files: 2, mismatchedFiles: 1 });
    expect(counted.mismatches).toMatchObject([{ input: 's3://input/gone/b.jsonl', recordsIn: 0 }]);
  });

  it.each([
    ['an object is overwritten', true, () => local.put('input', 'moving/a.jsonl', '{"in0":[3],"in1":[2]}\n')],
    [
      'an object is removed',
      true,
      () => local.s3.send(new DeleteObjectCommand({ Bucket: 'input', Key: 'moving/b.jsonl' })),
    ],
    [
      'the manifest is overwritten by one of the same objects',
      true,
      () => local.put('input', 'manifests/moving.json', '[{"prefix":"s3://input/moving/"},"b.jsonl","a.jsonl"]'),
    ],
    ['an object beside them is added', false, () => local.put('input', 'moving/c.jsonl', GOOD)],
  ] as const)('(Q4) when %s while it goes on, the change is noticed: %s', async (what, noticed, change) => {
    // Prepare: the same definition, as it was before each change, under a name of its own.
    const manifest = [{ prefix: 's3://input/moving/' }, 'a.jsonl', 'b.jsonl'];
    const objects = { 'a.jsonl': GOOD, 'b.jsonl': GOOD };
    const run = await runOver('moving', { objects, manifest }, { tags: { change: what } });
    const { plan } = await validated(run);
    await run.act('create');
    await run.untilEnded();
    const before = await run.reconcile(0, { fingerprint: plan.fingerprint });

    // Act
    await change();
    const after = await run.reconcile(0, { fingerprint: plan.fingerprint });

    // Assess
    expect(before).toMatchObject({ reconciled: true, inputChanged: false });
    expect(after).toMatchObject({ reconciled: !noticed, inputChanged: noticed, retryable: false });
  });
});
