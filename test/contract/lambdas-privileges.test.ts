/**
 * Least privilege, proven by use (spec faults S10): what the three Lambdas ask of AWS when they do everything that they
 * do, against what their roles allow in the template of production. Nothing is missing, and nothing is too much.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { findEnvironment } from '../../infra/environments/all.ts';
import { VOCABULARY_SIZE } from '../fixtures/pair-model/train-pair-model.ts';
import { statementsOf, synthesise } from '../infra/synthesise.ts';
import { apiEvent, CONTEXT, type EventParts } from '../unit/lambdas/api-event.ts';
import { type LambdaService, POLL_MS, startLambdaService } from './lambda-service.ts';
import { type RecordedCalls, recordCalls } from './recorded-calls.ts';

/** Of the platform: a function writes its log and its traces itself, whatever the code does. */
const PLATFORM = /^(?:logs:CreateLogStream|logs:PutLogEvents|xray:PutTelemetryRecords|xray:PutTraceSegments) /;
const PLACES: Readonly<Record<string, string>> = {
  '<KeptRequests.Arn>': 's3:kept',
  '<DataInput.Arn>': 's3:input',
  '<DataOutput.Arn>': 's3:output',
  '<Key.Arn>': 'key',
};
const JSON_HEADERS = { 'content-type': 'application/json' };
const PAIRS = '{"instances":[{"in0":[1,2],"in1":[3]}]}';

const template = synthesise(findEnvironment('prod'));

/** `action pattern`, of one role, in the names that the local buckets have. */
function grantedTo(role: string): string[] {
  return statementsOf(template)
    .filter((statement) => statement.role === role)
    .flatMap(({ actions, resources }) => actions.flatMap((action) => resources.map((at) => `${action} ${local(at)}`)))
    .filter((line) => !PLATFORM.test(line))
    .sort();
}

function local(resource: string): string {
  const place = /^<[^>]+>/.exec(resource)?.[0] ?? '';
  return resource.replace(place, PLACES[place] ?? place).replace(/^arn:.*:sagemaker:.*:(?=[a-z-]+\/)/, 'sagemaker:');
}

function allows(granted: string, used: string): boolean {
  const pattern = granted.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(used);
}

let service: LambdaService;
let calls: RecordedCalls;

beforeAll(async () => {
  service = await startLambdaService({
    ENDPOINT_NAME: 'twinvec-prod',
    ASYNC_ENDPOINT_NAME: 'twinvec-prod-async',
    ASYNC_S3_URI: 's3://kept/async/',
  });
  await service.s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  await service.createEndpoint('twinvec-prod');
  await service.createEndpoint('twinvec-prod-async', {
    asyncConfig: {
      OutputConfig: { S3OutputPath: 's3://kept/async/outputs/', S3FailurePath: 's3://kept/async/failures/' },
    },
  });
  calls = recordCalls();
  await useRouter();
  await useBatch();
});

afterAll(() => service.close());

async function useRouter(): Promise<void> {
  const { handler } = await import('../../lambdas/router/handler.ts');
  calls.start('router');
  const ask = (parts: EventParts) => handler(apiEvent(parts), CONTEXT);
  const untilAnswered = async (parts: EventParts) => {
    const accepted = await ask(parts);
    expect(accepted.statusCode, accepted.body).toBe(202);
    for (;;) {
      const answer = await ask({ method: 'GET', path: String(accepted.headers?.location) });
      if (answer.statusCode !== 202) return answer.statusCode;
      await pause(POLL_MS);
    }
  };
  const later = { ...JSON_HEADERS, prefer: 'respond-async' };
  await service.put('kept', 'async/uploads/mine.json', PAIRS);
  const statuses = [
    (await ask({ method: 'GET', path: '/health' })).statusCode,
    (await ask({ headers: JSON_HEADERS, body: PAIRS })).statusCode,
    (await ask({ method: 'GET', path: '/invocations/00000000-0000-4000-8000-000000000000' })).statusCode,
    await untilAnswered({ headers: later, body: PAIRS }),
    await untilAnswered({ headers: later, body: `{"instances":[{"in0":[${VOCABULARY_SIZE}]}]}` }),
    await untilAnswered({ headers: { ...JSON_HEADERS, 'x-twinvec-input': 's3://kept/async/uploads/mine.json' } }),
  ];
  expect(statuses).toEqual([200, 200, 404, 200, 422, 200]);
}

async function useBatch(): Promise<void> {
  const { handler: validate } = await import('../../lambdas/validator/handler.ts');
  const { handler: orchestrate } = await import('../../lambdas/orchestrator/handler.ts');
  await service.put('input', 'embeddings/a.jsonl', '{"in0":[1]}\n{"in0":[2]}\n');
  await service.put('input', 'manifests/today.json', '[{"prefix":"s3://input/embeddings/"},"a.jsonl"]');
  for (const inputManifestS3Uri of [undefined, 's3://input/manifests/today.json']) {
    await runJob(validate, orchestrate, inputManifestS3Uri);
  }
}

type Handler = (event: unknown) => Promise<unknown>;

async function runJob(validate: Handler, orchestrate: Handler, inputManifestS3Uri: string | undefined): Promise<void> {
  // The job of the environment, as the schedule of the deployment hands it on.
  const [job] = findEnvironment('prod').jobs;
  const { inputFolder, outputFolder, schedule: _, ...fields } = job!;
  const definition = {
    ...fields,
    modelName: 'twinvec-prod',
    inputS3Uri: `s3://input/${inputFolder}`,
    outputS3Uri: `s3://output/${outputFolder}`,
    tags: { environment: 'prod' },
    ...(inputManifestS3Uri === undefined ? {} : { inputManifestS3Uri }),
  };
  const act = (action: string, more: object = {}) => {
    calls.start('orchestrator');
    return orchestrate({ action, definition, scheduledTime: '2026-11-21T03:00:00Z', ...more });
  };
  const { validation, request } = (await act('plan')) as TransformPlan;
  calls.start('validator');
  await validate(validation);
  await act('create');
  for (;;) {
    const state = (await act('observe')) as { status: string };
    if (state.status === 'Completed') break;
    expect(state.status).toBe('InProgress');
    await pause(POLL_MS);
  }
  expect(await act('reconcile')).toMatchObject({ reconciled: true });
  const Key = request.TransformOutput.S3OutputPath.replace('s3://output/', '');
  await service.s3.send(new DeleteObjectCommand({ Bucket: 'output', Key: `${Key}/a.jsonl.out` }));
  expect(await act('reconcile')).toMatchObject({ reconciled: false, retryable: true });
  expect(await act('retry', { attempt: 1 })).toMatchObject({ retriedFiles: 1 });
}

describe.each([
  ['router', 'RouterFunctionRole'],
  ['validator', 'BatchFunctionsValidatorRole'],
  ['orchestrator', 'BatchFunctionsOrchestratorRole'],
])('the %s', (name, role) => {
  it('may do everything that it does', () => {
    const used = calls.of(name);
    expect(used.length).toBeGreaterThan(2);
    expect(used.filter((call) => !grantedTo(role).some((granted) => allows(granted, call)))).toEqual([]);
  });

  it('does everything that it may', () => {
    const granted = grantedTo(role);
    expect(granted.length).toBeGreaterThan(2);
    expect(granted.filter((pattern) => !calls.of(name).some((call) => allows(pattern, call)))).toEqual([]);
  });
});
