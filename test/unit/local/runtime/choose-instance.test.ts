import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseByWeight } from '../../../../local/runtime/choose-instance.ts';

const weights = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 10 });
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const choicesOf = (list: readonly number[]) => list.map((weight, name) => ({ name, weight }));

describe('a choice by weight', () => {
  it('is always one of the choices, and never one without weight while others have some', () => {
    fc.assert(
      fc.property(weights, draw, (list, drawn) => {
        const chosen = chooseByWeight(choicesOf(list), drawn)!;
        expect(chosen).toBeDefined();
        if (list.some((weight) => weight > 0)) expect(chosen.weight).toBeGreaterThan(0);
      }),
      { seed: 5 },
    );
  });

  it.each([
    [0, 0],
    [0.24, 0],
    [0.25, 2],
    [0.99, 2],
  ])('with the weights 1, 0, 3 and the draw %f is choice %i', (drawn, name) => {
    expect(chooseByWeight(choicesOf([1, 0, 3]), drawn)?.name).toBe(name);
  });

  it('is equally likely for all when no choice has a weight', () => {
    expect([0, 0.5, 0.75].map((drawn) => chooseByWeight(choicesOf([0, 0, 0, 0]), drawn)?.name)).toEqual([0, 2, 3]);
  });

  it('is none when there is none', () => {
    expect(chooseByWeight([], 0.5)).toBeUndefined();
  });
});
