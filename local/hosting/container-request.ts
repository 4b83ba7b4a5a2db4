/**
 * One HTTP request to a container server under a time limit that covers all of it, its answer as a whole or as it comes.
 * `node:http` rather than fetch: it sends and receives buffers without web streams in between.
 */
import http, { type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

export interface ContainerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Keeps connections open between requests. */
  readonly agent: http.Agent;
  readonly headers?: http.OutgoingHttpHeaders;
  /** A stream needs a `content-length` among the headers, or is sent in chunks. */
  readonly body?: Uint8Array | Readable;
  readonly timeoutMs: number;
  /** Of a whole answer. @default no limit */
  readonly maxAnswerBytes?: number;
}

export interface ContainerAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer whose body is still coming. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Rejects with {@link NoAnswerError} when it breaks off. Leaving the loop early drops the connection. */
  readonly parts: AsyncIterable<Buffer>;
}

/** The container did not answer: no connection, a broken one, no answer in time, or one that is too long. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly timedOut: boolean;
  /** Of an answer that was given up because it is too long. */
  readonly tooLongStatus: number | undefined;

  constructor(
    message: string,
    options: { readonly timedOut?: boolean; readonly tooLongStatus?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.timedOut = options.timedOut ?? false;
    this.tooLongStatus = options.tooLongStatus;
  }
}

/** Any status resolves. Rejects with {@link NoAnswerError}, or with the signal's reason. */
export function requestContainer(url: string, sent: ContainerRequest, signal: AbortSignal): Promise<ContainerAnswer> {
  return new Promise((resolve, reject) => {
    const exchange = send(url, sent, signal, reject, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > (sent.maxAnswerBytes ?? Number.POSITIVE_INFINITY)) exchange.giveUp(tooLong(sent, response));
        else parts.push(part);
      });
      response.once('end', () => {
        exchange.done();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts, bytes) });
      });
    });
  });
}

/** Resolves with the head of the answer. The time limit goes on until its end. */
export function openContainer(url: string, sent: ContainerRequest, signal: AbortSignal): Promise<OpenAnswer> {
  return new Promise((resolve, reject) => {
    const exchange = send(url, sent, signal, reject, (response) => {
      async function* parts(): AsyncGenerator<Buffer> {
        try {
          yield* response as AsyncIterable<Buffer>;
        } catch (error) {
          throw exchange.causeOf(error as Error);
        } finally {
          exchange.done();
        }
      }
      resolve({ status: response.statusCode ?? 0, headers: response.headers, parts: parts() });
    });
  });
}

interface Exchange {
  /** The answer is complete, or nobody reads on. */
  done(): void;
  giveUp(error: NoAnswerError): void;
  /** What is behind an error of the connection. */
  causeOf(error: Error): unknown;
}

function send(
  url: string,
  sent: ContainerRequest,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
  onResponse: (response: IncomingMessage) => void,
): Exchange {
  signal.throwIfAborted();
  const { body } = sent;
  const isBytes = body instanceof Uint8Array;
  const headers = { ...sent.headers, ...(isBytes ? { 'content-length': body.length } : {}) };
  const request = http.request(url, { method: sent.method, agent: sent.agent, headers, signal });
  let given: NoAnswerError | undefined;
  const giveUp = (error: NoAnswerError): void => {
    given ??= error;
    request.destroy(error);
  };
  const timer = setTimeout(
    () => giveUp(new NoAnswerError(`no answer within ${sent.timeoutMs / 1000} s`, { timedOut: true })),
    sent.timeoutMs,
  );
  const causeOf = (error: Error): unknown => (signal.aborted ? signal.reason : (given ?? asNoAnswer(error)));
  const fail = (error: Error): void => {
    clearTimeout(timer);
    onFailure(causeOf(error));
  };
  // A connection may report more than one error; the first one counts.
  request.on('error', fail);
  request.once('response', (response) => {
    response.on('error', fail);
    onResponse(response);
  });
  if (body === undefined || isBytes) request.end(body);
  else {
    body.on('error', (error) => request.destroy(error)).pipe(request);
    request.once('close', () => body.destroy());
  }
  return { done: () => clearTimeout(timer), giveUp, causeOf };
}

function asNoAnswer(error: Error): NoAnswerError {
  return error instanceof NoAnswerError ? error : new NoAnswerError(connectionProblem(error), { cause: error });
}

function tooLong({ maxAnswerBytes }: ContainerRequest, { statusCode = 0 }: IncomingMessage): NoAnswerError {
  const message = `the answer has more than the ${maxAnswerBytes} bytes that are allowed`;
  return new NoAnswerError(message, { tooLongStatus: statusCode });
}

/** What became of a connection, in words. */
export function connectionProblem(error: Error & { code?: string | undefined }): string {
  if (error.code === 'ECONNREFUSED') return 'the server does not accept connections';
  return `the connection broke (${error.code ?? 'closed before the answer was whole'})`;
}
