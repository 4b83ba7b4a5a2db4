/**
 * One learned number for each token of each side, added to what the output layer says: in rating-like data much of a
 * label is that this person rates high, or that everybody likes this film, whoever meets it.
 */
import type { NetworkSettings } from '#core/object2vec/settings.ts';
import type { GraphBuilder, Parameter } from '../../graph/builder.ts';
import type { Node } from '../../graph/node.ts';
import { type FlatTokens, type Side, type TokenSource, type TouchedRows, touch } from './token-source.ts';

/** [tokens of the vocabulary, 1]. Each side has its own, also when token vectors are tied. */
function biasTable({ enc0, enc1 }: NetworkSettings, side: Side): Parameter {
  const { vocabularySize } = side === 0 ? enc0 : enc1;
  return { name: `token_${side}_bias`, shape: [vocabularySize, 1], initializer: { kind: 'zeros' }, role: 'weight' };
}

type Sides = readonly [FlatTokens, FlatTokens];

/** Reads from the tables, for serving; nothing when the network has no token biases. */
export function biasesFromWholeTables(graph: GraphBuilder, settings: NetworkSettings, sides: Sides): TokenSource[] {
  if (!settings.tokenBias) return [];
  return sides.map((tokens, side) => {
    return { data: graph.parameter(biasTable(settings, side as Side)), positions: tokens.ids, tokens };
  });
}

/** Reads from the rows that the batch touches, for training; nothing when the network has no token biases. */
export function biasesFromTouchedRows(
  graph: GraphBuilder,
  settings: NetworkSettings,
  sides: Sides,
): { readonly sources: readonly TokenSource[]; readonly touched: readonly TouchedRows[] } {
  if (!settings.tokenBias) return { sources: [], touched: [] };
  const found = sides.map((tokens, side) => {
    const { touched, positions } = touch(graph, biasTable(settings, side as Side), tokens.ids, `unique${side}`);
    return { touched, source: { data: touched.rows, positions, tokens } };
  });
  return { sources: found.map(({ source }) => source), touched: found.map(({ touched }) => touched) };
}

/** `raw` [rows, 1 or 2] with each side's mean bias added to its last column: the value, or the positive class. */
export function addTokenBiases(
  graph: GraphBuilder,
  { output }: NetworkSettings,
  raw: Node,
  sources: readonly TokenSource[],
): Node {
  return sources.reduce((sum, { data, positions, tokens }) => {
    const mean = graph.apply('segment_mean', [data, positions, tokens.rows, tokens.count], { size: tokens.countName });
    const column = output.kind === 'softmax' ? graph.apply('pad_columns', [mean], { before: 1, after: 0 }) : mean;
    return graph.apply('add', [sum, column]);
  }, raw);
}
