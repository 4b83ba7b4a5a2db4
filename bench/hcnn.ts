/**
 * An hcnn encoder on the shape that the specification measures: batch 64, 50 tokens a row, 4 layers, 1024 numbers,
 * token vectors of 300.
 */
import { GraphBuilder } from '../container/src/graph/builder.ts';
import type { Graph } from '../container/src/graph/graph.ts';
import { glorotUniform } from '../container/src/graph/initializers.ts';
import type { BenchRow } from './bench-row.ts';
import { contestEncoder, ROWS, TOKENS } from './encoder-contest.ts';

const [ENC_DIM, LAYERS, FILTER_WIDTH, TOKEN_DIM] = [1024, 4, 3, 300] as const;

export function benchHcnn(): Promise<readonly BenchRow[]> {
  return contestEncoder({
    name: 'hcnn encoder',
    hyperparameters: {
      enc_dim: String(ENC_DIM),
      enc0_layers: String(LAYERS),
      enc0_cnn_filter_width: String(FILTER_WIDTH),
      enc0_token_embedding_dim: String(TOKEN_DIM),
    },
    products: layerProducts(),
    runProducts: (session) => void session.run('products', {}),
  });
}

/** What is multiplied lies in the session and products are summed by column, so that nothing is copied. */
function layerProducts(): Graph {
  const graph = new GraphBuilder();
  const filters = ENC_DIM / LAYERS;
  const matrix = (name: string, lines: number, columns: number) =>
    graph.parameter({ name, shape: [lines, columns], initializer: glorotUniform(lines, columns), role: 'weight' });
  const sums = Array.from({ length: LAYERS }, (_, layer) => {
    const width = FILTER_WIDTH * (layer === 0 ? TOKEN_DIM : filters);
    const windows = matrix(`windows${layer}`, ROWS * TOKENS, width);
    return graph.apply('sum_rows', [graph.apply('matmul', [windows, matrix(`weight${layer}`, width, filters)])]);
  });
  const outputs = Object.fromEntries(sums.map((sum, layer) => [`sum${layer}`, sum]));
  return {
    parameters: graph.parameters,
    signatures: new Map([['products', { inputs: {}, outputs, updates: [] }]]),
  };
}
