/** InvokeEndpoint: headers both ways, and which variant and instance answer. */
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from 'vitest';
import { instanceOf, type Script } from '../../../fixtures/local-service/scripted-endpoint.ts';
import { answer, invoke, useScriptedEndpoint } from './scripted-calls.ts';

const { scripted, serve, serveOne } = useScriptedEndpoint();

describe('headers', () => {
  it('reach the container as the contract says, and no others', async () => {
    // Prepare
    const container = await scripted(answer('fine'));
    const service = await serveOne(container);

    // Act
    await invoke(service, {
      ContentType: 'text/csv',
      Accept: 'application/json',
      CustomAttributes: 'trace=1; name="x"',
      InferenceId: 'id 1',
      TargetVariant: 'AllTraffic',
      SessionId: 'NEW_SESSION',
    });

    // Assess
    const { connection: _, host: __, ...headers } = container.seen[0]!.headers;
    expect(headers).toEqual({
      'content-type': 'text/csv',
      accept: 'application/json',
      'content-length': '4',
      'x-amzn-sagemaker-custom-attributes': 'trace=1; name="x"',
      'x-amzn-sagemaker-inference-id': 'id 1',
      'x-amzn-sagemaker-target-variant': 'AllTraffic',
      'x-amzn-sagemaker-session-id': 'NEW_SESSION',
    });
    expect(container.seen[0]).toMatchObject({ path: '/invocations', body: 'body' });
  });

  it('come back from the container: content type, custom attributes, sessions, and the variant that answered', async () => {
    const container = await scripted((_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/x-mine',
        'x-amzn-sagemaker-custom-attributes': 'trace=1',
        'x-amzn-sagemaker-new-session-id': 'abc; Expires=2030-01-01T00:00:00Z',
        'x-amzn-sagemaker-closed-session-id': 'xyz',
        'x-other': 'no',
      });
      response.end('fine');
    });
    const service = await serveOne(container);

    const answered = await invoke(service);

    expect(answered).toMatchObject({
      ContentType: 'text/x-mine',
      CustomAttributes: 'trace=1',
      NewSessionId: 'abc; Expires=2030-01-01T00:00:00Z',
      ClosedSessionId: 'xyz',
      InvokedProductionVariant: 'AllTraffic',
    });
    expect(answered.Body.transformToString()).toBe('fine');
  });

  it.each([
    ['CustomAttributes', { CustomAttributes: 'x'.repeat(1025) }, /'customAttributes' .* less than or equal to 1024/],
    ['InferenceId', { InferenceId: 'x'.repeat(65) }, /'inferenceId' .* less than or equal to 64/],
    ['TargetVariant', { TargetVariant: 'a_b' }, /'targetVariant' .* regular expression/],
    ['EnableExplanations', { EnableExplanations: '`true`' }, /EnableExplanations/],
    ['InferenceComponentName', { InferenceComponentName: 'x' }, /InferenceComponentName/],
    ['TargetModel', { TargetModel: 'a.tar.gz' }, /multi-model/],
    ['TargetContainerHostname', { TargetContainerHostname: 'a' }, /Direct/],
    ['an unknown variant', { TargetVariant: 'none' }, /Variant none not found/],
    ['an unknown endpoint', { EndpointName: 'none' }, /^Endpoint none of account 000000000000 not found\.$/],
    ['a large body', { Body: 'x'.repeat(6_291_457) }, /'body' .* less than or equal to 6291456/],
  ])('are refused before the container sees them: %s', async (_name, change, message) => {
    const container = await scripted(answer('fine'));
    const service = await serveOne(container);

    await expect(invoke(service, change)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(message),
      $metadata: { httpStatusCode: 400 },
    });
    expect(container.seen).toEqual([]);
  });
});

describe('variants', () => {
  const variantsOf = async (weights: Readonly<Record<string, number>>) => {
    const container = await scripted(answer('fine'));
    const variants = Object.entries(weights).map(([name, weight]) => [
      name,
      { weight, instances: [instanceOf({ primary: container })] },
    ]);
    return serve({ variants: Object.fromEntries(variants), seed: 11 });
  };

  it('answer by their weights, the same ones in the same order for the same seed', async () => {
    const service = await variantsOf({ A: 3, B: 1, C: 0 });

    const names: (string | undefined)[] = [];
    for (let n = 0; n < 200; n++) names.push((await invoke(service)).InvokedProductionVariant);
    const again = await variantsOf({ A: 3, B: 1, C: 0 });
    const repeated: (string | undefined)[] = [];
    for (let n = 0; n < 20; n++) repeated.push((await invoke(again)).InvokedProductionVariant);

    const shareOfA = names.filter((name) => name === 'A').length / names.length;
    expect(shareOfA).toBeGreaterThan(0.6);
    expect(shareOfA).toBeLessThan(0.9);
    expect(names).not.toContain('C');
    expect(repeated).toEqual(names.slice(0, 20));
  });

  it('answer when they are named, whatever their weight', async () => {
    const service = await variantsOf({ A: 1, B: 0 });

    expect((await invoke(service, { TargetVariant: 'B' })).InvokedProductionVariant).toBe('B');
  });
});

describe('instances', () => {
  it('that are down get no requests; when all are, the endpoint is unavailable', async () => {
    // Prepare
    const [up, down] = [await scripted(answer('up')), await scripted(answer('down'))];
    down.problem = 'the server process ended (SIGKILL)';
    const instances = [instanceOf({ primary: up }), instanceOf({ primary: down })];
    const service = await serve({ variants: { A: { instances } } });

    // Act
    for (let n = 0; n < 20; n++) await invoke(service);
    up.problem = 'the server process ended (exit code 1)';

    // Assess
    expect(up.seen).toHaveLength(20);
    expect(down.seen).toHaveLength(0);
    await expect(invoke(service)).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      message: expect.stringContaining('the server process ended (exit code 1)'),
      $metadata: { httpStatusCode: 503 },
    });
  });

  it('keep the sessions that they opened', async () => {
    // Prepare
    const opening: Script = (_request, response) => {
      response.setHeader('x-amzn-sagemaker-new-session-id', 'mine; Expires=2030-01-01T00:00:00Z');
      response.end();
    };
    const containers = [await scripted(opening), await scripted(opening), await scripted(opening)];
    const instances = containers.map((container) => instanceOf({ primary: container }));
    const service = await serve({ variants: { A: { instances } } });
    await invoke(service, { SessionId: 'NEW_SESSION' });
    const opener = containers.find(({ seen }) => seen.length === 1)!;

    // Act
    for (let n = 0; n < 20; n++) await invoke(service, { SessionId: 'mine' });

    // Assess
    expect(opener.seen).toHaveLength(21);
  });

  it('with the fewest requests under way come first, when the variant says so', async () => {
    // Prepare
    const arrived = Promise.withResolvers<void>();
    const slow = await scripted(() => arrived.resolve());
    const fast = await scripted(answer('fast'));
    const instances = [instanceOf({ primary: slow }), instanceOf({ primary: fast })];
    const RoutingConfig = { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' };
    const service = await serve({
      variants: { A: { instances } },
      config: { ProductionVariants: [{ VariantName: 'A', ModelName: 'm', RoutingConfig }] },
    });
    const gone = new AbortController();
    const sent: Promise<unknown>[] = [];
    while (slow.seen.length === 0) {
      const command = new InvokeEndpointCommand({ EndpointName: 'e', Body: '' });
      const one = service.client.send(command, { abortSignal: gone.signal }).catch(() => undefined);
      sent.push(one);
      await Promise.race([one, arrived.promise]);
    }

    // Act
    for (let n = 0; n < 10; n++) await invoke(service);

    // Assess
    expect(slow.seen).toHaveLength(1);
    gone.abort();
    await Promise.all(sent);
  });
});

it('an asynchronous endpoint answers no synchronous calls', async () => {
  const container = await scripted(answer('fine'));
  const config = { AsyncInferenceConfig: { OutputConfig: {} } };
  const service = await serveOne(container, { config });

  await expect(invoke(service)).rejects.toMatchObject({ name: 'ValidationError', message: /InvokeEndpointAsync/ });
});
