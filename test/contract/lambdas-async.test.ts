/**
 * Requests that are answered later, through the router and a local endpoint for asynchronous inference: what is sent
 * there, what its status says, and what may not be named as an input.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { VOCABULARY_SIZE } from '../fixtures/pair-model/train-pair-model.ts';
import { apiEvent, CONTEXT, type EventParts, restEvent } from '../unit/lambdas/api-event.ts';
import { type LambdaService, POLL_MS, startLambdaService } from './lambda-service.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const PAIRS = '{"instances":[{"in0":[1,2],"in1":[3]},{"in0":[4],"in1":[5,6]}]}';
const FOLDER = 's3://input/async/';

let local: LambdaService;
let route: typeof import('../../lambdas/router/handler.ts').handler;

beforeAll(async () => {
  local = await startLambdaService({
    ENDPOINT_NAME: 'pairs',
    ASYNC_ENDPOINT_NAME: 'pairs-later',
    ASYNC_S3_URI: FOLDER,
  });
  await local.createEndpoint('pairs');
  await local.createEndpoint('pairs-later', {
    asyncConfig: {
      OutputConfig: { S3OutputPath: 's3://output/answers/', S3FailurePath: 's3://output/failures/' },
    },
    // What a container takes without it is what a real-time endpoint can send.
    environment: { TWINVEC_MAX_BODY_MB: '20' },
  });
  ({ handler: route } = await import('../../lambdas/router/handler.ts'));
});

afterAll(() => local.close());

async function ask(parts: EventParts) {
  const { statusCode, headers, body } = await route(apiEvent(parts), CONTEXT);
  return { status: statusCode ?? 0, headers: headers ?? {}, body: body ?? '' };
}

/** Follows the status address until there is something else than "pending". */
async function answerOf(accepted: Awaited<ReturnType<typeof ask>>) {
  expect(accepted.status, accepted.body).toBe(202);
  for (;;) {
    const answer = await ask({ method: 'GET', path: String(accepted.headers.location) });
    if (answer.status !== 202) return answer;
    await pause(POLL_MS);
  }
}

describe('a request for an answer later', () => {
  it('is answered with 202 and an address, and there with what the endpoint would have said at once', async () => {
    const now = await ask({ headers: JSON_HEADERS, body: PAIRS });
    const accepted = await ask({
      headers: { ...JSON_HEADERS, prefer: 'respond-async', 'x-request-id': 'r-7' },
      body: PAIRS,
    });
    const later = await answerOf(accepted);

    const { id } = JSON.parse(accepted.body);
    expect(JSON.parse(accepted.body)).toEqual({ status: 'pending', id, statusUrl: `/invocations/${id}` });
    expect(accepted.headers).toMatchObject({ 'x-request-id': 'r-7', 'retry-after': '2' });
    expect(now.status).toBe(200);
    expect([later.status, later.body]).toEqual([200, now.body]);
    expect(later.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  it('through a REST API has its address below the stage, which finds the answer', async () => {
    const headers = { ...JSON_HEADERS, prefer: 'respond-async' };
    const accepted = await route(restEvent({ headers, body: PAIRS }), CONTEXT);
    const { id, statusUrl } = JSON.parse(accepted.body ?? '');
    expect([statusUrl, accepted.headers?.location]).toEqual([`/v1/invocations/${id}`, `/v1/invocations/${id}`]);
    const path = statusUrl.replace(/^\/v1/, '');
    const lookUp = () => route(restEvent({ method: 'GET', path, resource: '/invocations/{id}' }), CONTEXT);
    let answer = await lookUp();
    for (; answer.statusCode === 202; answer = await lookUp()) await pause(POLL_MS);
    expect(JSON.parse(answer.body ?? '').predictions).toHaveLength(2);
  });

  it('that is too large for a call goes to the queue by itself', async () => {
    const large = `${PAIRS}${' '.repeat(6_291_457)}`;
    const answer = await answerOf(await ask({ headers: JSON_HEADERS, body: large }));
    expect(answer.status, answer.body).toBe(200);
    expect(JSON.parse(answer.body).predictions).toHaveLength(2);
  });

  it('that the model refuses fails with the model’s own code, status and record', async () => {
    const body = `{"instances":[{"in0":[1]},{"in0":[${VOCABULARY_SIZE}]}]}`;
    const answer = await answerOf(await ask({ headers: { ...JSON_HEADERS, prefer: 'respond-async' }, body }));
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body).error).toMatchObject({ code: 'TokenOutOfVocabulary', record: 1 });
  });

  it('that is broken is refused at once, and nothing is queued', async () => {
    const before = await countInputs();
    const answer = await ask({ headers: { ...JSON_HEADERS, prefer: 'respond-async' }, body: '{"instances":[' });
    expect([answer.status, await countInputs()]).toEqual([400, before]);
  });

  it('with the same request id twice gets two answers', async () => {
    const headers = { ...JSON_HEADERS, prefer: 'respond-async', 'x-request-id': 'same' };
    const first = await ask({ headers, body: PAIRS });
    const second = await ask({ headers, body: '{"instances":[{"in0":[1]}]}' });
    expect(JSON.parse((await answerOf(first)).body).predictions).toHaveLength(2);
    expect(JSON.parse((await answerOf(second)).body).predictions).toHaveLength(1);
  });

  it('whose answer is larger than the API can carry is answered with a link that works', async () => {
    // Prepare
    const accepted = await ask({ headers: { ...JSON_HEADERS, prefer: 'respond-async' }, body: PAIRS });
    await answerOf(accepted);
    const ticket = JSON.parse(await local.readText(`${FOLDER}tickets/${JSON.parse(accepted.body).id}.json`));
    const large = Buffer.alloc(5 * 1024 * 1024, 'x');
    await local.put('output', ticket.output.slice('s3://output/'.length), large);

    // Act
    const answer = await ask({ method: 'GET', path: String(accepted.headers.location) });

    // Assess
    expect(answer.status).toBe(303);
    const linked = await fetch(String(answer.headers.location));
    expect(linked.status).toBe(200);
    expect(Buffer.from(await linked.arrayBuffer()).equals(large)).toBe(true);
  });
});

describe('the status of a request', () => {
  it.each(['00000000-0000-4000-8000-000000000000', 'x', '..%2f..%2fsecrets'])(
    'that was never made (%s) is 404',
    async (id) => {
      expect((await ask({ method: 'GET', path: `/invocations/${id}` })).status).toBe(404);
    },
  );
});

describe('an object as the body', () => {
  const withInput = (input: string, body?: string) =>
    ask({ headers: { ...JSON_HEADERS, 'x-twinvec-input': input }, ...(body === undefined ? {} : { body }) });

  it('in the folder for uploads is checked and answered', async () => {
    await local.put('input', 'async/uploads/mine/a b.json', PAIRS);
    const answer = await answerOf(await withInput(`${FOLDER}uploads/mine/a b.json`));
    expect(answer.status, answer.body).toBe(200);
    await local.put('input', 'async/uploads/broken.json', '{"instances":[');
    expect((await withInput(`${FOLDER}uploads/broken.json`)).status).toBe(400);
  });

  it.each([
    ['s3://models/model.tar.gz', 403],
    ['s3://input/async/tickets/x.json', 403],
    ['s3://input/async/uploads/', 403],
    ['s3://input/async/uploads-of-others/x', 403],
    ['s3://input/async/uploads/../tickets/x.json', 400],
    ['file:///etc/passwd', 400],
    ['http://169.254.169.254/latest/meta-data/', 400],
    ['https://input.s3.amazonaws.com/async/uploads/x', 400],
    ['s3://input/async/uploads/none.json', 404],
  ])('is refused when it is %s', async (address, status) => {
    const before = await countInputs();
    expect((await withInput(address)).status).toBe(status);
    expect(await countInputs()).toBe(before);
  });

  it('comes alone', async () => {
    expect((await withInput(`${FOLDER}uploads/mine/a b.json`, PAIRS)).status).toBe(400);
  });
});

describe('the log of the router', () => {
  afterEach(() => vi.restoreAllMocks());

  it('has the request id, the route and the status, and never a payload, a header’s value or an answer', async () => {
    // Prepare: ids and words that occur nowhere else.
    vi.resetModules();
    process.env.POWERTOOLS_LOG_LEVEL = 'DEBUG';
    const lines: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    }
    const { handler } = await import('../../lambdas/router/handler.ts');
    const headers = { ...JSON_HEADERS, 'x-amzn-sagemaker-custom-attributes': 'canary-attribute' };
    const canary = '{"instances":[{"in0":[1,"canary-word"]},{"in0":[1234567]}],"canary-field":1}';

    // Act
    const bodies = [PAIRS, canary, '{"instances":[{"in0":[1234567]}]}', 'canary {', ''];
    for (const [index, body] of bodies.entries()) {
      for (const prefer of ['wait=5', 'respond-async']) {
        const { headers: answered } = await handler(
          apiEvent({ headers: { ...headers, prefer, 'x-request-id': `log-${index}` }, body }),
          CONTEXT,
        );
        if (answered?.location) await handler(apiEvent({ method: 'GET', path: String(answered.location) }), CONTEXT);
      }
    }
    process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

    // Assess
    const text = lines.join('\n');
    expect(text).toContain('"requestId":"log-0"');
    expect(text).toMatch(/"route":"invoke","status":200/);
    expect(text).not.toMatch(/canary|1234567|instances|scores/);
  });
});

async function countInputs(): Promise<number> {
  const { KeyCount } = await local.s3.send(new ListObjectsV2Command({ Bucket: 'input', Prefix: 'async/inputs/' }));
  return KeyCount ?? 0;
}
