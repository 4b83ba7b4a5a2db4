/** InvokeEndpoint and InvokeEndpointWithResponseStream: a request to a container while the caller waits. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { regionOf } from '../control-plane/caller.ts';
import { NoAnswerError } from '../hosting/container-request.ts';
import { askModel, openModel, silence } from './ask-model.ts';
import type { DataCapture } from './data-capture.ts';
import { EVENT_STREAM_TYPE, modelStreamError, payloadParts } from './event-stream.ts';
import {
  ANSWER_HEADERS,
  PLAIN_HEADERS,
  REAL_TIME_BYTES,
  readInvocationBody,
  readModelRequest,
  STREAM_HEADERS,
} from './invocation.ts';
import type { Router } from './route-request.ts';

export interface InvokeOptions {
  readonly router: Router;
  readonly capture: DataCapture;
  readonly timeoutMs: number;
}

const STREAM_CONTENT_TYPE = 'x-amzn-sagemaker-content-type';

export async function invokeEndpoint(
  { router, capture, timeoutMs }: InvokeOptions,
  endpointName: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const receivedAt = new Date();
  const asked = readModelRequest(request.headers, PLAIN_HEADERS);
  const body = await readInvocationBody(request, REAL_TIME_BYTES);
  const route = router.route(endpointName, regionOf(request), asked, 'real-time');
  try {
    const answer = await route.try(() =>
      askModel({
        instance: route.instance,
        request: asked,
        body,
        timeoutMs,
        maxAnswerBytes: REAL_TIME_BYTES,
        agent: router.agent,
        signal: untilGone(response),
      }),
    );
    route.remember(answer.headers);
    const contentType = answer.headers['content-type'];
    if (contentType !== undefined) response.setHeader('content-type', contentType);
    copyAnswerHeaders(answer.headers, response);
    response.setHeader('x-amzn-invoked-production-variant', route.variantName);
    response.writeHead(answer.status, { 'content-length': answer.body.length });
    response.end(answer.body);
    capture.record(route.endpoint, route.variantName, {
      receivedAt,
      inferenceId: asked.inferenceId,
      customAttributes: asked.customAttributes,
      input: { contentType: asked.contentType, bytes: body },
      output: { contentType, bytes: answer.body },
    });
  } finally {
    route.end();
  }
}

export async function invokeWithResponseStream(
  { router, timeoutMs }: InvokeOptions,
  endpointName: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = readModelRequest(request.headers, STREAM_HEADERS);
  const body = await readInvocationBody(request, REAL_TIME_BYTES);
  const route = router.route(endpointName, regionOf(request), asked, 'real-time');
  try {
    const answer = await route.try(() =>
      openModel({
        instance: route.instance,
        request: asked,
        body,
        timeoutMs,
        maxAnswerBytes: Number.POSITIVE_INFINITY,
        agent: router.agent,
        signal: untilGone(response),
      }),
    );
    const contentType = answer.headers['content-type'];
    if (contentType !== undefined) response.setHeader(STREAM_CONTENT_TYPE, contentType);
    copyAnswerHeaders(answer.headers, response);
    response.setHeader('x-amzn-invoked-production-variant', route.variantName);
    response.writeHead(200, { 'content-type': EVENT_STREAM_TYPE });
    response.flushHeaders();
    try {
      for await (const part of answer.parts) {
        for (const frame of payloadParts(part)) {
          if (!response.write(frame)) await drained(response);
        }
      }
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      const { message } = await silence(answer.hostname, error, () => route.instance.describeEnd());
      response.write(modelStreamError(error.timedOut ? 'ModelInvocationTimeExceeded' : 'StreamBroken', message));
    }
    response.end();
  } finally {
    route.end();
  }
}

/** Resolves when more can be written, or nobody reads any more. */
async function drained(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).catch(() => undefined);
  over.abort();
}

function copyAnswerHeaders(from: IncomingMessage['headers'], to: ServerResponse): void {
  for (const header of ANSWER_HEADERS) {
    const value = from[header];
    if (value !== undefined) to.setHeader(header, value);
  }
}

/** Aborts when the caller has gone before the answer. */
function untilGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}
