/**
 * Operations that change parameters. Their result, a scalar, only says that the change has happened.
 */
import type { Operation } from '../node.ts';
import { allAlike, equalSizes, float32, input, matrix, vector } from './shape-rules.ts';

/** (parameter, values): the parameter becomes the values. */
export const replace: Operation = {
  infer(inputs) {
    allAlike(inputs);
    return float32();
  },
};

/** (parameter, distinct rows, values): those rows become the values; all others keep every bit. */
export const replace_rows: Operation = {
  infer(inputs) {
    const [rows, columns] = matrix(input(inputs, 2));
    equalSizes('values for each replaced row', rows, vector(input(inputs, 1)));
    equalSizes('width of replaced rows', columns, matrix(input(inputs, 0))[1]);
    return float32();
  },
};

/**
 * (parameter, first moment, second moment, gradient, step size) with attributes beta1, beta2, epsilon:
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w = w - stepSize m / (sqrt(v) + epsilon).
 */
export const adam: Operation = {
  infer(inputs) {
    allAlike(inputs.slice(0, 4));
    return float32();
  },
};

/**
 * (parameter, first moment, second moment, distinct rows, the parameter's values there, their gradient, step size): Adam
 * on those rows only. All other rows of the parameter and of both moments keep every bit.
 */
export const adam_rows: Operation = {
  infer(inputs) {
    allAlike(inputs.slice(0, 3));
    allAlike(inputs.slice(4, 6));
    const [rows, columns] = matrix(input(inputs, 4));
    equalSizes('one gradient for each updated row', rows, vector(input(inputs, 3)));
    equalSizes('width of updated rows', columns, matrix(input(inputs, 0))[1]);
    return float32();
  },
};
