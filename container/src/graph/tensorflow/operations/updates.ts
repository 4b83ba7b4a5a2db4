/**
 * Changes of variables. Each write waits until the signature has read everything, so that no read sees half a step and
 * no variable is copied because somebody still holds its buffer.
 */
import { attr } from '../../../savedmodel/attributes.ts';
import type { GraphVariable } from '../../../savedmodel/graph-def.ts';
import { type Node, numberAttribute } from '../../node.ts';
import { FLOAT, type Lowering, type LowerOperation } from '../lowering.ts';

export const replace: LowerOperation = (lower, [, values = ''], node) =>
  lower.change('AssignVariableOp', [changed(lower, node, 0).handle, values], { dtype: attr.type('float32') });

export const replace_rows: LowerOperation = (lower, [, ids = '', values = ''], node) =>
  scatter(lower, changed(lower, node, 0), ids, values);

/** TensorFlow corrects the bias by powers of beta that it is given; ours is part of the step size, so they are 0. */
export const adam: LowerOperation = (lower, [, , , gradient = '', stepSize = ''], node) => {
  const [weight, m, v] = variables(lower, node);
  const { beta1, beta2, epsilon } = rates(lower, node);
  const none = lower.float(0);
  const handles = [weight.handle, m.handle, v.handle];
  return lower.change('ResourceApplyAdam', [...handles, none, none, stepSize, beta1, beta2, epsilon, gradient], FLOAT);
};

/**
 * The rows of the weight are at hand, so that they are written as the moments are: TensorFlow subtracts in a table much
 * more slowly than it overwrites (ResourceScatterSub goes through each row element by element).
 */
export const adam_rows: LowerOperation = (lower, [, , , ids = '', rows = '', gradient = '', stepSize = ''], node) => {
  const [weight, m, v] = variables(lower, node);
  const { beta1, beta2, epsilon, rest1, rest2 } = rates(lower, node);
  const blend = (old: string, keep: string, fresh: string, take: string) =>
    lower.node('AddV2', [lower.node('Mul', [old, keep]), lower.node('Mul', [fresh, take])]);
  const first = blend(gather(lower, m, ids), beta1, gradient, rest1);
  const second = blend(gather(lower, v, ids), beta2, lower.node('Square', [gradient]), rest2);
  const scaled = lower.node('AddV2', [lower.node('Sqrt', [second]), epsilon]);
  const change = lower.node('RealDiv', [lower.node('Mul', [first, stepSize]), scaled]);
  const writes = [
    scatter(lower, m, ids, first),
    scatter(lower, v, ids, second),
    scatter(lower, weight, ids, lower.node('Sub', [rows, change])),
  ];
  return lower.untyped(
    'NoOp',
    writes.map((name) => `^${name}`),
  );
};

function variables(lower: Lowering, node: Node): [GraphVariable, GraphVariable, GraphVariable] {
  return [changed(lower, node, 0), changed(lower, node, 1), changed(lower, node, 2)];
}

function changed(lower: Lowering, node: Node, input: number): GraphVariable {
  const variable = lower.variable(node.inputs[input]);
  if (!variable) throw new Error(`${node.operation} changes parameters and was given something else`);
  return variable;
}

function rates(lower: Lowering, { attributes }: Node) {
  const beta1 = numberAttribute(attributes, 'beta1');
  const beta2 = numberAttribute(attributes, 'beta2');
  return {
    beta1: lower.float(beta1),
    beta2: lower.float(beta2),
    rest1: lower.float(1 - beta1),
    rest2: lower.float(1 - beta2),
    epsilon: lower.float(numberAttribute(attributes, 'epsilon')),
  };
}

const ROWS = { dtype: attr.type('float32'), Tindices: attr.type('int32') } as const;

function gather(lower: Lowering, variable: GraphVariable, ids: string): string {
  return lower.untyped('ResourceGather', [variable.handle, ids], ROWS);
}

function scatter(lower: Lowering, variable: GraphVariable, ids: string, rows: string): string {
  return lower.change('ResourceScatterUpdate', [variable.handle, ids, rows], ROWS);
}
