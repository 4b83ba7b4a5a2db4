/**
 * The nodes by which a graph fills its variables from a bundle and writes them to one, in the shape that TensorFlow's
 * SavedModel loaders look for (SaverDef, format V2).
 */
import { attr } from './attributes.ts';
import type { GraphDefBuilder, GraphVariable } from './graph-def.ts';
import { float32Scalar, int32Vector, stringTensor } from './tensor-proto.ts';

/** The three names of a SaverDef. */
export interface Saver {
  /** Tensor that takes the bundle's path prefix. */
  readonly filename: string;
  /** Tensor whose evaluation writes the bundle. */
  readonly save: string;
  /** Operation that restores every variable. */
  readonly restore: string;
}

/**
 * Adds a node that writes variables to a bundle when it is evaluated.
 *
 * @param filename node with the bundle's path prefix, a scalar string.
 * @returns a scalar string to fetch: the prefix, after the bundle was written.
 */
export function addSave(
  graph: GraphDefBuilder,
  scope: string,
  filename: string,
  variables: readonly GraphVariable[],
): string {
  const save = graph.node(
    'SaveV2',
    `${scope}/SaveV2`,
    [filename, ...nameInputs(graph, `${scope}/SaveV2`, variables), ...variables.map((one) => graph.read(one))],
    { dtypes: attr.listType(variables.map((one) => one.dtype)) },
  );
  return graph.node('Identity', `${scope}/saved`, [filename, `^${save}`], { T: attr.type('string') });
}

/** Adds what the loaders need, once per graph; `undefined` when nothing is to be restored. */
export function addSaver(graph: GraphDefBuilder): Saver | undefined {
  const variables = graph.variables.filter((one) => one.restored);
  if (variables.length === 0) return undefined;
  const fallback = graph.constant('save/filename', stringTensor('model'));
  const filename = graph.node('PlaceholderWithDefault', 'save/Const', [fallback], {
    dtype: attr.type('string'),
    shape: attr.shape([]),
  });
  const saved = addSave(graph, 'save', filename, variables);
  const restore = graph.node(
    'RestoreV2',
    'save/RestoreV2',
    [filename, ...nameInputs(graph, 'save/RestoreV2', variables)],
    { dtypes: attr.listType(variables.map((one) => one.dtype)) },
  );
  const assigns = variables.map((variable, index) =>
    graph.node('AssignVariableOp', 'save/AssignVariableOp', [variable.handle, `${restore}:${index}`], {
      dtype: attr.type(variable.dtype),
    }),
  );
  const all = graph.node(
    'NoOp',
    'save/restore_all',
    assigns.map((name) => `^${name}`),
  );
  for (const variable of variables) addInitializer(graph, variable);
  return { filename: `${filename}:0`, save: `${saved}:0`, restore: all };
}

/** The names of variables and the whole of each, as SaveV2 and RestoreV2 take them. */
export function nameInputs(graph: GraphDefBuilder, scope: string, variables: readonly GraphVariable[]): string[] {
  return [
    graph.constant(`${scope}/tensor_names`, stringTensor(variables.map((one) => one.name))),
    graph.constant(`${scope}/shape_and_slices`, stringTensor(variables.map(() => ''))),
  ];
}

/** Python's loader insists that every variable has an initialiser, though restoring makes it needless. */
function addInitializer(graph: GraphDefBuilder, variable: GraphVariable): void {
  graph.read(variable);
  const { name, shape, dtype } = variable;
  const dims = graph.constant(`${name}/Initializer/shape`, int32Vector(shape));
  const zero = graph.constant(`${name}/Initializer/zero`, float32Scalar(0));
  const typed =
    dtype === 'float32'
      ? zero
      : graph.node('Cast', `${name}/Initializer/cast`, [zero], { SrcT: attr.type('float32'), DstT: attr.type(dtype) });
  const value = graph.node('Fill', `${name}/Initializer/value`, [dims, typed], { T: attr.type(dtype) });
  graph.node('AssignVariableOp', `${name}/Assign`, [variable.handle, value], { dtype: attr.type(dtype) });
}
