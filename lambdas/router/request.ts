/**
 * An API Gateway HTTP API event (payload format 2.0) as the request that a client sent: which route, which headers in
 * one spelling, which bytes.
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { TwinvecError } from '#core/errors.ts';

export interface ClientRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** SageMaker carries an InferenceId of 1 to 64 characters to the container, and the request id travels as that. */
const REQUEST_ID = /^[A-Za-z0-9._=-]{1,64}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function readRequest(event: APIGatewayProxyEventV2): ClientRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(event.headers)) {
    if (value !== undefined) headers.set(name.toLowerCase(), value);
  }
  const { stage, requestId, http } = event.requestContext;
  const prefix = `/${stage}/`;
  return {
    requestId: chooseRequestId(headers.get('x-request-id'), requestId),
    method: http.method.toUpperCase(),
    // A named stage is part of the path; the default stage is not.
    path: event.rawPath.startsWith(prefix) ? event.rawPath.slice(prefix.length - 1) : event.rawPath,
    headers,
  };
}

/** @throws TwinvecError MalformedHttp when a body marked as base64 is not. */
export function readBody(event: APIGatewayProxyEventV2): Uint8Array {
  const body = event.body ?? '';
  if (!event.isBase64Encoded) return Buffer.from(body, 'utf8');
  if (!BASE64.test(body)) throw new TwinvecError('MalformedHttp', 'The event says base64 but its body is not.');
  return Buffer.from(body, 'base64');
}

/** The caller's own id when it can be carried end to end, else API Gateway's. */
function chooseRequestId(fromCaller: string | undefined, fromGateway: string): string {
  return fromCaller !== undefined && REQUEST_ID.test(fromCaller) ? fromCaller : fromGateway;
}
