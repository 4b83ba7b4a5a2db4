/**
 * Requests to one model server in a transform, over connections that are kept open: whole bodies and answers, or both
 * as streams where MaxPayloadInMB is 0.
 */
import http from 'node:http';
import { LIMITS } from '#core/limits.ts';
import {
  type ContainerAnswer,
  type OpenAnswer,
  openContainer,
  requestContainer,
} from '../hosting/container-request.ts';
import { RefusedError } from './failure.ts';
import type { ModelServer } from './model-server.ts';
import { type RetryOptions, withRetries } from './retries.ts';

export interface RequestHeaders {
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
}

export interface ModelRequest extends RequestHeaders {
  readonly body: Uint8Array;
}

export interface ModelClientOptions extends RetryOptions {
  readonly server: ModelServer;
  readonly maxConnections: number;
  /** @default 600 s, as ModelClientConfig */
  readonly timeoutMs?: number;
}

export interface ModelClient {
  /**
   * The answer, a 2xx. Rejects with RefusedError for another status and NoAnswerError where there was none, both after
   * the retries.
   */
  invoke(request: ModelRequest, signal: AbortSignal): Promise<ContainerAnswer>;
  /** Sends a stream as one body. `open` is asked for the body of each try, and `receive` reads the answer whole. */
  stream<T>(
    headers: RequestHeaders,
    open: () => Promise<AsyncIterable<Uint8Array>>,
    receive: (answer: OpenAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  get(path: string, signal: AbortSignal): Promise<ContainerAnswer>;
  close(): void;
}

export function createModelClient(options: ModelClientOptions): ModelClient {
  const { server } = options;
  const timeoutMs = options.timeoutMs ?? LIMITS.batchInvocationSeconds.value * 1000;
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.maxConnections });
  const common = (headers: RequestHeaders) => ({ agent, timeoutMs, headers: toHeaders(headers) }) as const;

  return {
    invoke: (request, signal) =>
      withRetries(server, options, signal, async () => {
        const sent = { ...common(request), method: 'POST', body: request.body } as const;
        const answer = await requestContainer(`${server.url}/invocations`, sent, signal);
        if (isGood(answer.status)) return answer;
        throw new RefusedError(answer.status, answer.body);
      }),
    stream: (headers, open, receive, signal) =>
      withRetries(server, options, signal, async () => {
        const sent = { ...common(headers), method: 'POST', body: await open() } as const;
        const answer = await openContainer(`${server.url}/invocations`, sent, signal);
        if (isGood(answer.status)) return receive(answer);
        throw new RefusedError(answer.status, Buffer.concat(await Array.fromAsync(answer.parts)));
      }),
    get: (path, signal) => requestContainer(server.url + path, { method: 'GET', agent, timeoutMs }, signal),
    close: () => agent.destroy(),
  };
}

function isGood(status: number): boolean {
  return status >= 200 && status <= 299;
}

function toHeaders({ contentType, accept }: RequestHeaders): http.OutgoingHttpHeaders {
  return { ...(contentType ? { 'content-type': contentType } : {}), ...(accept ? { accept } : {}) };
}
