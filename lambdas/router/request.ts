/**
 * An API Gateway event as the request that a client sent: which route, which headers in one spelling, which bytes. HTTP
 * APIs send payload format 2.0, REST APIs the older one, whose events have no version.
 */
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import { TwinvecError } from '#core/errors.ts';

export type ApiEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2;

export interface ClientRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  /** What precedes the path in the caller's own address, such as `/v1`: a named stage. */
  readonly base: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** SageMaker carries an InferenceId of 1 to 64 characters to the container, and the request id travels as that. */
const REQUEST_ID = /^[A-Za-z0-9._=-]{1,64}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function readRequest(event: ApiEvent): ClientRequest {
  const headers = new Map<string, string>();
  // A REST API without headers sends null.
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined) headers.set(name.toLowerCase(), value);
  }
  const requestId = chooseRequestId(headers.get('x-request-id'), event.requestContext.requestId);
  return { requestId, headers, ...(isRest(event) ? restRoute(event) : httpRoute(event)) };
}

/** @throws TwinvecError MalformedHttp when a body marked as base64 is not. */
export function readBody(event: Pick<ApiEvent, 'body' | 'isBase64Encoded'>): Uint8Array {
  const body = event.body ?? '';
  if (!event.isBase64Encoded) return Buffer.from(body, 'utf8');
  if (!BASE64.test(body)) throw new TwinvecError('MalformedHttp', 'The event says base64 but its body is not.');
  return Buffer.from(body, 'base64');
}

type Route = Pick<ClientRequest, 'method' | 'path' | 'base'>;

function isRest(event: ApiEvent): event is APIGatewayProxyEvent {
  return 'httpMethod' in event;
}

function httpRoute({ rawPath, requestContext }: APIGatewayProxyEventV2): Route {
  const { stage, http } = requestContext;
  const method = http.method.toUpperCase();
  // A named stage is part of the path; the default stage is not.
  const base = `/${stage}`;
  return rawPath.startsWith(`${base}/`)
    ? { method, path: rawPath.slice(base.length), base }
    : { method, path: rawPath, base: '' };
}

/** The path of a REST API begins with what a domain of one's own maps to it; the resource says how long ours is. */
function restRoute({ httpMethod, path: fullPath, resource, requestContext }: APIGatewayProxyEvent): Route {
  const parts = resource.split('/').length - 1;
  const path = `/${fullPath.split('/').slice(-parts).join('/')}`;
  const asCalled = requestContext.path;
  const base = asCalled.endsWith(path) ? asCalled.slice(0, -path.length) : '';
  return { method: httpMethod.toUpperCase(), path, base };
}

/** The caller's own id when it can be carried end to end, else API Gateway's. */
function chooseRequestId(fromCaller: string | undefined, fromGateway: string): string {
  return fromCaller !== undefined && REQUEST_ID.test(fromCaller) ? fromCaller : fromGateway;
}
