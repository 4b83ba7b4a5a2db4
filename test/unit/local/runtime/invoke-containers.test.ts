/** InvokeEndpoint: what containers do wrong, and the way through more than one of them. */
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from 'vitest';
import { instanceOf, type Script } from '../../../fixtures/local-service/scripted-endpoint.ts';
import { invoke, useScriptedEndpoint } from './scripted-calls.ts';

const { scripted, serve, serveOne } = useScriptedEndpoint();

describe('what the container does wrong', () => {
  it.each([
    [400, 'client'],
    [422, 'client'],
    [500, 'server'],
    [507, 'server'],
  ])('is a ModelError with the container’s status and words: %i', async (status, side) => {
    const container = await scripted((_request, response) => response.writeHead(status).end('no "good"'));
    const service = await serveOne(container);

    await expect(invoke(service)).rejects.toMatchObject({
      name: 'ModelError',
      message: expect.stringContaining(`Received ${side} error (${status}) from primary with message "no "good""`),
      OriginalStatusCode: status,
      OriginalMessage: 'no "good"',
      LogStreamArn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/e',
      $metadata: { httpStatusCode: 424 },
    });
  });

  it('is a ModelError of status 0 when it does not answer in time', async () => {
    const container = await scripted(() => undefined);
    const service = await serveOne(container, { timeoutMs: 50 });

    await expect(invoke(service)).rejects.toMatchObject({
      name: 'ModelError',
      message: expect.stringMatching(
        /^Received server error \(0\) from primary with message "Your invocation timed out while waiting for a response from container primary\./,
      ),
      OriginalStatusCode: 0,
    });
  });

  it('is a ModelError of status 0 when it hangs in the middle of an answer, or breaks it off', async () => {
    const hanging = await scripted((_request, response) => void response.write('half'));
    const breaking = await scripted((_request, response) => {
      response.write('half', () => response.destroy());
    });

    await expect(invoke(await serveOne(hanging, { timeoutMs: 50 }))).rejects.toMatchObject({ OriginalStatusCode: 0 });
    await expect(invoke(await serveOne(breaking))).rejects.toMatchObject({
      OriginalStatusCode: 0,
      OriginalMessage: expect.stringContaining('the connection broke'),
    });
  });

  it('is a ModelError when the answer is longer than 6 MiB, which is not read to its end', async () => {
    const most = Buffer.alloc(6_291_456, 'x');
    const container = await scripted(
      ({ body }, response) => void response.end(body === 'much' ? [most, 'x'].join('') : most),
    );
    const service = await serveOne(container);

    expect((await invoke(service)).Body).toHaveLength(most.length);
    await expect(invoke(service, { Body: 'much' })).rejects.toMatchObject({
      name: 'ModelError',
      message: expect.stringContaining('could not load the entire response body'),
    });
  });

  it('leaves the endpoint as it was when the caller goes away', async () => {
    const container = await scripted(({ body }, response) => void (body === 'body' && response.end('fine')));
    const service = await serveOne(container);
    const gone = new AbortController();
    const hanging = new InvokeEndpointCommand({ EndpointName: 'e', Body: 'hang' });
    const left = service.client.send(hanging, { abortSignal: gone.signal });
    await expect.poll(() => container.seen.length, { timeout: 60_000 }).toBe(1);

    gone.abort();

    await expect(left).rejects.toThrow();
    expect((await invoke(service)).Body.transformToString()).toBe('fine');
  });
});

describe('a serial pipeline', () => {
  const echo =
    (name: string): Script =>
    ({ body }, response) =>
      response.setHeader('content-type', `text/${name}`).end(`${body}+${name}`);

  it('passes each answer on, with its content type; what the caller accepts goes to the last container', async () => {
    // Prepare
    const [first, second] = [await scripted(echo('one')), await scripted(echo('two'))];
    const service = await serve({ variants: { A: { instances: [instanceOf({ first, second })] } } });

    // Act
    const answered = await invoke(service, { ContentType: 'text/csv', Accept: 'text/two', CustomAttributes: 'a' });

    // Assess
    expect(answered.Body.transformToString()).toBe('body+one+two');
    expect(answered.ContentType).toBe('text/two');
    expect(first.seen[0]!.headers).toMatchObject({ 'content-type': 'text/csv' });
    expect(first.seen[0]!.headers.accept).toBeUndefined();
    expect(second.seen[0]!.headers).toMatchObject({
      'content-type': 'text/one',
      accept: 'text/two',
      'x-amzn-sagemaker-custom-attributes': 'a',
    });
  });

  it('ends with the name of the container that failed', async () => {
    const first = await scripted((_request, response) => response.writeHead(400).end('no'));
    const second = await scripted(echo('two'));
    const service = await serve({ variants: { A: { instances: [instanceOf({ first, second })] } } });

    await expect(invoke(service)).rejects.toThrow(/^Received client error \(400\) from first with message "no"/);
    expect(second.seen).toEqual([]);
  });

  it('refuses to pass on more than 5 MB', async () => {
    const bytes = 5 * 1024 * 1024 + 1;
    const first = await scripted((_request, response) => response.end(Buffer.alloc(bytes)));
    const second = await scripted(echo('two'));
    const service = await serve({ variants: { A: { instances: [instanceOf({ first, second })] } } });

    await expect(invoke(service)).rejects.toThrow(
      `Received response from first with status code 200. However, the request payload from first to second is ${bytes} bytes, which has exceeded the maximum limit of 5 MB.`,
    );
    expect(second.seen).toEqual([]);
  });

  it('lets callers choose the container in Direct mode, and only there', async () => {
    const [first, second] = [await scripted(echo('one')), await scripted(echo('two'))];
    const instances = [instanceOf({ first, second }, { direct: true })];
    const service = await serve({ variants: { A: { instances } } });

    const answered = await invoke(service, { TargetContainerHostname: 'second' });

    expect(answered.Body.transformToString()).toBe('body+two');
    await expect(invoke(service)).rejects.toThrow(/TargetContainerHostname is required/);
    await expect(invoke(service, { TargetContainerHostname: 'third' })).rejects.toThrow(
      /The endpoint has: first, second/,
    );
  });
});
