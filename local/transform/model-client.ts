/**
 * Requests to one container server in a transform: the retries and the time limit of ModelClientConfig over connections
 * that are kept open.
 */
import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#core/limits.ts';
import { type ContainerAnswer, NoAnswerError, requestContainer } from '../hosting/container-request.ts';

export interface ModelRequest {
  readonly body: Uint8Array;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
}

export interface ModelClientOptions {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly maxConnections: number;
  /** @default 600 s, as ModelClientConfig */
  readonly timeoutMs?: number;
  /** @default 3, as ModelClientConfig */
  readonly maxRetries?: number;
  /** Waits before a retry. @default exponential, with full jitter */
  readonly backOff?: (attempt: number, signal: AbortSignal) => Promise<void>;
  readonly onRetry?: (cause: string) => void;
}

export interface ModelClient {
  /** The last answer, whatever its status. Rejects with NoAnswerError when there was none. */
  invoke(request: ModelRequest, signal: AbortSignal): Promise<ContainerAnswer>;
  get(path: string, signal: AbortSignal): Promise<ContainerAnswer>;
  close(): void;
}

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5_000;

export function createModelClient(options: ModelClientOptions): ModelClient {
  const { url, maxRetries = LIMITS.batchInvocationRetries.value, backOff = waitWithJitter } = options;
  const timeoutMs = options.timeoutMs ?? LIMITS.batchInvocationSeconds.value * 1000;
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.maxConnections });

  async function tryOnce(request: ModelRequest, signal: AbortSignal): Promise<ContainerAnswer | NoAnswerError> {
    const headers = {
      ...(request.contentType ? { 'content-type': request.contentType } : {}),
      ...(request.accept ? { accept: request.accept } : {}),
    };
    const sent = { method: 'POST', agent, timeoutMs, headers, body: request.body } as const;
    return requestContainer(`${url}/invocations`, sent, signal).catch((error: unknown) => {
      if (error instanceof NoAnswerError) return error;
      throw error;
    });
  }

  return {
    async invoke(request, signal) {
      for (let attempt = 0; ; attempt++) {
        const answer = await tryOnce(request, signal);
        const failed = answer instanceof NoAnswerError || answer.status >= 500;
        if (failed && attempt < maxRetries) {
          options.onRetry?.(answer instanceof NoAnswerError ? answer.message : `status ${answer.status}`);
          await backOff(attempt, signal);
        } else if (answer instanceof NoAnswerError) {
          throw answer;
        } else {
          return answer;
        }
      }
    },
    get: (path, signal) => requestContainer(url + path, { method: 'GET', agent, timeoutMs }, signal),
    close: () => agent.destroy(),
  };
}

async function waitWithJitter(attempt: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(FIRST_BACK_OFF_MS * 2 ** attempt, LONGEST_BACK_OFF_MS);
  await wait(Math.random() * longest, undefined, { signal });
}
