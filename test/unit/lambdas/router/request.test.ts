import { describe, expect, it } from 'vitest';
import { readBody, readRequest } from '../../../../lambdas/router/request.ts';
import { apiEvent } from '../api-event.ts';

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
    expect(readRequest(apiEvent()).path).toBe('/invocations');
    expect(readRequest(apiEvent({ stage: 'v1', path: '/v1/invocations' })).path).toBe('/invocations');
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
