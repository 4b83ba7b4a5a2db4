/**
 * The encoders, one entry per `encN_network`.
 */
import type { EncoderNetwork } from '#core/object2vec/settings.ts';
import { bilstm } from './bilstm.ts';
import type { Encoder } from './encoder.ts';
import { hcnn } from './hcnn.ts';

/** The mean of the token vectors. Every id counts, also 0: an id is padding only where somebody says so. */
const pooledEmbedding: Encoder = (graph, { side, source: { data, positions, tokens }, dropout }) => {
  const sources = [data, positions, tokens.rows, tokens.count];
  return dropout(graph.apply('segment_mean', sources, { size: tokens.countName }), `encoder ${side}`);
};

export const ENCODERS: Readonly<Record<EncoderNetwork, Encoder>> = {
  hcnn,
  bilstm,
  pooled_embedding: pooledEmbedding,
};
