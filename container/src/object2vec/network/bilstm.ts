/**
 * The bilstm encoder: stacked bidirectional LSTM layers over the token vectors, then the maximum over a row's tokens
 * (spec object2vec 3.4 leaves units and reduction open; docs/object2vec.md has the decisions).
 */
import type { GraphBuilder, Parameter } from '../../graph/builder.ts';
import { glorotUniform, type Initializer } from '../../graph/initializers.ts';
import type { Node } from '../../graph/node.ts';
import { fixedWidth } from '../../graph/operations/shape-rules.ts';
import type { Encoder } from './encoder.ts';

const DIRECTIONS = ['forward', 'backward'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** encDim / 2 units in each direction of every layer; dropout between layers. */
export const bilstm: Encoder = (graph, { settings, encDim, side, source: { data, positions, tokens }, dropout }) => {
  const prefix = side === 0 ? 'source' : 'target';
  let values = graph.apply('gather_rows', [data, positions]);
  for (let layer = 0; layer < settings.layers; layer++) {
    const name = `${prefix}_lstm${layer}`;
    const below = layer === 0 ? values : dropout(values, name);
    const states = DIRECTIONS.map((direction) => {
      const weights = layerWeights(graph, `${name}_${direction}`, fixedWidth(below), encDim / 2);
      const sources = [below, ...weights, tokens.rows, tokens.count];
      return graph.apply('lstm', sources, { reverse: isReverse(direction) });
    });
    values = graph.apply('concat_columns', states);
  }
  const largest = graph.apply('segment_max', [values, tokens.rows, tokens.count], { size: tokens.countName });
  return dropout(largest, `encoder ${side}`);
};

const isReverse = (direction: Direction): boolean => direction === 'backward';

/** Each gate starts as a dense layer of its own would. */
function layerWeights(graph: GraphBuilder, name: string, width: number, units: number): Node[] {
  const parameters: Parameter[] = [
    { name: `${name}_i2h_weight`, shape: [width, 4 * units], initializer: glorotUniform(width, units), role: 'weight' },
    { name: `${name}_h2h_weight`, shape: [units, 4 * units], initializer: glorotUniform(units, units), role: 'weight' },
    { name: `${name}_bias`, shape: [4 * units], initializer: openForgetGates(units), role: 'weight' },
  ];
  return parameters.map((parameter) => graph.parameter(parameter));
}

/**
 * Forget gates begin with bias 1, so that early steps keep what they have read (Jozefowicz, Zaremba and Sutskever,
 * 2015); the other gates with 0.
 */
function openForgetGates(units: number): Initializer {
  return {
    kind: 'columns',
    values: Array.from({ length: 4 * units }, (_, i) => (i >= units && i < 2 * units ? 1 : 0)),
  };
}
