/**
 * A model's session with more signatures: the nearest candidates in place of embeddings. The search runs where the
 * model does, so that the queue, its deadline and the budget of a call hold for it as for any other work.
 */
import type { InferenceMode } from '#core/object2vec/inference-request.ts';
import { findNearest, inverseLengths, type Matrix, type Metric } from '#core/object2vec/nearest.ts';
import type { NamedTensors, Session } from '../../engine/session.ts';
import { FLAT_SIGNATURES } from '../serving-graph.ts';
import type { NeighbourIndex } from './neighbour-index.ts';

export type EmbeddingMode = Exclude<InferenceMode, 'scores'>;

/** Names of what a search takes beside the flat tokens, and of what it answers. */
export const SEARCH = { k: 'k', candidates: 'candidates', scores: 'scores' } as const;

const MODES: readonly EmbeddingMode[] = ['embed_in0', 'embed_in1'];
const METRICS: readonly Metric[] = ['cosine', 'dot'];

/** The signature that answers with the nearest candidates instead of embeddings of that mode. */
export function nearestSignature(mode: EmbeddingMode, metric: Metric): string {
  return `${FLAT_SIGNATURES[mode]}_nearest_${metric}`;
}

interface Search {
  readonly embed: string;
  readonly metric: Metric;
}

/**
 * Signatures of {@link nearestSignature}: the inputs of the mode's flat signature and `k`, int32 [], at most the number of
 * candidates -> `candidates` int32 [rows, k] and `scores` float32 [rows, k], best first; NaN where an embedding was not
 * finite.
 */
export function withNeighbours(session: Session, index: NeighbourIndex): Session {
  const searches = new Map<string, Search>(
    MODES.flatMap((mode) =>
      METRICS.map((metric) => [nearestSignature(mode, metric), { embed: FLAT_SIGNATURES[mode], metric }] as const),
    ),
  );
  return {
    engine: session.engine,
    signatures: session.signatures,
    run(signature, inputs, outputs) {
      const search = searches.get(signature);
      if (!search) return session.run(signature, inputs, outputs);
      const { [SEARCH.k]: k, ...tokens } = inputs;
      const { embeddings } = session.run(search.embed, tokens);
      if (k?.dtype !== 'int32' || embeddings?.dtype !== 'float32') throw new Error('a search needs k and embeddings');
      const [rows = 0, width = 0] = embeddings.shape;
      return nearest({ rows, width, values: embeddings.data }, index, k.data[0]!, search.metric);
    },
    close: () => session.close(),
  };
}

function nearest(queries: Matrix, index: NeighbourIndex, k: number, metric: Metric): NamedTensors {
  const { rows } = queries;
  const cosine = metric === 'cosine';
  const lengths = cosine ? inverseLengths(queries) : undefined;
  const factors = cosine ? index.inverseLengths : undefined;
  const candidates = new Int32Array(rows * k);
  const scores = new Float32Array(rows * k).fill(Number.NaN);
  findNearest(queries, index.candidates, k, { factors }).forEach((found, row) => {
    found.forEach(({ record, score }, place) => {
      candidates[row * k + place] = record;
      scores[row * k + place] = lengths ? score * lengths[row]! : score;
    });
  });
  return {
    [SEARCH.candidates]: { dtype: 'int32', shape: [rows, k], data: candidates },
    [SEARCH.scores]: { dtype: 'float32', shape: [rows, k], data: scores },
  };
}
