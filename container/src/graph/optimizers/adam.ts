/**
 * Adam as MXNet applies it: moments, bias correction folded into the step size, L2 weight decay added to the gradient
 * of weights and not of biases. Tables are updated lazily, only in the rows that a batch uses
 * (docs/decisions/0002-lazy-embedding-updates.md).
 */
import type { GraphBuilder, Parameter } from '../builder.ts';
import type { Node } from '../node.ts';
import type { Optimizer } from './optimizer.ts';
import { decayOf, withDecay } from './weight-decay.ts';

/** MXNet's defaults (python/mxnet/optimizer/optimizer.py, class Adam). */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** The learning rate with the correction for moments that started at 0. */
export function adamStepSize(step: number, rate: number): number {
  return (rate * Math.sqrt(1 - ADAM.beta2 ** step)) / (1 - ADAM.beta1 ** step);
}

export function adamOptimizer(weightDecay: number): Optimizer {
  return {
    stepSizeAt: adamStepSize,
    updateDense(graph, { parameter, gradient }, { stepSize }) {
      const weight = graph.parameter(parameter);
      const decayed = withDecay(graph, gradient, weight, decayOf(parameter, weightDecay));
      return [graph.apply('adam', [weight, ...moments(graph, parameter), decayed, stepSize], ADAM)];
    },
    updateRows(graph, { parameter, ids, rows, gradient }, { stepSize }) {
      const weight = graph.parameter(parameter);
      const decayed = withDecay(graph, gradient, rows, decayOf(parameter, weightDecay));
      const inputs = [weight, ...moments(graph, parameter), ids, rows, decayed, stepSize];
      return [graph.apply('adam_rows', inputs, ADAM)];
    },
  };
}

function moments(graph: GraphBuilder, parameter: Parameter): Node[] {
  return ['adam_m', 'adam_v'].map((moment) =>
    graph.parameter({
      name: `${parameter.name}/${moment}`,
      shape: parameter.shape,
      initializer: { kind: 'zeros' },
      role: 'optimizer_state',
    }),
  );
}
