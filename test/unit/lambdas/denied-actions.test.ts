/**
 * Every action that a role of the Lambdas has, refused (spec faults R11): one error that names it, after one request,
 * so that the person who has to mend the policy knows what to add and to which resource.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planTransform } from '#core/jobs/plan-transform.ts';
import { TransformDefinition } from '#core/jobs/transform-definition.ts';
import { openInput } from '../../../lambdas/commons/input-objects.ts';
import { findObject, readBytes, writeObject } from '../../../lambdas/commons/s3-objects.ts';
import { createJob } from '../../../lambdas/orchestrator/create-job.ts';
import { observeJob } from '../../../lambdas/orchestrator/observe-job.ts';
import { invokeAsync } from '../../../lambdas/router/async/invoke-async.ts';
import { RouterEnvironment } from '../../../lambdas/router/environment.ts';
import { health } from '../../../lambdas/router/health.ts';
import { invokeModel } from '../../../lambdas/router/invoke.ts';
import { ValidateEvent } from '../../../lambdas/validator/event.ts';
import { validateInput } from '../../../lambdas/validator/validate-input.ts';
import { statementsOf, synthesise } from '../../infra/synthesise.ts';
import { VARIANTS } from '../../infra/variants.ts';

let server: http.Server;
let requests = 0;
/** What a refusal says that is not of the call itself. */
let refused = 'no';
let s3: S3Client;
let sageMaker: SageMakerClient;
let runtime: SageMakerRuntimeClient;

beforeAll(async () => {
  // AWS as far as a refusal, in the words of each service. What is put into S3 is taken where a test needs it.
  server = http.createServer(async (request, response) => {
    const body = await text(request);
    if (request.method === 'PUT' && request.url?.includes('/async/')) {
      response.end();
      return;
    }
    requests += 1;
    const isS3 = request.headers['user-agent']?.includes('api/s3');
    response.writeHead(403, {
      'content-type': isS3 ? 'application/xml' : 'application/json',
      'x-amzn-errortype': 'AccessDeniedException',
    });
    const tagging = 'User: x is not authorized to perform: sagemaker:AddTags on resource: y';
    const Message = body.includes('"Tags"') ? tagging : refused;
    const xml = `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>${refused}</Message></Error>`;
    response.end(isS3 ? xml : JSON.stringify({ __type: 'AccessDeniedException', Message }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const common = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  s3 = new S3Client({ ...common, forcePathStyle: true });
  sageMaker = new SageMakerClient(common);
  runtime = new SageMakerRuntimeClient(common);
  // For the client that the router makes itself.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: common.endpoint,
    AWS_REGION: common.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const plan = (options: object = {}) =>
  planTransform(
    TransformDefinition.parse({
      ...options,
      name: 'job',
      modelName: 'model',
      inputS3Uri: 's3://data/in/',
      outputS3Uri: 's3://data/out',
      instanceType: 'ml.g5.xlarge',
    }),
    '2026-11-21T03:00:00Z',
  );
const OBJECT = { bucket: 'data', key: 'in/a.jsonl', etag: '', bytes: 1 };
const INVOCATION = {
  endpointName: 'pairs',
  body: Buffer.from('{}'),
  contentType: 'application/json',
  accept: undefined,
  customAttributes: undefined,
  inferenceId: 'r-1',
};
const LATER = { ...INVOCATION, requestId: 'r-1', input: INVOCATION.body };
const ROUTE = { endpointName: 'later', folder: 's3://data/async/' };

const CALLS: readonly (readonly [action: string, resource: string, act: () => Promise<unknown>])[] = [
  [
    's3:ListBucket',
    's3://data/in/',
    () => validateInput({ client: s3 }, ValidateEvent.parse({ inputS3Uri: 's3://data/in/' })),
  ],
  [
    's3:GetObject',
    's3://data/today.json',
    () => openInput({ client: s3 }, { inputS3Uri: 's3://data/in/', inputManifestS3Uri: 's3://data/today.json' }),
  ],
  ['s3:GetObject', 's3://data/in/a.jsonl', () => readBytes({ client: s3 }, OBJECT)],
  ['s3:GetObject', 's3://data/in/a.jsonl', () => findObject({ client: s3 }, OBJECT)],
  ['s3:PutObject', 's3://data/in/a.jsonl', () => writeObject({ client: s3 }, OBJECT, 'x', 'text/plain')],
  ['sagemaker:CreateTransformJob', 'job-20261121t030000', () => createJob(sageMaker, plan())],
  ['sagemaker:AddTags', 'job-20261121t030000', () => createJob(sageMaker, plan({ tags: { environment: 'dev' } }))],
  ['sagemaker:DescribeTransformJob', 'job', () => observeJob(sageMaker, 'job')],
  ['sagemaker:DescribeEndpoint', 'pairs', () => health(RouterEnvironment.parse({ ENDPOINT_NAME: 'pairs' }), 'r-1')],
  ['sagemaker:InvokeEndpoint', 'the endpoint', () => invokeModel(runtime, INVOCATION, 20_000)],
  ['sagemaker:InvokeEndpointAsync', 'the endpoint', () => invokeAsync({ runtime, s3: { client: s3 } }, ROUTE, LATER)],
];
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd';

/** Asked of KMS by S3, in whose refusal they are named. */
const KEY_CALLS: readonly (readonly [action: string, called: string, act: () => Promise<unknown>])[] = [
  ['kms:Decrypt', 's3:GetObject', () => readBytes({ client: s3 }, OBJECT)],
  ['kms:GenerateDataKey', 's3:PutObject', () => writeObject({ client: s3 }, OBJECT, 'x', 'text/plain')],
];

describe('a role without', () => {
  it.each(CALLS)(
    '%s is told so, with the resource %s, and nothing is tried again (R11)',
    async (action, resource, act) => {
      requests = 0;
      await expect(act()).rejects.toMatchObject({
        code: 'AccessDenied',
        message: expect.stringContaining(`${action} on ${resource}`),
      });
      expect(requests).toBe(1);
    },
  );

  it.each(KEY_CALLS)('%s is told so, beside the call of %s that needed it (R11, R12)', async (action, called, act) => {
    requests = 0;
    refused = `User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: ${action} on resource: ${KEY} because no identity-based policy allows the ${action} action`;
    const thrown = await act().catch((error: unknown) => error);
    refused = 'no';
    expect(thrown).toMatchObject({
      code: 'AccessDenied',
      message: `${called} on s3://data/in/a.jsonl failed: AccessDenied. The role needs ${action} on ${KEY}.`,
    });
    expect(requests).toBe(1);
  });

  it('any other action has nothing to miss: these are all that the three roles are given', () => {
    // Prepare: actions that write logs, traces and network interfaces are Lambda's own.
    const own = /^(?:logs|xray|ec2):/;
    const tested = [...CALLS, ...KEY_CALLS].map(([action]) => action);

    // Act
    const granted = Object.values(VARIANTS)
      .flatMap((load) => statementsOf(synthesise(load())))
      .filter(({ role }) => /^(?:RouterFunction|BatchFunctions\w+)Role$/.test(role))
      .flatMap(({ actions }) => actions)
      .filter((action) => !own.test(action));

    // Assess
    expect([...new Set(granted)].sort()).toEqual([...new Set(tested)].sort());
  });
});
