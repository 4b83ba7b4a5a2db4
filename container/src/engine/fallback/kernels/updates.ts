/**
 * Changes of parameters, in place: of a whole parameter, or of the rows of a table that a batch used.
 */
import { type Attributes, numberAttribute } from '../../../graph/node.ts';
import { floatInput, floats, intInput, matrixSize, type Value } from '../value.ts';
import type { Kernel } from './kernel.ts';

export const replace: Kernel = (inputs, _attributes, { matmul }) => {
  const parameter = floatInput(inputs, 0).data;
  parameter.set(floatInput(inputs, 1).data);
  matmul.changed(parameter);
  return floats([]);
};

export const replace_rows: Kernel = (inputs) => {
  const [parameter, ids, values] = [floatInput(inputs, 0).data, intInput(inputs, 1).data, floatInput(inputs, 2)];
  const width = matrixSize(values)[1];
  ids.forEach((id, r) => {
    parameter.set(values.data.subarray(r * width, (r + 1) * width), id * width);
  });
  return floats([]);
};

export const adam: Kernel = (inputs, attributes, { matmul }) => {
  const [weight, gradient] = [floatInput(inputs, 0).data, floatInput(inputs, 3).data];
  applyAdam(inputs, attributes, floatInput(inputs, 4), { gradient, from: 0, to: 0, count: gradient.length });
  matmul.changed(weight);
  return floats([]);
};

export const adam_rows: Kernel = (inputs, attributes) => {
  const [ids, gradient] = [intInput(inputs, 3).data, floatInput(inputs, 5)];
  const count = matrixSize(gradient)[1];
  ids.forEach((id, r) => {
    const span = { gradient: gradient.data, from: r * count, to: id * count, count };
    applyAdam(inputs, attributes, floatInput(inputs, 6), span);
  });
  return floats([]);
};

interface Span {
  readonly gradient: Float32Array;
  /** Where the span starts in the gradient, and in the parameter and its moments. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function applyAdam(inputs: readonly Value[], attributes: Attributes, stepSize: Value, span: Span): void {
  const [weight, m, v] = [floatInput(inputs, 0).data, floatInput(inputs, 1).data, floatInput(inputs, 2).data];
  const [size = 0] = stepSize.data;
  const beta1 = numberAttribute(attributes, 'beta1');
  const beta2 = numberAttribute(attributes, 'beta2');
  const epsilon = numberAttribute(attributes, 'epsilon');
  const { gradient, from, to, count } = span;
  for (let i = 0; i < count; i++) {
    const slope = gradient[from + i]!;
    const first = beta1 * m[to + i]! + (1 - beta1) * slope;
    const second = beta2 * v[to + i]! + (1 - beta2) * slope * slope;
    m[to + i] = first;
    v[to + i] = second;
    weight[to + i] = weight[to + i]! - (size * first) / (Math.sqrt(second) + epsilon);
  }
}
