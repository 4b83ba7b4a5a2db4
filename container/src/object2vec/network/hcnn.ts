/**
 * The hcnn encoder: stacked convolutions over the token vectors; the maxima over a row's tokens of every layer, side by
 * side, are the encoding (spec object2vec 3.3; docs/object2vec.md has the decisions on what that leaves open).
 */
import type { GraphBuilder } from '../../graph/builder.ts';
import { glorotUniform } from '../../graph/initializers.ts';
import type { Node } from '../../graph/node.ts';
import { fixedWidth } from '../../graph/operations/shape-rules.ts';
import { dense } from './dense.ts';
import type { Encoder } from './encoder.ts';

/** Dropout lies between layers only: the maxima are taken before it, and nothing follows them. */
export const hcnn: Encoder = (graph, { settings, encDim, side, source: { data, positions, tokens }, dropout }) => {
  const prefix = side === 0 ? 'source' : 'target';
  let values = graph.apply('gather_rows', [data, positions]);
  const maxima = filtersOfLayers(encDim, settings.layers).map((filters, layer) => {
    const name = `${prefix}_${layer}`;
    const below = layer === 0 ? values : dropout(values, name);
    values = convolve(graph, below, tokens.rows, { name, filters, width: settings.filterWidth });
    return graph.apply('segment_max', [values, tokens.rows, tokens.count], { size: tokens.countName });
  });
  const [only] = maxima;
  return maxima.length === 1 && only ? only : graph.apply('concat_columns', maxima);
};

/** An equal share of the encoding for each layer; what is left over goes to the first layers, one filter each. */
function filtersOfLayers(encDim: number, layers: number): number[] {
  return Array.from({ length: layers }, (_, k) => Math.floor(encDim / layers) + (k < encDim % layers ? 1 : 0));
}

/**
 * As many lines as tokens. An even filter reads one token more after its own than before it. The rows of the weight are
 * the filter's tokens in order, and of each the columns of `values`.
 */
function convolve(
  graph: GraphBuilder,
  values: Node,
  rows: Node,
  { name, filters, width }: { readonly name: string; readonly filters: number; readonly width: number },
): Node {
  const reach = { before: Math.floor((width - 1) / 2), after: Math.ceil((width - 1) / 2) };
  const windows = width === 1 ? values : graph.apply('token_windows', [values, rows], reach);
  const initializer = glorotUniform(fixedWidth(windows), width * filters);
  return graph.apply('relu', [dense(graph, windows, name, filters, initializer)]);
}
