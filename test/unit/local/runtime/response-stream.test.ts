/** InvokeEndpointWithResponseStream through the real SDK client, which decodes the frames. */
import {
  InvokeEndpointWithResponseStreamCommand,
  type InvokeEndpointWithResponseStreamCommandInput,
} from '@aws-sdk/client-sagemaker-runtime';
import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { modelStreamError, payloadParts } from '../../../../local/runtime/event-stream.ts';
import {
  instanceOf,
  type Script,
  type ScriptedServiceOptions,
  serveScript,
  startScript,
} from '../../../fixtures/local-service/scripted-endpoint.ts';

const started: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(started.splice(0).map((one) => one.close())));

async function serve(script: Script, options: Partial<ScriptedServiceOptions> = {}) {
  const container = await startScript(script);
  const variants = { AllTraffic: { instances: [instanceOf({ primary: container })] } };
  const service = await serveScript({ variants, ...options });
  started.push(service, container);
  const invoke = (change: Partial<InvokeEndpointWithResponseStreamCommandInput> = {}) =>
    service.client.send(new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'e', Body: 'body', ...change }));
  return { container, invoke, leave: () => service.client.destroy() };
}

async function* partsOf(answer: Awaited<ReturnType<Awaited<ReturnType<typeof serve>>['invoke']>>) {
  for await (const { PayloadPart } of answer.Body!) yield Buffer.from(PayloadPart!.Bytes!).toString();
}

describe('a streamed answer', () => {
  it('arrives part by part, as the container writes it', async () => {
    // Prepare
    const next: (() => void)[] = [];
    const { container, invoke } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/x-parts', 'x-amzn-sagemaker-custom-attributes': 'a=1' });
      response.write('one');
      next.push(() => response.write('two'));
      next.push(() => response.end('three'));
    });

    // Act
    const answer = await invoke({ ContentType: 'text/csv', Accept: 'text/x-parts' });
    const parts: string[] = [];
    for await (const part of partsOf(answer)) {
      parts.push(part);
      next.shift()?.();
    }

    // Assess
    expect(parts).toEqual(['one', 'two', 'three']);
    expect(answer).toMatchObject({
      ContentType: 'text/x-parts',
      CustomAttributes: 'a=1',
      InvokedProductionVariant: 'AllTraffic',
    });
    expect(container.seen[0]!.headers).toMatchObject({ 'content-type': 'text/csv', accept: 'text/x-parts' });
  });

  it('of 20 MiB is longer than InvokeEndpoint allows and arrives whole', async () => {
    const sent = Buffer.alloc(20 * 1024 * 1024, 'ab');
    const { invoke } = await serve((_request, response) => void response.end(sent));

    const parts: Buffer[] = [];
    for await (const { PayloadPart } of (await invoke()).Body!) parts.push(Buffer.from(PayloadPart!.Bytes!));

    expect(parts.length).toBeGreaterThan(1);
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
  });

  it('that is a refusal is a ModelError, before any part', async () => {
    const { invoke } = await serve((_request, response) => response.writeHead(415).end('not that'));

    await expect(invoke()).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: 415,
      OriginalMessage: 'not that',
    });
  });

  it('that breaks off ends with ModelStreamError StreamBroken after the parts that came', async () => {
    const { invoke } = await serve((_request, response) => {
      response.write('one', () => setImmediate(() => response.destroy()));
    });
    const parts: string[] = [];

    const reading = async () => {
      for await (const part of partsOf(await invoke())) parts.push(part);
    };

    await expect(reading()).rejects.toMatchObject({ name: 'ModelStreamError', ErrorCode: 'StreamBroken' });
    expect(parts).toEqual(['one']);
  });

  it('that stops coming ends with ModelStreamError ModelInvocationTimeExceeded', async () => {
    const { invoke } = await serve((_request, response) => void response.write('one'), { timeoutMs: 200 });

    const reading = async () => Array.fromAsync(partsOf(await invoke()));

    await expect(reading()).rejects.toMatchObject({
      name: 'ModelStreamError',
      ErrorCode: 'ModelInvocationTimeExceeded',
      message: expect.stringContaining('timed out'),
    });
  });

  it('holds the container up when the caller reads slowly, and lets it go when the caller leaves', async () => {
    // Prepare
    let written = 0;
    const closed = Promise.withResolvers<void>();
    const { invoke, leave } = await serve((_request, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      const write = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once('drain', write);
      };
      response.once('close', () => closed.resolve());
      write();
    });

    // Act
    for await (const _ of (await invoke()).Body!) break;
    leave();

    // Assess
    await closed.promise;
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('the frames', () => {
  const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
    (text) => Buffer.from(text, 'utf8'),
  );

  it('give back the bytes that went in, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        const bodies = [...payloadParts(bytes)].map((frame) => Buffer.from(codec.decode(frame).body));
        expect(Buffer.concat(bodies).equals(Buffer.from(bytes))).toBe(true);
      }),
      { seed: 5 },
    );
  });

  it('cut what is larger than a MiB', () => {
    const frames = [...payloadParts(new Uint8Array(2 * 1024 * 1024 + 1))];

    expect(frames.map((frame) => codec.decode(frame).body.length)).toEqual([1_048_576, 1_048_576, 1]);
  });

  it('say what ended a stream', () => {
    const { headers, body } = codec.decode(modelStreamError('StreamBroken', 'gone'));

    expect(headers[':exception-type']!.value).toBe('ModelStreamError');
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ Message: 'gone', ErrorCode: 'StreamBroken' });
  });
});
