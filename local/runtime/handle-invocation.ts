/**
 * InvokeEndpoint: passes the body and the headers of the contract (spec sagemaker 1.4) to the endpoint's container and
 * maps what comes back as the service does: any 4xx or 5xx of the container is a 424 ModelError.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { AwsError, sendRuntimeError, toAwsError } from '../control-plane/aws-error.ts';
import { LOCAL_ACCOUNT, regionOf } from '../control-plane/caller.ts';
import type { Endpoints } from '../control-plane/endpoints.ts';
import { type ContainerAnswer, NoAnswerError, requestContainer } from '../hosting/container-request.ts';
import type { HostedModel } from '../hosting/model-host.ts';
import { readBody } from '../read-body.ts';

/** The headers that reach a container; the service strips all others. */
const TO_CONTAINER = [
  'content-type',
  'accept',
  'x-amzn-sagemaker-custom-attributes',
  'x-amzn-sagemaker-inference-id',
  'x-amzn-sagemaker-target-model',
  'x-amzn-sagemaker-target-variant',
] as const;
const TO_CALLER = ['content-type', 'x-amzn-sagemaker-custom-attributes'] as const;
const MAX_BODY = LIMITS.realTimeBody.value;
const INVOCATION_PATH = /^\/endpoints\/([^/]+)\/invocations\/?(?:\?|$)/;
const TIMED_OUT =
  'Your invocation timed out while waiting for a response from container primary. Review the log of the endpoint, resolve the issue, and try again.';

export interface Runtime {
  /** Whether this request is one of the runtime's. */
  accepts(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): void;
}

export function createRuntime(endpoints: Endpoints): Runtime {
  const agent = new http.Agent({ keepAlive: true });

  /** @throws AwsError ModelError for everything but a good answer that fits. */
  async function askContainer(
    endpoint: { readonly name: string; readonly hosted: HostedModel },
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<ContainerAnswer> {
    const clientGone = new AbortController();
    response.once('close', () => clientGone.abort());
    const headers = Object.fromEntries(TO_CONTAINER.map((name) => [name, request.headers[name]]).filter(([, v]) => v));
    const sent = { method: 'POST', agent, headers, body, timeoutMs: LIMITS.realTimeSeconds.value * 1000 } as const;
    const fail = (status: number, said: string): AwsError => modelError(endpoint.name, regionOf(request), status, said);
    const answer = await requestContainer(`${endpoint.hosted.url}/invocations`, sent, clientGone.signal).catch(
      (error: unknown) => {
        if (!(error instanceof NoAnswerError)) throw error;
        throw fail(0, error.timedOut ? TIMED_OUT : (endpoint.hosted.describeEnd() ?? error.message));
      },
    );
    if (answer.status >= 400) throw fail(answer.status, answer.body.toString('utf8', 0, LIMITS.errorMessage.value));
    if (answer.body.length > MAX_BODY) {
      throw fail(500, `the response has ${answer.body.length} bytes, ${MAX_BODY} are allowed`);
    }
    return answer;
  }

  async function invoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = decodeURIComponent(INVOCATION_PATH.exec(request.url ?? '')?.[1] ?? '');
    const body = await readBody(request, MAX_BODY).catch((error: unknown) => {
      if (!(error instanceof TwinvecError)) throw error;
      throw new AwsError('ValidationError', tooLong());
    });
    const variant = endpoints.find(name, regionOf(request))?.variants[0];
    const hosted = variant?.instances[0];
    if (!variant || !hosted) {
      throw new AwsError('ValidationError', `Endpoint ${name} of account ${LOCAL_ACCOUNT} not found.`);
    }
    const answer = await askContainer({ name, hosted }, request, response, body);
    for (const header of TO_CALLER) {
      const value = answer.headers[header];
      if (value !== undefined) response.setHeader(header, value);
    }
    response.setHeader('x-amzn-invoked-production-variant', variant.name);
    response.writeHead(answer.status, { 'content-length': answer.body.length });
    response.end(answer.body);
  }

  return {
    accepts: (request) => request.method === 'POST' && INVOCATION_PATH.test(request.url ?? ''),
    async handle(request, response) {
      try {
        await invoke(request, response);
      } catch (thrown) {
        if (!response.headersSent && !response.destroyed) sendRuntimeError(response, asRuntimeError(thrown));
      }
    },
    close: () => agent.destroy(),
  };
}

function asRuntimeError(thrown: unknown): AwsError {
  const error = toAwsError(thrown);
  return error.type === 'ValidationException' ? new AwsError('ValidationError', error.message) : error;
}

function tooLong(): string {
  return `1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to ${MAX_BODY}`;
}

/** Status 0 is the service's way to say that there was no answer. */
function modelError(endpointName: string, region: string, status: number, said: string): AwsError {
  const side = status >= 400 && status < 500 ? 'client' : 'server';
  const message = `Received ${side} error (${status}) from primary with message "${said}". See logs/endpoints/${endpointName}.log in the folder of the local service.`;
  return new AwsError('ModelError', message.slice(0, LIMITS.errorMessage.value), 424, {
    OriginalStatusCode: status,
    OriginalMessage: said,
    LogStreamArn: `arn:aws:logs:${region}:${LOCAL_ACCOUNT}:log-group:/aws/sagemaker/Endpoints/${endpointName}`,
  });
}
