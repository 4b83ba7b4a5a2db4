import { afterEach, describe, expect, it } from 'vitest';
import { type Invocation, invokeModel } from '../../../../lambdas/router/invoke.ts';
import { modelError, type RuntimeAnswer, type RuntimeServer, startRuntime } from './runtime-server.ts';

const INVOCATION: Invocation = {
  endpointName: 'pairs',
  body: Buffer.from('{"instances":[]}'),
  contentType: 'application/json',
  accept: 'application/jsonlines',
  customAttributes: 'trace=1',
  inferenceId: 'r-1',
};
const GOOD: RuntimeAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"predictions":[]}',
};
const BUDGET_MS = 20_000;

let runtime: RuntimeServer | undefined;
afterEach(async () => runtime?.close());

/** What is thrown, with the number of requests that were made. */
async function refusalOf(answers: readonly (RuntimeAnswer | undefined)[], budgetMs = BUDGET_MS) {
  runtime = await startRuntime(answers);
  const thrown = await invokeModel(runtime.client, INVOCATION, budgetMs).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { thrown, requests: runtime.requests.length };
}

describe('a call of the endpoint', () => {
  it('carries types, attributes and the request id to the model, and its answer back', async () => {
    // Prepare
    const headers = { ...GOOD.headers, 'x-amzn-invoked-production-variant': 'AllTraffic' };
    runtime = await startRuntime([{ ...GOOD, headers }]);

    // Act
    const answer = await invokeModel(runtime.client, INVOCATION, BUDGET_MS);

    // Assess
    expect(Buffer.from(answer.body).toString()).toBe('{"predictions":[]}');
    expect(answer).toMatchObject({ contentType: 'application/json', variant: 'AllTraffic', tries: 1 });
    expect(runtime.requests[0]?.url).toBe('/endpoints/pairs/invocations');
    expect(runtime.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/jsonlines',
      'x-amzn-sagemaker-custom-attributes': 'trace=1',
      'x-amzn-sagemaker-inference-id': 'r-1',
    });
  });

  it('R13 that the model refuses is refused with the model’s own code, message and record, once', async () => {
    const refusal = { error: { code: 'InvalidTokenId', message: 'in0[3] is negative', requestId: 'r-1', record: 2 } };
    const { thrown, requests } = await refusalOf([modelError(422, JSON.stringify(refusal))]);
    expect(thrown).toMatchObject({ code: 'InvalidTokenId', status: 422, message: 'in0[3] is negative', record: 2 });
    expect(requests).toBe(1);
  });

  it.each([
    [400, 400],
    [404, 404],
    [406, 406],
    [413, 413],
    [415, 415],
    [418, 400],
    [422, 422],
    [500, 500],
    [501, 500],
    [507, 507],
  ])(
    'R13 that another server’s model refuses with %i is refused with %i and none of its words',
    async (inside, outside) => {
      const { thrown, requests } = await refusalOf([modelError(inside, 'at /opt/ml/model/secret.py:17')]);
      expect(thrown).toMatchObject({ status: outside, message: `The model answered with status ${inside}.` });
      expect(requests).toBe(1);
    },
  );

  it.each([503, 504, 0])(
    'R13 that fails with %i inside is tried again, and answered when that helps',
    async (status) => {
      runtime = await startRuntime([modelError(status, 'busy'), GOOD]);
      expect(await invokeModel(runtime.client, INVOCATION, BUDGET_MS)).toMatchObject({ tries: 2 });
    },
  );

  it.each([
    ['ModelNotReadyException', 429, 'NotReady'],
    ['ServiceUnavailable', 503, 'Overloaded'],
    ['InternalDependencyException', 530, 'Overloaded'],
    ['ThrottlingException', 400, 'Overloaded'],
  ])(
    'R14 that the platform answers with %s (%i) is tried twice more and then fails as %s',
    async (errorType, status, code) => {
      const { thrown, requests } = await refusalOf([{ status, errorType, body: '{"message":"account 123456789012"}' }]);
      expect(thrown).toMatchObject({ code, status: 503 });
      expect(String(thrown)).not.toContain('123456789012');
      expect(requests).toBe(3);
    },
  );

  it('R12 of an endpoint that is not there is a failure of ours, without the account number', async () => {
    const body = '{"Message":"Endpoint pairs of account 123456789012 not found."}';
    const { thrown } = await refusalOf([{ status: 400, errorType: 'ValidationError', body }]);
    expect(thrown).toMatchObject({ code: 'NotReady', message: 'The endpoint is not in service.' });
  });

  it('without permission names the action, and is not tried again', async () => {
    const { thrown, requests } = await refusalOf([{ status: 403, errorType: 'AccessDeniedException', body: '{}' }]);
    expect(thrown).toMatchObject({
      code: 'AccessDenied',
      message: 'sagemaker:InvokeEndpoint on the endpoint failed: AccessDeniedException.',
    });
    expect(requests).toBe(1);
  });

  it.each([
    ['ValidationError', 400, 'Inference Component pairs has no capacity to process this request.'],
    ['ModelNotReadyException', 429, 'loading'],
  ])(
    'of a model that is starting (%s) is repeated for as long as the caller waits',
    async (errorType, status, said) => {
      // Prepare
      const starting = { status, errorType, body: JSON.stringify({ Message: said }) };
      runtime = await startRuntime([starting, starting, starting, starting, GOOD]);

      // Act
      const answer = await invokeModel(runtime.client, { ...INVOCATION, waits: true }, BUDGET_MS);

      // Assess
      expect(answer.tries).toBe(5);
    },
  );

  it('names the archive or the component that it is for', async () => {
    runtime = await startRuntime([GOOD]);
    const one = { ...INVOCATION, targetModel: 'a/model.tar.gz', inferenceComponent: 'part' };
    await invokeModel(runtime.client, one, BUDGET_MS);
    expect(runtime.requests[0]?.headers).toMatchObject({
      'x-amzn-sagemaker-target-model': 'a/model.tar.gz',
      'x-amzn-sagemaker-inference-component': 'part',
    });
  });

  it('R13 that is never answered ends at the caller’s deadline', async () => {
    const { thrown, requests } = await refusalOf([undefined], 300);
    expect(thrown).toMatchObject({ code: 'DeadlineExceeded', status: 504 });
    expect(requests).toBe(1);
  });

  it('that cannot be made says so', async () => {
    // Prepare
    runtime = await startRuntime([GOOD]);
    const { client } = runtime;
    await runtime.close();
    runtime = undefined;

    // Act
    const act = invokeModel(client, INVOCATION, 1_500);

    // Assess
    await expect(act).rejects.toMatchObject({ status: 503, message: 'The endpoint could not be reached.' });
  });
});
