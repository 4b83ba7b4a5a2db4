/**
 * Hyperparameters for retrieval, by encoder of the definitions: one table of token vectors for both sides, compared by
 * their product alone, which makes embeddings that cosine can search. Measured by `npm run accuracy -- --only WordNet`.
 */
const SEARCHABLE = {
  tied_token_embedding_weight: 'true',
  comparator_list: 'hadamard',
  mlp_layers: '0',
  negative_sampling_rate: '4',
  mini_batch_size: '512',
} as const;

/** What the demo trains. */
export const POOLED_RETRIEVAL: Readonly<Record<string, string>> = {
  ...SEARCHABLE,
  enc0_network: 'pooled_embedding',
  enc1_network: 'pooled_embedding',
  enc_dim: '128',
  dropout: '0.6',
  learning_rate: '0.01',
  epochs: '8',
};

export const RETRIEVAL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pooled_embedding: POOLED_RETRIEVAL,
};
