/**
 * A bilstm encoder on the shape that the specification measures: batch 64, 50 tokens a row, token vectors of 512
 * numbers, 512 units in each direction.
 */
import { GraphBuilder } from '../container/src/graph/builder.ts';
import type { Graph } from '../container/src/graph/graph.ts';
import { glorotUniform } from '../container/src/graph/initializers.ts';
import type { Node } from '../container/src/graph/node.ts';
import type { BenchRow } from './bench-row.ts';
import { contestEncoder, ROWS, TOKENS } from './encoder-contest.ts';

const [WIDTH, UNITS] = [512, 512] as const;
const DIRECTIONS = 2;

export function benchEncoders(): Promise<readonly BenchRow[]> {
  return contestEncoder({
    name: 'bilstm encoder',
    hyperparameters: {
      enc_dim: String(DIRECTIONS * UNITS),
      enc0_network: 'bilstm',
      enc0_token_embedding_dim: String(WIDTH),
    },
    products: lstmProducts(),
    runProducts(session) {
      for (let i = 0; i < DIRECTIONS; i++) session.run('input_product', {});
      for (let i = 0; i < DIRECTIONS * TOKENS; i++) session.run('state_product', {});
    },
  });
}

/** What is multiplied lies in the session and products are summed by column, so that nothing is copied. */
function lstmProducts(): Graph {
  const graph = new GraphBuilder();
  const matrix = (name: string, lines: number, columns: number) =>
    graph.parameter({ name, shape: [lines, columns], initializer: glorotUniform(lines, columns), role: 'weight' });
  const product = (one: Node, other: Node) => {
    const sum = graph.apply('sum_rows', [graph.apply('matmul', [one, other])]);
    return { inputs: {}, outputs: { sum }, updates: [] };
  };
  const signatures = new Map([
    ['input_product', product(matrix('values', ROWS * TOKENS, WIDTH), matrix('i2h', WIDTH, 4 * UNITS))],
    ['state_product', product(matrix('state', ROWS, UNITS), matrix('h2h', UNITS, 4 * UNITS))],
  ]);
  return { parameters: graph.parameters, signatures };
}
