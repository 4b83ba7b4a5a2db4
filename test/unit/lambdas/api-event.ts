/** Events as API Gateway sends them: of an HTTP API (payload format 2.0), and of a REST API (the older format). */
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

export interface EventParts {
  readonly method?: string;
  readonly path?: string;
  readonly stage?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export function apiEvent(parts: EventParts = {}): APIGatewayProxyEventV2 {
  const { method = 'POST', path = '/invocations', stage = '$default', headers = {}, body } = parts;
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'abc123.execute-api.eu-central-1.amazonaws.com', ...headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      domainName: 'abc123.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'abc123',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: `${method} ${path}`,
      stage,
      time: '21/Nov/2026:03:00:00 +0000',
      timeEpoch: 1_795_230_000_000,
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: parts.isBase64Encoded ?? false,
  };
}

export interface RestEventParts extends EventParts {
  /** The route, with its placeholders; the path where it has none. */
  readonly resource?: string;
  /** What a domain of one's own maps to this API. */
  readonly mapping?: string;
}

export function restEvent(parts: RestEventParts = {}): APIGatewayProxyEvent {
  const { method = 'POST', path = '/invocations', stage = 'v1', headers, body, mapping } = parts;
  const { resource = path } = parts;
  const identity = { sourceIp: '192.0.2.1', userAgent: 'test' } as APIGatewayProxyEvent['requestContext']['identity'];
  return {
    resource,
    // Without the stage, but with a mapping.
    path: `${mapping ?? ''}${path}`,
    httpMethod: method,
    headers: (headers ?? null) as APIGatewayProxyEvent['headers'],
    multiValueHeaders: {},
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc123',
      authorizer: {},
      httpMethod: method,
      identity,
      path: `${mapping ?? `/${stage}`}${path}`,
      protocol: 'HTTP/1.1',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      requestTimeEpoch: 1_795_230_000_000,
      resourceId: 'r1',
      resourcePath: resource,
      stage,
    },
    body: body ?? null,
    isBase64Encoded: parts.isBase64Encoded ?? false,
  };
}

export const CONTEXT = { getRemainingTimeInMillis: () => 29_000 };
