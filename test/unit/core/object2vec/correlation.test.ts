/** Correlations of predictions with values, and the counts behind precision and recall. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfusionMatrix } from '#core/object2vec/class-quality.ts';
import { pearson, spearman } from '#core/object2vec/correlation.ts';

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 20 });

describe('correlations', () => {
  it('are those of a worked example, tied ranks shared', () => {
    expect(pearson([1, 2, 3, 4], [2, 4, 5, 9])).toBeCloseTo(11 / Math.sqrt(5 * 26), 12);
    // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4
    expect(spearman([1, 7, 7, 100], [0, 1, 2, 3])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    expect(pearson([1, 1, 1], [1, 2, 3])).toBeNaN();
  });

  it('do not change with scale, and that of ranks with no rising function', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 9 }), (values, scale) => {
        fc.pre(new Set(values).size > 1);
        expect(
          pearson(
            values,
            values.map((value) => scale * value - 3),
          ),
        ).toBeCloseTo(1, 9);
        expect(
          pearson(
            values,
            values.map((value) => -scale * value),
          ),
        ).toBeCloseTo(-1, 9);
        expect(
          spearman(
            values,
            values.map((value) => value ** 3),
          ),
        ).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('a confusion matrix', () => {
  it('gives precision, recall and F1 of each class', () => {
    // Prepare: labels 0 0 0 1 2 answered 0 0 1 1 0
    const matrix = new ConfusionMatrix(3);
    matrix.add(Float32Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0), [0, 0, 0, 1, 2]);

    // Assess
    expect(matrix.qualityOf(0)).toEqual({ rows: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    expect(matrix.qualityOf(1)).toEqual({ rows: 1, precision: 1 / 2, recall: 1, f1: 2 / 3 });
    expect(matrix.qualityOf(2)).toEqual({ rows: 1, precision: Number.NaN, recall: 0, f1: 0 });
    expect(matrix.count(2, 0)).toBe(1);
  });
});
