import { describe, expect, it } from 'vitest';
import { answerMediaType, requestFormatOf, TENSOR_MEDIA_TYPES } from '#core/tensors/media-types.ts';
import { refusalOf } from '../refusal.ts';
import { decode, FLOATS, SCALARS } from './decoding.ts';

describe('what a request may be', () => {
  it.each(['Application/JSON', 'application/json; charset=UTF-8', 'application/json ;charset="utf-8"'])(
    'B2: %s',
    (type) => {
      expect(decode('[1,2,5]', FLOATS, type).rows).toBe(1);
    },
  );

  it.each(['application/jsonlines', 'application/x-jsonlines', 'application/jsons', 'application/x-ndjson'])(
    'B4: %s',
    (type) => {
      expect(requestFormatOf(type)).toBe('jsonlines');
    },
  );

  it.each(['multipart/form-data', 'text/plain', 'application/x-www-form-urlencoded', '__proto__', 'toString'])(
    'B10: not %s',
    (type) => {
      const refusal = refusalOf(() => requestFormatOf(type));
      expect(refusal.code).toBe('UnsupportedMediaType');
      expect(refusal.message).toContain(Object.keys(TENSOR_MEDIA_TYPES)[0]);
    },
  );

  it('B5: CSV under the name of JSON is refused, never guessed', () => {
    expect(refusalOf(() => decode('1,2,5\n', FLOATS)).code).toBe('InvalidEnvelope');
    expect(refusalOf(() => decode('a,b\n', SCALARS)).code).toBe('MalformedJson');
  });
});

describe('what an answer is', () => {
  it.each([
    [undefined, 'application/json', 'application/json'],
    ['*/*', 'text/csv', 'application/json'],
    [undefined, 'application/x-image', 'application/json'],
    [undefined, 'application/jsonlines', 'application/jsonlines'],
    ['text/csv', 'application/json', 'text/csv'],
    ['application/x-npy;q=0.5, text/*', 'application/json', 'text/csv'],
    ['application/jsonlines', 'application/x-tfexample', 'application/jsonlines'],
  ])('Accept %s to %s gives %s', (accept, request, answer) => {
    expect(answerMediaType(accept, request)).toBe(answer);
  });

  it('follows the default of the endpoint where the caller has no wish', () => {
    expect(answerMediaType(undefined, 'application/jsonlines', 'text/csv')).toBe('text/csv');
    expect(answerMediaType('application/json', 'application/jsonlines', 'text/csv')).toBe('application/json');
  });

  it('B8: is refused when nothing matches', () => {
    expect(refusalOf(() => answerMediaType('image/png', 'application/json')).code).toBe('NotAcceptable');
    expect(refusalOf(() => answerMediaType('application/x-tfexample', 'application/json')).code).toBe('NotAcceptable');
  });
});
