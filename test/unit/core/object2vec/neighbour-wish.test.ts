/** How requests ask for neighbours, and that everything else in the same headers is left alone. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neighbourWish } from '#core/object2vec/neighbour-wish.ts';
import { refusalOf } from '../refusal.ts';

describe('a request for neighbours', () => {
  it.each([
    ['application/json; neighbours=10', undefined, { k: 10, metric: 'cosine' }],
    ['application/json;neighbours="7";METRIC=dot;q=0.5, */*;q=0.1', undefined, { k: 7, metric: 'dot' }],
    [undefined, 'neighbours=3', { k: 3, metric: 'cosine' }],
    [undefined, 'c000b4f9-df62-4c85; neighbours = 1000 ; metric=dot', { k: 1000, metric: 'dot' }],
    ['application/json', 'tenant=7,neighbours=2', { k: 2, metric: 'cosine' }],
    ['*/*;neighbours=5', 'neighbours=5;metric=dot', { k: 5, metric: 'dot' }],
  ])('is read from Accept %j and attributes %j', (accept, attributes, wish) => {
    expect(neighbourWish(accept, attributes)).toEqual(wish);
  });

  it('is none where no neighbours are named, whatever else is there', () => {
    const text = fc.string().filter((one) => !one.includes('neighbours'));
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), fc.option(text, { nil: undefined }), (accept, attributes) => {
        expect(neighbourWish(accept, attributes)).toBeUndefined();
      }),
    );
    expect(neighbourWish(undefined, 'neighbours')).toBeUndefined();
    expect(neighbourWish('application/json', 'metric=l2')).toBeUndefined();
  });

  it.each(['', '0', '-1', '01', '1.5', '1001', '99999', 'ten', '1e2'])('is refused with the count %j', (count) => {
    expect(refusalOf(() => neighbourWish(undefined, `neighbours=${count}`))).toMatchObject({
      code: 'InvalidNeighbours',
    });
  });

  it('is refused when it asks for two things', () => {
    expect(() => neighbourWish('a/b;neighbours=1', 'neighbours=2')).toThrow(/asked for twice, as "1" and as "2"/);
    expect(() => neighbourWish('a/b;neighbours=1;metric=dot', 'metric=cosine')).toThrow(/metric is asked for twice/);
  });
});
