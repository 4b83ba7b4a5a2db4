/**
 * Requests to one model server in a transform, through all containers where its model is a pipeline, over connections
 * that are kept open: whole bodies and answers, or both as streams where MaxPayloadInMB is 0.
 */
import http from 'node:http';
import { LIMITS } from '#core/limits.ts';
import {
  type ContainerAnswer,
  type ContainerRequest,
  type OpenAnswer,
  openContainer,
  requestContainer,
} from '../hosting/container-request.ts';
import { type PipelineRequest, toLastContainer } from '../hosting/pipeline.ts';
import type { RequestBody } from '../hosting/send-body.ts';
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

  const post = ({ headers, body }: PipelineRequest): ContainerRequest => ({
    method: 'POST',
    agent,
    timeoutMs,
    headers,
    body,
  });

  /** The request to the last container: what those before it answer goes on to the next as it comes. */
  async function lastRequest(
    headers: RequestHeaders,
    body: RequestBody,
    signal: AbortSignal,
  ): Promise<readonly [url: string, sent: ContainerRequest, signal: AbortSignal]> {
    const urls = [server.url, ...(server.nextUrls ?? [])].map((url) => `${url}/invocations`);
    const request = { headers: toHeaders(headers), body };
    const forLast = await toLastContainer(urls, request, async (url, sent) => {
      const answer = await openContainer(url, post(sent), signal);
      if (!isGood(answer.status)) throw await refusal(answer);
      return { headers: answer.headers, body: answer.parts };
    });
    return [urls.at(-1)!, post(forLast), signal];
  }

  return {
    invoke: (request, signal) =>
      withRetries(server, options, signal, async () => {
        const answer = await requestContainer(...(await lastRequest(request, request.body, signal)));
        if (isGood(answer.status)) return answer;
        throw new RefusedError(answer.status, answer.body);
      }),
    stream: (headers, open, receive, signal) =>
      withRetries(server, options, signal, async () => {
        const answer = await openContainer(...(await lastRequest(headers, await open(), signal)));
        if (isGood(answer.status)) return receive(answer);
        throw await refusal(answer);
      }),
    get: (path, signal) => requestContainer(server.url + path, { method: 'GET', agent, timeoutMs }, signal),
    close: () => agent.destroy(),
  };
}

async function refusal({ status, parts }: OpenAnswer): Promise<RefusedError> {
  return new RefusedError(status, Buffer.concat(await Array.fromAsync(parts)));
}

function isGood(status: number): boolean {
  return status >= 200 && status <= 299;
}

function toHeaders({ contentType, accept }: RequestHeaders): Record<string, string> {
  return { ...(contentType ? { 'content-type': contentType } : {}), ...(accept ? { accept } : {}) };
}
