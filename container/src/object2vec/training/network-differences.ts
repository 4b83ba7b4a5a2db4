/**
 * In what a network cannot take over the weights of another, in the words of hyperparameters. Vocabularies may grow;
 * max_seq_len, dropout and everything about training may be another.
 */
import type { EncoderSettings, NetworkSettings } from '#core/object2vec/settings.ts';

/** One phrase for each difference, such as `enc_dim is 64 and was 32`. */
export function networkDifferences(was: NetworkSettings, is: NetworkSettings): string[] {
  const [before, now] = [describe(was), describe(is)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} is ${now[name] ?? 'without effect'} and was ${before[name] ?? 'without effect'}`);
  const shrunk = (['enc0', 'enc1'] as const)
    .filter((side) => is[side].vocabularySize < was[side].vocabularySize)
    .map((side) => `${side}_vocab_size is ${is[side].vocabularySize} and was ${was[side].vocabularySize}`);
  return [...changed, ...shrunk];
}

/** What has an effect on the weights' shapes and meaning; the rest of the settings is left out. */
function describe(network: NetworkSettings): Readonly<Record<string, string>> {
  const { mlp, output, comparators } = network;
  return {
    ...describeEncoder('enc0', network.enc0),
    ...describeEncoder('enc1', network.enc1),
    enc_dim: String(network.encDim),
    tied_token_embedding_weight: String(network.tiedTokenEmbedding),
    comparator_list: comparators.join(', '),
    mlp_layers: String(mlp.layers),
    ...(mlp.layers > 0 && { mlp_dim: String(mlp.dim), mlp_activation: mlp.activation }),
    output_layer: output.kind,
    ...(output.kind === 'softmax' && { num_classes: String(output.classes) }),
    token_bias: String(network.tokenBias),
  };
}

function describeEncoder(prefix: string, encoder: EncoderSettings): Record<string, string> {
  const { network } = encoder;
  return {
    [`${prefix}_network`]: network,
    // For pooled_embedding it is enc_dim, which is named already.
    ...(network !== 'pooled_embedding' && {
      [`${prefix}_token_embedding_dim`]: String(encoder.tokenEmbeddingDim),
      [`${prefix}_layers`]: String(encoder.layers),
    }),
    ...(network === 'hcnn' && { [`${prefix}_cnn_filter_width`]: String(encoder.filterWidth) }),
  };
}
