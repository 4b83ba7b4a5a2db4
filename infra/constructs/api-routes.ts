/** What the API lets through to the router; a test compares it with the routes that the router has. */

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
