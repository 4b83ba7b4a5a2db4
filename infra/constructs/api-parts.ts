/** What both kinds of API are made of; a test compares the routes with those that the router has. */
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Api } from '../environments/api-fields.ts';
import type { FunctionSurroundings } from './service-function.ts';

export interface ApiParts {
  readonly router: IFunction;
  readonly api: Api;
  /** Where accesses are written. */
  readonly logs: ILogGroup;
  readonly surroundings: FunctionSurroundings;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

export const API_ROUTES: readonly ApiRoute[] = [
  { method: 'POST', path: '/invocations' },
  { method: 'GET', path: '/invocations/{id}' },
  { method: 'POST', path: '/models/{model}/invocations' },
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/openapi.json' },
];

/** What a web page may send and read: the headers that the router does; no cookies, so no credentials. */
export const CORS = {
  allowHeaders: [
    'accept',
    'authorization',
    'content-type',
    'prefer',
    'x-amz-date',
    'x-amz-security-token',
    'x-request-id',
  ],
  exposeHeaders: ['location', 'retry-after', 'x-request-id'],
  /** For which a browser need not ask again. */
  hours: 1,
};
