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
 * Encoders that have weights of their own start from the token vectors of the pooled model (word-vectors.ts in
 * bench/accuracy makes the files): from random ones they learn reading and words at once, and find far less.
 */
const FROM_POOLED_VECTORS = {
  ...SEARCHABLE,
  enc0_token_embedding_dim: '128',
  enc0_vocab_file: 'vocabulary.json',
  enc0_pretrained_embedding_file: 'pooled.txt',
  enc0_freeze_pretrained_embedding: 'false',
  enc1_network: 'pooled_embedding',
  enc_dim: '128',
  learning_rate_schedule: 'cosine',
} as const;

/**
 * Concepts are pooled here too: what is learned about a concept is its own vector, which no reading order helps. One layer
 * of hcnn has no dropout of its own; that of the concepts' vectors acts on the product, and so on both.
 */
const HCNN_RETRIEVAL: Readonly<Record<string, string>> = {
  ...FROM_POOLED_VECTORS,
  enc0_network: 'hcnn',
  enc0_layers: '1',
  enc0_cnn_filter_width: '3',
  bucket_width: '4',
  dropout: '0.5',
  learning_rate: '0.008',
  epochs: '4',
};

/** Definitions of one length share a batch, so that hardly a step is spent on padding. */
const BILSTM_RETRIEVAL: Readonly<Record<string, string>> = {
  ...FROM_POOLED_VECTORS,
  enc0_network: 'bilstm',
  enc0_layers: '1',
  bucket_width: '4',
  negative_sampling_rate: '2',
  dropout: '0.3',
  learning_rate: '0.008',
  epochs: '4',
};

/** By encoder of the definitions. */
export const RETRIEVAL: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pooled_embedding: POOLED_RETRIEVAL,
  hcnn: HCNN_RETRIEVAL,
  bilstm: BILSTM_RETRIEVAL,
};
