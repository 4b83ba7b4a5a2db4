/**
 * A request whose body is sent in HTTP chunks while it is read, and whose answer is read while it comes: neither is
 * ever held as a whole. One time limit covers all of it.
 */
import { once } from 'node:events';
import http from 'node:http';
import { connectionProblem, NoAnswerError } from '../hosting/container-request.ts';

export interface StreamedRequest {
  readonly agent: http.Agent;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  readonly timeoutMs: number;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Ends when the body has been sent and the answer read; throws what the body threw, or NoAnswerError. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Resolves with the head of the answer. Rejects with what the body throws, NoAnswerError, or the signal's reason. */
export async function requestStreamed(
  url: string,
  { agent, headers, body, timeoutMs }: StreamedRequest,
  signal: AbortSignal,
): Promise<StreamedAnswer> {
  signal.throwIfAborted();
  const request = http.request(url, {
    method: 'POST',
    agent,
    headers: { ...headers, 'transfer-encoding': 'chunked' },
    signal,
  });
  const timer = setTimeout(() => {
    request.destroy(new NoAnswerError(`no answer within ${timeoutMs / 1000} s`, { timedOut: true }));
  }, timeoutMs);
  /** What is at fault where the body could not be read; the connection then breaks only in consequence. */
  let bodyError: { readonly error: unknown } | undefined;
  const causeOf = (error: unknown): unknown => {
    if (bodyError) return bodyError.error;
    if (signal.aborted) return signal.reason;
    if (error instanceof NoAnswerError) return error;
    return new NoAnswerError(connectionProblem(error as NodeJS.ErrnoException), { cause: error });
  };
  const sending = send(request, body).catch((error: unknown) => {
    if (request.destroyed) return;
    bodyError = { error };
    request.destroy();
  });

  try {
    const response = await headOf(request);
    // Later errors reach the reader of the response.
    request.on('error', () => undefined);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      chunks: chunksOf(response, sending, causeOf, () => clearTimeout(timer)),
    };
  } catch (error) {
    clearTimeout(timer);
    await sending;
    throw causeOf(error);
  }
}

function headOf(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
    request.once('close', () => reject(new Error('closed')));
  });
}

async function send(request: http.ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (request.destroyed) return;
    if (!request.write(chunk)) await drained(request);
  }
  request.end();
}

async function drained(request: http.ClientRequest): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(request, 'drain', { signal }), once(request, 'close', { signal })]).catch(() => undefined);
  over.abort();
}

async function* chunksOf(
  response: http.IncomingMessage,
  sending: Promise<void>,
  causeOf: (error: unknown) => unknown,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>;
    if (!response.complete) throw new Error('cut');
    await sending;
  } catch (error) {
    throw causeOf(error);
  } finally {
    done();
    response.destroy();
  }
}
