/**
 * One HTTP request to a container server under a time limit that covers all of it. Its body and its answer may each be
 * there as a whole or come part by part, and are then never held.
 * `node:http` rather than fetch: it sends and receives buffers without web streams in between.
 */
import http, { type IncomingMessage } from 'node:http';
import { type RequestBody, sendBody } from './send-body.ts';

export interface ContainerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Keeps connections open between requests. */
  readonly agent: http.Agent;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Parts are sent in HTTP chunks, unless there is a `content-length` among the headers. */
  readonly body?: RequestBody;
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
  /**
   * Ends when the request's body is sent and the answer read. Throws as {@link openContainer} rejects when it breaks
   * off. Leaving the loop early drops the connection.
   */
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

/** Any status resolves. Rejects with {@link NoAnswerError}, what reading the body threw, or the signal's reason. */
export function requestContainer(url: string, sent: ContainerRequest, signal: AbortSignal): Promise<ContainerAnswer> {
  return new Promise((resolve, reject) => {
    const exchange = send(url, sent, signal, reject, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      const mostBytes = sent.maxAnswerBytes ?? Number.POSITIVE_INFINITY;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > mostBytes) exchange.giveUp(tooLong(sent, response));
        else parts.push(part);
      });
      response.once('end', () => {
        if (bytes > mostBytes) return;
        exchange.done();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts, bytes) });
      });
    });
  });
}

/** The same, with the head of the answer. The time limit goes on until its end. */
export function openContainer(url: string, sent: ContainerRequest, signal: AbortSignal): Promise<OpenAnswer> {
  return new Promise((resolve, reject) => {
    const exchange = send(url, sent, signal, reject, (response) => {
      async function* parts(): AsyncGenerator<Buffer> {
        try {
          yield* response as AsyncIterable<Buffer>;
          await exchange.sent;
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
  /** Resolves when the body is sent or given up. */
  readonly sent: Promise<void>;
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
  const headers = { ...sent.headers, ...(body instanceof Uint8Array ? { 'content-length': body.length } : {}) };
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
  /** What is at fault where the body could not be read; the connection then breaks only in consequence. */
  let bodyError: { readonly error: unknown } | undefined;
  const causeOf = (error: Error): unknown => {
    if (bodyError) return bodyError.error;
    return signal.aborted ? signal.reason : (given ?? asNoAnswer(error));
  };
  // The body is done with before a caller hears of a failure: it may read it again for another try.
  const fail = async (error: Error): Promise<void> => {
    clearTimeout(timer);
    await sending;
    onFailure(causeOf(error));
  };
  // A connection may report more than one error; the first one counts.
  request.on('error', fail);
  request.once('response', (response) => {
    response.on('error', fail);
    onResponse(response);
  });
  const sending = sendBody(request, body).catch((error: unknown) => {
    bodyError = { error };
    request.destroy();
  });
  return { sent: sending, done: () => clearTimeout(timer), giveUp, causeOf };
}

function asNoAnswer(error: Error): NoAnswerError {
  return error instanceof NoAnswerError ? error : new NoAnswerError(connectionProblem(error), { cause: error });
}

function tooLong({ maxAnswerBytes }: ContainerRequest, { statusCode = 0 }: IncomingMessage): NoAnswerError {
  const message = `the answer has more than the ${maxAnswerBytes} bytes that are allowed`;
  return new NoAnswerError(message, { tooLongStatus: statusCode });
}

/** What became of a connection, in words. */
function connectionProblem(error: Error & { code?: string | undefined }): string {
  if (error.code === 'ECONNREFUSED') return 'the server does not accept connections';
  return `the connection broke (${error.code ?? 'closed before the answer was whole'})`;
}
