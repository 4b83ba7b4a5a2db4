/**
 * The three Lambdas as AWS would call them: real event shapes, the real SDK clients, and behind them `twinvec local`
 * with a model that was trained for the test.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  ListTagsCommand,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { handler as orchestrate } from '../../lambdas/orchestrator/handler.ts';
import { handler as route } from '../../lambdas/router/handler.ts';
import { handler } from '../../lambdas/validator/handler.ts';
import type { ValidationPlan } from '../../lambdas/validator/plan-parts.ts';
import type { ValidationReport } from '../../lambdas/validator/report.ts';
import { VOCABULARY_SIZE } from '../fixtures/pair-model/train-pair-model.ts';
import { apiEvent, CONTEXT, type EventParts, restEvent } from '../unit/lambdas/api-event.ts';
import { type LambdaService, POLL_MS, startLambdaService } from './lambda-service.ts';

let local: LambdaService;
let s3: S3Client;
let sageMaker: SageMakerClient;

beforeAll(async () => {
  local = await startLambdaService({ ENDPOINT_NAME: 'pairs' });
  ({ s3, sageMaker } = local);
  await local.createEndpoint('pairs');
});

afterAll(() => local.close());

async function ask(parts: EventParts) {
  const { statusCode, headers, body } = await route(apiEvent(parts), CONTEXT);
  return { status: statusCode, headers, body: body ?? '' };
}

const validate = async (event: object) => (await handler(event)) as ValidationReport;

async function putRecords(key: string, lines: readonly string[]): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: 'input', Key: key, Body: lines.map((line) => `${line}\n`).join('') }));
}

describe('the router', () => {
  const pairs = '{"instances":[{"in0":[1,2],"in1":[3]},{"in0":[4],"in1":[5,6]}]}';
  const json = { 'content-type': 'application/json' };

  it('answers pairs with scores, as text and as base64, under the caller’s request id', async () => {
    const plain = await ask({ headers: { ...json, 'x-request-id': 'r-1' }, body: pairs });
    const encoded = await ask({ headers: json, body: Buffer.from(pairs).toString('base64'), isBase64Encoded: true });

    expect(plain.status, plain.body).toBe(200);
    expect(plain.headers).toMatchObject({ 'content-type': 'application/json', 'x-request-id': 'r-1' });
    expect(JSON.parse(plain.body).predictions).toEqual([
      { scores: [expect.any(Number), expect.any(Number)] },
      { scores: [expect.any(Number), expect.any(Number)] },
    ]);
    expect(encoded.body).toBe(plain.body);
  });

  it('answers a REST API, which sends every body as base64, as it does an HTTP API', async () => {
    const body = Buffer.from(pairs).toString('base64');
    const rest = await route(restEvent({ headers: json, body, isBase64Encoded: true }), CONTEXT);
    const http = await ask({ headers: json, body: pairs });
    expect([rest.statusCode, rest.body]).toEqual([200, http.body]);

    const empty = await route(restEvent(), CONTEXT);
    expect([empty.statusCode, JSON.parse(empty.body ?? '').error.code]).toEqual([400, 'EmptyBody']);
    const health = await route(restEvent({ method: 'GET', path: '/health' }), CONTEXT);
    expect([health.statusCode, health.body]).toEqual([200, '{"status":"InService"}']);
  });

  it('answers one input with embeddings, in JSON Lines when asked', async () => {
    const headers = { 'content-type': 'application/jsonlines', accept: 'application/jsonlines' };
    const { status, body } = await ask({ headers, body: '{"in0":[1,2]}\n{"in0":[3]}\n' });

    expect(status, body).toBe(200);
    const records = body.trimEnd().split('\n');
    expect(records.map((line) => JSON.parse(line).embeddings.length)).toEqual([8, 8]);
  });

  it.each([
    ['a broken body', json, '{"instances":[', 400, 'MalformedJson', undefined],
    ['no body', json, '', 400, 'EmptyBody', undefined],
    ['a negative id', json, '{"instances":[{"in0":[1]},{"in0":[-1]}]}', 422, 'InvalidTokenId', 1],
    ['another type', { 'content-type': 'text/csv' }, '1,2', 415, 'UnsupportedMediaType', undefined],
    ['compression', { ...json, 'content-encoding': 'gzip' }, pairs, 415, 'UnsupportedMediaType', undefined],
  ])('refuses %s itself', async (_, headers, body, status, code, record) => {
    const answer = await ask({ headers, body });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error).toMatchObject({
      code,
      requestId: 'JKJaXmPLvHcESHA=',
      ...(record === undefined ? {} : { record }),
    });
  });

  it('gives back what only the model knows to be wrong, with its status, record and the request id', async () => {
    const body = `{"instances":[{"in0":[1]},{"in0":[${VOCABULARY_SIZE}]}]}`;
    const answer = await ask({ headers: { ...json, 'x-request-id': 'r-2' }, body });

    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body).error).toMatchObject({ code: 'TokenOutOfVocabulary', record: 1, requestId: 'r-2' });
  });

  it('gives back that a type cannot be produced', async () => {
    const answer = await ask({ headers: { ...json, accept: 'text/html' }, body: pairs });
    expect(answer.status).toBe(406);
  });

  it('refuses a body over 6 MiB before it is sent anywhere', async () => {
    const answer = await ask({ headers: json, body: ' '.repeat(6_291_457) });
    expect(answer.status).toBe(413);
  });

  it('says whether a model would answer', async () => {
    const answer = await ask({ method: 'GET', path: '/health' });
    expect([answer.status, answer.body]).toEqual([200, '{"status":"InService"}']);
  });
});

describe('the validator', () => {
  const event = { contentType: 'application/jsonlines', splitType: 'Line', maxPayloadInMB: 1 };

  it('Q6 reads every object of more than one page of a listing', async () => {
    // Prepare
    const keys = Array.from({ length: 1001 }, (_, index) => `pages/${String(index).padStart(4, '0')}.jsonl`);
    for (const key of keys) await putRecords(key, ['{"in0":[1]}']);
    await putRecords(keys[1000]!, ['{"in0":[1]}', '{"in0":true}']);

    // Act
    const report = await validate({ ...event, inputS3Uri: 's3://input/pages/' });

    // Assess
    expect(report).toMatchObject({ accepted: false, objects: 1001, records: 1002, badRecords: 1 });
    expect(report.problems).toMatchObject([
      { object: 's3://input/pages/1000.jsonl', line: 2, byteOffset: 12, code: 'InvalidRecord' },
    ]);
  });

  it('Q6 Q7 refuses a prefix with nothing in it, and objects that are not data', async () => {
    await putRecords('mixed/a.jsonl', ['{"in0":[1]}']);
    await putRecords('mixed/a.jsonl.out', ['{"embeddings":[1]}']);
    await putRecords('mixed/empty.jsonl', []);

    const nothing = await validate({ ...event, inputS3Uri: 's3://input/none/' });
    const mixed = await validate({ ...event, inputS3Uri: 's3://input/mixed/', maxBadRecords: 99 });

    expect(nothing).toMatchObject({ accepted: false, objects: 0, problems: [{ code: 'NotFound' }] });
    expect(mixed).toMatchObject({ accepted: false, objects: 3, records: 1 });
    expect(mixed.problems.map(({ object, code }) => [object, code])).toEqual([
      ['s3://input/mixed/a.jsonl.out', 'UnsupportedMediaType'],
      ['s3://input/mixed/empty.jsonl', 'EmptyBody'],
    ]);
  });

  it('divides an input among functions, whose reports together are that of one', async () => {
    // Prepare
    const good = '{"in0":[1]}';
    await putRecords('parts/a.jsonl', [good, '{"in0":[-1]}', good]);
    await putRecords('parts/b.jsonl', [good]);
    await putRecords(
      'parts/sub/c d.jsonl',
      Array.from({ length: 40 }, (_, i) => (i === 33 ? 'bad' : good)),
    );
    const whole = await validate({ ...event, inputS3Uri: 's3://input/parts/' });

    // Act
    const input = { ...event, inputS3Uri: 's3://input/parts/' };
    const plan = (await handler({ ...input, action: 'plan', bytesPerPart: 100 })) as ValidationPlan;
    const reports = await Promise.all(plan.parts.map((part) => validate({ ...input, part })));
    const merged = await validate({ action: 'merge', reports });

    // Assess
    expect(plan.parts.filter(({ range }) => range)).toHaveLength(5);
    expect(plan).toMatchObject({ objects: 3, bytes: whole.bytes });
    const withoutLines = whole.problems.map(({ line: _, ...problem }) => problem);
    expect({ ...merged, problems: merged.problems.map(({ line: _, ...problem }) => problem) }).toEqual({
      ...whole,
      problems: withoutLines,
    });
    expect(merged).toMatchObject({ objects: 3, records: 44, badRecords: 2, complete: true });
  });

  it('reads the beginning of every object as a sample, and no more than its budget', async () => {
    await putRecords('sample/a.jsonl', ['{"in0":[1]}', 'bad']);
    await putRecords('sample/b.jsonl', ['bad', '{"in0":[1]}']);
    const input = { ...event, inputS3Uri: 's3://input/sample/' };
    const sample = await validate({ ...input, mode: 'sample', sampleBytes: 5 });
    expect(sample).toMatchObject({ complete: false, objects: 2, problems: [expect.anything(), expect.anything()] });
    const short = await validate({ ...input, byteBudget: 20 });
    expect(short).toMatchObject({ accepted: false, complete: false });
    expect(short.problems.at(-1)).toMatchObject({ code: 'PayloadTooLarge' });
  });

  it('fails under the name of what is wrong when it cannot check', async () => {
    await expect(validate({ ...event, inputS3Uri: 's3://no-such-bucket/in/' })).rejects.toMatchObject({
      name: 'NotFound',
    });
    await expect(validate({ ...event, inputS3Uri: 'http://169.254.169.254/', colour: 1 })).rejects.toMatchObject({
      name: 'ValidationFailed',
      message: expect.stringMatching(/inputS3Uri: is not s3:.*colour/),
    });
  });
});

describe('the orchestrator', () => {
  const definition = {
    name: 'pairs',
    modelName: 'pairs',
    inputS3Uri: 's3://input/batch/',
    outputS3Uri: 's3://output/batch/',
    instanceType: 'ml.g5.xlarge',
    maxPlaceholders: 1,
  };
  const run = (scheduledTime: string, changes: object = {}) => ({
    act: (action: string) => orchestrate({ action, definition: { ...definition, ...changes }, scheduledTime }),
  });

  async function untilEnded(job: ReturnType<typeof run>): Promise<unknown> {
    for (;;) {
      const state = (await job.act('observe')) as { status: string };
      if (state.status !== 'InProgress') return state;
      await pause(POLL_MS);
    }
  }

  beforeAll(async () => {
    const records = Array.from({ length: 50 }, (_, i) => `{"in0":[${i % VOCABULARY_SIZE}],"in1":[1]}`);
    await putRecords('batch/a.jsonl', records);
    await putRecords('batch/deep/b c.jsonl', [
      '{"in0":[1],"in1":[2]}',
      '{"in0":[-1],"in1":[2]}',
      '{"in0":[3],"in1":[2]}',
    ]);
  });

  it('runs a job whose every file has as many records out as in, and says so in a manifest', async () => {
    // Prepare
    const job = run('2026-11-21T03:00:00Z');
    const plan = (await job.act('plan')) as TransformPlan;

    // Act
    const report = await validate(plan.validation);
    const created = await job.act('create');
    const ended = await untilEnded(job);
    const result = await job.act('reconcile');

    // Assess
    expect(report).toMatchObject({ accepted: false, records: 53, badRecords: 1 });
    expect(created).toEqual({ jobName: plan.jobName, created: true });
    expect(ended).toEqual({ jobName: plan.jobName, status: 'Completed', failureReason: '' });
    expect(result).toMatchObject({ reconciled: true, files: 2, recordsIn: 53, recordsOut: 53, placeholders: 1 });
    expect(JSON.parse(await local.readText(plan.manifestS3Uri))).toMatchObject({
      format: 'twinvec-batch-run',
      jobName: plan.jobName,
      files: [
        { input: 's3://input/batch/a.jsonl', recordsIn: 50, recordsOut: 50 },
        {
          input: 's3://input/batch/deep/b c.jsonl',
          output: `${plan.request.TransformOutput.S3OutputPath}/deep/b c.jsonl.out`,
        },
      ],
    });
  });

  it('makes one job of the same tick, however often it is delivered', async () => {
    const job = run('2026-11-22T03:00:00Z');
    const results = await Promise.all([job.act('create'), job.act('create'), job.act('create')]);
    expect(results.filter((result) => 'created' in result && result.created)).toHaveLength(1);
    await untilEnded(job);
    expect(await job.act('create')).toMatchObject({ created: false });
  });

  it('makes one job of a definition that asks for everything, and its tags and captures with it', async () => {
    // Prepare
    const job = run('2026-11-26T03:00:00Z', {
      tags: { environment: 'dev' },
      experiment: { experimentName: 'nightly' },
      capture: { s3Uri: 's3://output/captured/', generateInferenceId: true },
    });
    const { jobName } = (await job.act('plan')) as TransformPlan;

    // Act
    const results = [await job.act('create'), await job.act('create')];
    const ended = await untilEnded(job);

    // Assess
    expect(results).toMatchObject([{ created: true }, { created: false }]);
    expect(ended).toMatchObject({ status: 'Completed' });
    const described = await sageMaker.send(new DescribeTransformJobCommand({ TransformJobName: jobName }));
    expect(described.ExperimentConfig).toEqual({ ExperimentName: 'nightly' });
    const { Tags } = await sageMaker.send(new ListTagsCommand({ ResourceArn: described.TransformJobArn }));
    expect(Tags).toEqual([{ Key: 'environment', Value: 'dev' }]);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'output', Prefix: 'captured/' }));
    expect(Contents).toHaveLength(2);
    expect(await job.act('reconcile')).toMatchObject({ reconciled: true, recordsOut: 53, placeholders: 1 });
  });

  it('Q18 refuses to take another request’s job for its own', async () => {
    // Prepare
    const job = run('2026-11-23T03:00:00Z');
    const { request } = (await job.act('plan')) as TransformPlan;
    const other = { ...request, MaxPayloadInMB: 5 } as CreateTransformJobCommandInput;
    await sageMaker.send(new CreateTransformJobCommand(other));

    // Act
    const act = job.act('create');

    // Assess
    await expect(act).rejects.toMatchObject({ name: 'Conflict' });
    await untilEnded(job);
  });

  it('Q13 finds a file whose records were lost', async () => {
    // Prepare
    const job = run('2026-11-24T03:00:00Z');
    const { request } = (await job.act('plan')) as TransformPlan;
    await job.act('create');
    await untilEnded(job);
    const key = `${request.TransformOutput.S3OutputPath.slice('s3://output/'.length)}/a.jsonl.out`;
    await s3.send(new PutObjectCommand({ Bucket: 'output', Key: key, Body: '{"scores":[1,0]}\n' }));

    // Act
    const result = await job.act('reconcile');

    // Assess
    expect(result).toMatchObject({
      reconciled: false,
      mismatchedFiles: 1,
      mismatches: [{ input: 's3://input/batch/a.jsonl', recordsIn: 50, recordsOut: 1 }],
    });
  });

  it('fails under the name of what is wrong', async () => {
    await expect(run('2026-11-25T03:00:00Z').act('observe')).rejects.toMatchObject({ name: 'ValidationFailed' });
    await expect(run('yesterday').act('plan')).rejects.toMatchObject({ name: 'ValidationFailed' });
    await expect(run('2026-11-25T03:00:00Z', { maxPayloadInMB: 99 }).act('plan')).rejects.toMatchObject({
      message: expect.stringContaining('definition.maxPayloadInMB'),
    });
  });
});
