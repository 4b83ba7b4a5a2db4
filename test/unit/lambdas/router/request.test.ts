import { describe, expect, it } from 'vitest';
import { readBody, readRequest } from '../../../../lambdas/router/request.ts';
import { apiEvent, restEvent } from '../api-event.ts';

describe('a request', () => {
  it('has its headers in one spelling', () => {
    const { headers } = readRequest(apiEvent({ headers: { 'Content-TYPE': 'application/json' } }));
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('keeps the caller’s id when it can travel to the model, and takes the gateway’s otherwise', () => {
    const idOf = (id: string) => readRequest(apiEvent({ headers: { 'X-Request-Id': id } })).requestId;
    expect(idOf('order-17')).toBe('order-17');
    expect(idOf('a\r\nb')).toBe('JKJaXmPLvHcESHA=');
    expect(idOf('x'.repeat(65))).toBe('JKJaXmPLvHcESHA=');
  });

  it('has the same path on the default stage and on a named one', () => {
    expect(readRequest(apiEvent())).toMatchObject({ path: '/invocations', base: '' });
    const named = readRequest(apiEvent({ stage: 'v1', path: '/v1/invocations' }));
    expect(named).toMatchObject({ path: '/invocations', base: '/v1' });
  });

  it('of a REST API is the same request, with the stage or the mapping of a domain as its base', () => {
    const invocation = { path: '/models/a/invocations', resource: '/models/{model}/invocations' };
    const asked = { method: 'POST', path: '/models/a/invocations' };
    expect(readRequest(restEvent(invocation))).toMatchObject({ ...asked, base: '/v1' });
    expect(readRequest(restEvent({ ...invocation, mapping: '/pairs' }))).toMatchObject({ ...asked, base: '/pairs' });
    expect(readRequest(restEvent({ ...invocation, mapping: '' }))).toMatchObject({ ...asked, base: '' });
  });

  it('of a REST API has headers, or none at all, and an id', () => {
    expect(readRequest(restEvent({ headers: { 'Content-TYPE': 'text/csv' } })).headers.get('content-type')).toBe(
      'text/csv',
    );
    expect(readRequest(restEvent()).headers.size).toBe(0);
    expect(readRequest(restEvent()).requestId).toBe('c6af9ac6-7b61-11e6-9a41-93e8deadbeef');
  });

  it('of a REST API gives the bytes that it has, and none where the body is null', () => {
    const bytes = Buffer.from([0, 0xff, 0x7b]);
    expect(readBody(restEvent({ body: bytes.toString('base64'), isBase64Encoded: true }))).toEqual(bytes);
    expect(readBody(restEvent())).toHaveLength(0);
  });

  it('gives its bytes as they were, from text and from base64', () => {
    const bytes = Buffer.from([0, 0xff, 0x7b, 0xc3, 0xa9]);
    expect(readBody(apiEvent({ body: bytes.toString('base64'), isBase64Encoded: true }))).toEqual(bytes);
    expect(readBody(apiEvent({ body: '{"é":1}' }))).toEqual(Buffer.from('{"é":1}'));
    expect(readBody(apiEvent())).toHaveLength(0);
  });

  it('that says base64 and is not is refused', () => {
    expect(() => readBody(apiEvent({ body: 'not base64!', isBase64Encoded: true }))).toThrow(
      expect.objectContaining({ code: 'MalformedHttp' }),
    );
  });
});
