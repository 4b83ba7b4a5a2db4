/**
 * What the labels say about where to start: numbers at their mean, classes nowhere in particular.
 */
import { expect, it } from 'vitest';
import { startingPoint } from '../../../../container/src/object2vec/training/starting-point.ts';

it('starts the output bias of a regression at the mean label', () => {
  // Act
  const start = startingPoint({ kind: 'mean_squared_error' }, Float32Array.of(1, 2, 6));

  // Assess
  expect([...start]).toEqual([['output_layer_bias', { kind: 'columns', values: [3] }]]);
});

it('keeps the mean of labels whose sum is beyond what 32 bits hold', () => {
  // Act
  const start = startingPoint({ kind: 'mean_squared_error' }, Float32Array.of(2 ** 127, 2 ** 127, 2 ** 127));

  // Assess
  expect(start.get('output_layer_bias')).toEqual({ kind: 'columns', values: [2 ** 127] });
});

it('leaves the start of a network of classes alone', () => {
  // Act
  const start = startingPoint({ kind: 'softmax', classes: 2 }, Float32Array.of(0, 1, 1));

  // Assess
  expect(start.size).toBe(0);
});
