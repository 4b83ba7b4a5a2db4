/**
 * One HTTP request to a container server, its answer as a whole, and a time limit that covers all of it. `node:http`
 * rather than fetch: it sends and receives buffers without web streams in between.
 */
import http from 'node:http';

export interface ContainerRequest {
  readonly method: 'GET' | 'POST';
  /** Keeps connections open between requests. */
  readonly agent: http.Agent;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
}

export interface ContainerAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The container did not answer: no connection, a broken one, or no answer in time. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly timedOut: boolean;

  constructor(message: string, options: { readonly timedOut?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.timedOut = options.timedOut ?? false;
  }
}

/** Any status resolves. Rejects with {@link NoAnswerError}, or with the signal's reason. */
export function requestContainer(url: string, sent: ContainerRequest, signal: AbortSignal): Promise<ContainerAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const headers = { ...sent.headers, ...(sent.body ? { 'content-length': sent.body.length } : {}) };
    const request = http.request(url, { method: sent.method, agent: sent.agent, headers, signal });
    const timer = setTimeout(() => {
      request.destroy(new NoAnswerError(`no answer within ${sent.timeoutMs / 1000} s`, { timedOut: true }));
    }, sent.timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      if (signal.aborted) reject(signal.reason);
      else
        reject(error instanceof NoAnswerError ? error : new NoAnswerError(connectionProblem(error), { cause: error }));
    };
    request.once('error', fail);
    request.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('error', fail);
      response.once('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
      });
    });
    request.end(sent.body);
  });
}

/** What became of a connection, in words. */
export function connectionProblem(error: Error & { code?: string | undefined }): string {
  if (error.code === 'ECONNREFUSED') return 'the server does not accept connections';
  return `the connection broke (${error.code ?? 'closed before the answer was whole'})`;
}
