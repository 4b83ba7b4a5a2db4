import { describe, expect, it } from 'vitest';
import { readPreference } from '../../../../lambdas/router/prefer.ts';

describe('the Prefer header', () => {
  it.each([
    [undefined, false, undefined],
    ['', false, undefined],
    ['respond-async', true, undefined],
    ['Respond-Async, wait=10', true, 10_000],
    ['wait = "20"; foo=bar', false, 20_000],
    ['return=minimal', false, undefined],
    ['wait=soon', false, undefined],
    ['wait=-1', false, undefined],
  ])('%j asks for an answer later: %s, and waits %s ms', (header, respondAsync, waitMs) => {
    expect(readPreference(header)).toEqual({ respondAsync, waitMs });
  });
});
