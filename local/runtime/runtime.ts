/** The SageMaker runtime (REST JSON): which operation a path means, and its errors in AWS's shape. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { S3Client } from '@aws-sdk/client-s3';
import { streamNumber } from '#core/random/philox.ts';
import { createRandomDraws } from '#core/random/random-draws.ts';
import { AwsError, sendRuntimeError, toAwsError } from '../control-plane/aws-error.ts';
import type { Endpoints } from '../control-plane/endpoints.ts';
import { createAsyncInference } from './async/async-inference.ts';
import { createDataCapture } from './data-capture.ts';
import { invokeEndpoint, invokeWithResponseStream } from './invoke-endpoint.ts';
import { createRouter } from './route-request.ts';

export interface Runtime {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes up what an earlier run had accepted. */
  resume(): void;
  /** Writes what is captured, and leaves asynchronous requests for the next start. */
  close(): Promise<void>;
}

export interface RuntimeOptions {
  readonly endpoints: Endpoints;
  readonly s3: S3Client;
  readonly dir: string;
  readonly timeoutMs: number;
  /** Of the draws that choose variants, instances and samples. */
  readonly seed: number;
  readonly log: (line: string) => void;
}

type Operation = 'invocations' | 'invocations-response-stream' | 'async-invocations';
type Handler = (endpointName: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

const PATH = /^\/endpoints\/([^/]+)\/(invocations|invocations-response-stream|async-invocations)\/?(?:\?|$)/;

export function createRuntime({ endpoints, s3, dir, timeoutMs, seed, log }: RuntimeOptions): Runtime {
  const agent = new http.Agent({ keepAlive: true });
  const random = createRandomDraws({ seed, stream: streamNumber('routing'), turn: 0 });
  const router = createRouter({ endpoints, agent, random });
  const capture = createDataCapture({ s3, random, log });
  const async = createAsyncInference({ router, endpoints, s3, dir, log });
  const options = { router, capture, timeoutMs };
  const handlers: Record<Operation, Handler> = {
    invocations: (...call) => invokeEndpoint(options, ...call),
    'invocations-response-stream': (...call) => invokeWithResponseStream(options, ...call),
    'async-invocations': (...call) => async.handle(...call),
  };
  return {
    async handle(request, response) {
      const [, name, operation] = PATH.exec(request.url ?? '') ?? [];
      try {
        if (name === undefined) throw new AwsError('UnknownOperationException', 'There is no such operation.', 404);
        await handlers[operation as Operation](decodeURIComponent(name), request, response);
      } catch (thrown) {
        if (!response.headersSent && !response.destroyed) sendRuntimeError(response, asRuntimeError(thrown));
        else response.destroy();
      }
    },
    resume: () => async.resume(),
    async close() {
      await Promise.all([async.close(), capture.close()]);
      agent.destroy();
    },
  };
}

function asRuntimeError(thrown: unknown): AwsError {
  const error = toAwsError(thrown);
  return error.type === 'ValidationException' ? new AwsError('ValidationError', error.message) : error;
}
