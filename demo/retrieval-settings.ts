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

/**
 * Concepts are pooled here too: what is learned about a concept is its own vector, which no reading order helps. One layer
 * of hcnn has no dropout of its own; that of the concepts' vectors acts on the product, and so on both.
 */
const HCNN_RETRIEVAL: Readonly<Record<string, string>> = {
  ...SEARCHABLE,
  enc0_network: 'hcnn',
  enc0_layers: '1',
  enc0_cnn_filter_width: '1',
  enc0_token_embedding_dim: '384',
  enc1_network: 'pooled_embedding',
  enc_dim: '384',
  dropout: '0.5',
  learning_rate: '0.005',
  learning_rate_schedule: 'cosine',
  epochs: '4',
};

/** Definitions of one length share a batch, so that hardly a step is spent on padding. */
const BILSTM_RETRIEVAL: Readonly<Record<string, string>> = {
  ...SEARCHABLE,
  enc0_network: 'bilstm',
  enc0_layers: '1',
  enc0_token_embedding_dim: '128',
  enc1_network: 'pooled_embedding',
  enc_dim: '128',
  bucket_width: '4',
  negative_sampling_rate: '3',
  dropout: '0.2',
  learning_rate: '0.01',
  learning_rate_schedule: 'cosine',
  epochs: '5',
};

/** By encoder of the definitions. */
export const RETRIEVAL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pooled_embedding: POOLED_RETRIEVAL,
  hcnn: HCNN_RETRIEVAL,
  bilstm: BILSTM_RETRIEVAL,
};
