import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { readRequest } from '../../../../lambdas/router/request.ts';
import { answerWith, refuseWith } from '../../../../lambdas/router/response.ts';
import { apiEvent } from '../api-event.ts';

const answer = (contentType: string, body: Buffer) => ({
  body,
  contentType,
  customAttributes: 'trace=1',
  variant: 'AllTraffic',
  tries: 1,
});

describe('an answer', () => {
  it('carries text as it is, with what the model said about it', () => {
    expect(answerWith(answer('application/jsonlines', Buffer.from('{"scores":[1]}\n')), 'r-1')).toEqual({
      statusCode: 200,
      headers: {
        'content-type': 'application/jsonlines',
        'x-request-id': 'r-1',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-amzn-sagemaker-custom-attributes': 'trace=1',
        'x-amzn-invoked-production-variant': 'AllTraffic',
      },
      body: '{"scores":[1]}\n',
      isBase64Encoded: false,
    });
  });

  it('carries anything else as base64', () => {
    const bytes = Buffer.from([0, 0xff]);
    expect(answerWith(answer('application/octet-stream', bytes), 'r')).toMatchObject({
      body: 'AP8=',
      isBase64Encoded: true,
    });
  });

  it('R16 is refused with 413 when Lambda could not carry it, escaping included', () => {
    // Every quote takes two bytes in Lambda's own JSON.
    const quotes = Buffer.alloc(3_200_000, '"');
    expect(() => answerWith(answer('application/json', quotes), 'r')).toThrow(expect.objectContaining({ status: 413 }));
    expect(answerWith(answer('application/json', Buffer.alloc(3_200_000, '1')), 'r').statusCode).toBe(200);
  });
});

describe('a refusal', () => {
  const request = readRequest(apiEvent({ method: 'GET', headers: { 'x-request-id': 'r-9' } }));

  it('is the one JSON body, with the record and the request id', () => {
    const result = refuseWith(new TwinvecError('EmptySequence', 'in0 is empty', { record: 2 }), request);
    expect(result.statusCode).toBe(422);
    expect(JSON.parse(result.body ?? '')).toEqual({
      error: { code: 'EmptySequence', message: 'in0 is empty', requestId: 'r-9', record: 2 },
    });
  });

  it('says which method is allowed, and when to come back', () => {
    expect(refuseWith(new TwinvecError('MethodNotAllowed', ''), request).headers).toMatchObject({ allow: 'POST' });
    expect(refuseWith(new TwinvecError('Overloaded', ''), request).headers).toMatchObject({ 'retry-after': '1' });
  });
});
