/** Whatever is sent to the control plane, the answer is one of AWS JSON, the service lives, and nothing is made of it. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalClients, startLocalClients } from '../../../fixtures/local-service/clients.ts';
import { fullRequest, readApiFacts } from '../../../fixtures/sagemaker-api/api-facts.ts';

const FACTS = readApiFacts();
const OPERATIONS = [...new Set(FACTS.map(({ operation }) => operation))];

let local: LocalClients;
let url: string;
beforeAll(async () => {
  local = await startLocalClients();
  const { protocol, hostname, port = '' } = await local.sageMaker.config.endpoint!();
  url = `${protocol}//${hostname}:${port}`;
});
afterAll(() => local.close());

async function call(operation: string, body: string | Uint8Array<ArrayBuffer>) {
  const headers = { 'x-amz-target': `SageMaker.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function expectRefusal({ status, headers, text }: Awaited<ReturnType<typeof call>>): void {
  expect(status).toBe(400);
  expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(text)).toEqual({
    __type: expect.stringMatching(/^(ValidationException|SerializationException)$/),
    message: expect.stringMatching(/./),
  });
}

/** Members that are null count as absent, so an object of such is a List call without filters. */
const noRequest = fc.jsonValue().filter((body) => {
  const isObject = body !== null && typeof body === 'object' && !Array.isArray(body);
  return !(isObject && Object.values(body).every((member) => member === null));
});

it('knows the members of every operation that the service has', async () => {
  const { text } = await call('None', '{}');

  const [, names = ''] = /operations: (.*)\.$/.exec(JSON.parse(text).message) ?? [];
  const ofSageMaker = names.split(', ').filter((name) => !name.includes('.'));
  expect(ofSageMaker.sort()).toEqual([...OPERATIONS].sort());
});

it.each(OPERATIONS)('%s refuses any JSON that is not its request', async (operation) => {
  await fc.assert(
    fc.asyncProperty(noRequest, async (body) => expectRefusal(await call(operation, JSON.stringify(body)))),
    { numRuns: 15 },
  );
});

it.each(OPERATIONS)('%s refuses its request with one member of another kind', async (operation) => {
  const request = fullRequest(FACTS.filter((fact) => fact.operation === operation)) as Record<string, unknown>;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(request)),
      fc.constantFrom('\n', -1, [[]], { '': 0 }),
      async (key, value) => expectRefusal(await call(operation, JSON.stringify({ ...request, [key]: value }))),
    ),
    { numRuns: 15 },
  );
});

it('refuses bytes that are no JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      expectRefusal(await call('CreateModel', Uint8Array.from([0x7b, ...bytes])));
    }),
    { numRuns: 50 },
  );
});

it.each([
  ['that nests 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['of 2 MiB', `{"ModelName": "${'a'.repeat(2 * 1024 * 1024)}"}`],
])('refuses a body %s', async (_what, body) => {
  expectRefusal(await call('CreateModel', body));
});
