/**
 * The pair network in plain loops over doubles, written from spec object2vec 3.1 to 3.5 and docs/object2vec.md: what both engines must answer.
 */
import type { NetworkSettings } from '#core/object2vec/settings.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import { plainBilstm } from './plain-bilstm.ts';
import { plainHcnn } from './plain-hcnn.ts';

export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

export function plainEmbedding(settings: NetworkSettings, weights: Weights, side: 0 | 1, rows: TokenRows): number[][] {
  const table = weights.get(settings.tiedTokenEmbedding ? 'embed_shared_weight' : `embed_${side}_weight`)!;
  const width = table.shape[1]!;
  const { network, layers } = side === 0 ? settings.enc0 : settings.enc1;
  return Array.from({ length: rows.offsets.length - 1 }, (_, r) => {
    const ids = rows.ids.subarray(rows.offsets[r], rows.offsets[r + 1]);
    if (network !== 'pooled_embedding') {
      const tokens = Array.from(ids, (id) => Array.from(table.data.subarray(id * width, (id + 1) * width)));
      if (network === 'hcnn') return plainHcnn(settings, weights, side, tokens);
      return plainBilstm(tokens, weights, side === 0 ? 'source' : 'target', layers);
    }
    return Array.from({ length: width }, (_, c) => {
      let sum = 0;
      for (const id of ids) sum += table.data[id * width + c]!;
      return sum / ids.length;
    });
  });
}

export function plainScores(settings: NetworkSettings, weights: Weights, in0: TokenRows, in1: TokenRows): number[][] {
  const [left, right] = [plainEmbedding(settings, weights, 0, in0), plainEmbedding(settings, weights, 1, in1)];
  return left.map((u, r) => {
    const v = right[r]!;
    let values = settings.comparators.flatMap((name) => {
      if (name === 'hadamard') return u.map((x, i) => x * v[i]!);
      if (name === 'concat') return [...u, ...v];
      return u.map((x, i) => Math.abs(x - v[i]!));
    });
    for (let k = 0; k < settings.mlp.layers; k++) {
      values = dense(values, weights, `mlp_fc${k}`).map((x) => {
        if (settings.mlp.activation === 'tanh') return Math.tanh(x);
        return settings.mlp.activation === 'relu' ? Math.max(x, 0) : x;
      });
    }
    const raw = dense(values, weights, 'output_layer');
    if (settings.tokenBias) raw[raw.length - 1]! += plainBias(weights, 0, in0, r) + plainBias(weights, 1, in1, r);
    if (settings.output.kind === 'mean_squared_error') return raw;
    const total = raw.reduce((sum, x) => sum + Math.exp(x), 0);
    return raw.map((x) => Math.exp(x) / total);
  });
}

/** The mean of the biases of a row's tokens. */
function plainBias(weights: Weights, side: 0 | 1, rows: TokenRows, row: number): number {
  const ids = [...rows.ids.subarray(rows.offsets[row], rows.offsets[row + 1])];
  const table = weights.get(`token_${side}_bias`)!.data;
  return ids.reduce((sum, id) => sum + table[id]!, 0) / ids.length;
}

function dense(values: readonly number[], weights: Weights, name: string): number[] {
  const [weight, bias] = [weights.get(`${name}_weight`)!, weights.get(`${name}_bias`)!];
  const width = weight.shape[1]!;
  return Array.from({ length: width }, (_, c) => {
    let sum = bias.data[c]!;
    for (let i = 0; i < values.length; i++) sum += values[i]! * weight.data[i * width + c]!;
    return sum;
  });
}
