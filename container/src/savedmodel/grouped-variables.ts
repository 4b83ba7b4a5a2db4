/**
 * Nodes that write and read the variables of a training graph, some at a time: TensorFlow copies a table to write it and
 * holds what it read until it is assigned, and tables of gigabytes shall not be in memory twice all at once.
 */
import { attr } from './attributes.ts';
import type { GraphDefBuilder, GraphVariable } from './graph-def.ts';
import { addSave, nameInputs } from './saver.ts';
import { stringTensor } from './tensor-proto.ts';
import { elementCount } from './tensor-shape.ts';

/** Variables go together up to this size, so that a small model is one data file. */
const GROUP_BYTES = 256 * 1024 * 1024;
const VALUE_BYTES = 4;

/**
 * Adds a node that writes one bundle, each group of variables in a data file of its own.
 *
 * @param filename node with the bundle's path prefix, a scalar string
 * @returns a scalar string to fetch: the prefix, after the bundle was written
 */
export function addGroupedSave(
  graph: GraphDefBuilder,
  scope: string,
  filename: string,
  variables: readonly GraphVariable[],
  groupBytes = GROUP_BYTES,
): string {
  const groups = inGroups(variables, groupBytes);
  if (groups.length === 1) return addSave(graph, scope, filename, variables);
  let after: readonly string[] = [];
  const parts = groups.map((group, number) => {
    const suffix = graph.constant(`${scope}/suffix`, stringTensor(`.part-${number}`));
    const part = graph.node('StringJoin', `${scope}/part`, [filename, suffix], { N: attr.int(2) });
    const reads = group.map(({ handle, dtype }) =>
      graph.node('ReadVariableOp', `${scope}/read`, [handle, ...after], { dtype: attr.type(dtype) }),
    );
    const save = graph.node(
      'SaveV2',
      `${scope}/SaveV2`,
      [part, ...nameInputs(graph, `${scope}/SaveV2`, group), ...reads],
      { dtypes: attr.listType(group.map((one) => one.dtype)) },
    );
    after = [`^${save}`];
    return part;
  });
  const prefixes = graph.node('Pack', `${scope}/parts`, parts, {
    N: attr.int(parts.length),
    T: attr.type('string'),
    axis: attr.int(0),
  });
  const merged = graph.node('MergeV2Checkpoints', `${scope}/merge`, [prefixes, filename, ...after], {
    delete_old_dirs: attr.bool(false),
  });
  return graph.node('Identity', `${scope}/saved`, [filename, `^${merged}`], { T: attr.type('string') });
}

/** Adds a node that fills the variables from a bundle; returns a scalar string to fetch when it is done. */
export function addGroupedRestore(
  graph: GraphDefBuilder,
  scope: string,
  filename: string,
  variables: readonly GraphVariable[],
  groupBytes = GROUP_BYTES,
): string {
  let after: readonly string[] = [];
  for (const group of inGroups(variables, groupBytes)) {
    const restore = graph.node(
      'RestoreV2',
      `${scope}/RestoreV2`,
      [filename, ...nameInputs(graph, `${scope}/RestoreV2`, group), ...after],
      { dtypes: attr.listType(group.map((one) => one.dtype)) },
    );
    after = group.map(({ handle, dtype }, index) => {
      const assign = graph.node('AssignVariableOp', `${scope}/assign`, [handle, `${restore}:${index}`], {
        dtype: attr.type(dtype),
      });
      return `^${assign}`;
    });
  }
  return graph.node('Identity', `${scope}/restored`, [filename, ...after], { T: attr.type('string') });
}

function inGroups(variables: readonly GraphVariable[], groupBytes: number): GraphVariable[][] {
  const groups: GraphVariable[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const variable of variables) {
    const size = elementCount(variable.shape) * VALUE_BYTES;
    if (bytes + size > groupBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(variable);
    bytes += size;
  }
  return groups;
}
