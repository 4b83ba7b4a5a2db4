import { describe, expect, it } from 'vitest';
import { allowedMethods, findRoute, ROUTES, type RouteName } from '../../../../lambdas/router/routes.ts';

describe('a route', () => {
  it.each(Object.entries(ROUTES))('%s is found by its method and path', (name, { method, path }) => {
    const route = findRoute({ method, path: path.replace(/\{\w+\}/, 'abc') });
    expect(route).toEqual({ name: name as RouteName, parameter: path.includes('{') ? 'abc' : '' });
  });

  it.each([
    ['/nowhere', 'POST', 404],
    ['/constructor', 'POST', 404],
    ['/models//invocations', 'POST', 404],
    ['/invocations/a/b', 'GET', 404],
    ['/invocations', 'GET', 405],
    ['/invocations/1', 'POST', 405],
    ['/health', 'POST', 405],
  ])('to %s with %s is refused with %i', (path, method, status) => {
    expect(() => findRoute({ path, method })).toThrow(expect.objectContaining({ status }));
  });

  it('says which methods its path takes', () => {
    expect(allowedMethods('/invocations')).toBe('POST');
    expect(allowedMethods('/invocations/1')).toBe('GET');
  });
});
