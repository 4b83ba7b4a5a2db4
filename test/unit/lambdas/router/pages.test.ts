/** Which web pages may read what the router answers, where API Gateway leaves it to the function. */
import { describe, expect, it } from 'vitest';
import { allowPage } from '../../../../lambdas/router/pages.ts';

const ANSWER = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
const ORIGINS = ['https://app.example.com', 'https://beta.example.com'];
const asked = (origin?: string) => ({ headers: new Map(origin === undefined ? [] : [['origin', origin]]) });

describe('an answer', () => {
  it('names the page that asked, when it may read it, and what else it may read', () => {
    expect(allowPage(ANSWER, asked(ORIGINS[1]), ORIGINS).headers).toEqual({
      'content-type': 'application/json',
      'access-control-allow-origin': 'https://beta.example.com',
      'access-control-expose-headers': 'location,retry-after,x-request-id',
      vary: 'origin',
    });
  });

  it.each(['https://evil.example.com', 'https://app.example.com.evil.com', 'null', 'HTTPS://APP.EXAMPLE.COM'])(
    'names no page that is not of the list: %s',
    (origin) => {
      const { headers } = allowPage(ANSWER, asked(origin), ORIGINS);
      expect(headers).toEqual({ 'content-type': 'application/json', vary: 'origin' });
    },
  );

  it('is left as it is for callers that are no pages, and where API Gateway says it', () => {
    expect(allowPage(ANSWER, asked(), ORIGINS)).toBe(ANSWER);
    expect(allowPage(ANSWER, asked(ORIGINS[0]), undefined)).toBe(ANSWER);
  });
});
