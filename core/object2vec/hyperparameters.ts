/**
 * Every hyperparameter that a training job may set: its type, range, default and meaning, as AWS documents them for
 * Object2Vec (developer guide, object2vec-hyperparameters), and `seed`, which is ours.
 * docs/object2vec.md is checked against this table by a test.
 */
import { LIMITS } from '#core/limits.ts';

export type HyperparameterKind =
  | { readonly type: 'integer' | 'float'; readonly min: number; readonly max: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice' | 'list'; readonly values: readonly string[] }
  | { readonly type: 'layers'; readonly min: number; readonly max: number }
  | { readonly type: 'text' | 'file' };

export interface HyperparameterRule {
  readonly kind: HyperparameterKind;
  /** The text that a job which does not set it gets; without one it is required, or derived by a cross-rule. */
  readonly default?: string;
  readonly doc: string;
}

const integer = (min: number, max: number) => ({ type: 'integer', min, max }) as const;
const float = (min: number, max: number) => ({ type: 'float', min, max }) as const;
const boolean = { type: 'boolean' } as const;

const networks = ['hcnn', 'bilstm', 'pooled_embedding'] as const;
const file = { type: 'file' } as const;
const vocabularySize = integer(2, LIMITS.vocabularySize.value);
const sequenceLength = integer(1, LIMITS.sequenceLength.value);
const tokenEmbeddingDim = integer(2, 1000);
const layers = { type: 'layers', min: 1, max: 4 } as const;
const filterWidth = integer(1, 9);

export const HYPERPARAMETERS = {
  enc0_network: {
    kind: { type: 'choice', values: networks },
    default: 'hcnn',
    doc: 'Encoder of `in0`.',
  },
  enc0_vocab_size: { kind: vocabularySize, doc: 'Number of token ids of `in0`. Required.' },
  enc0_max_seq_len: { kind: sequenceLength, doc: 'Longer `in0` sequences are cut to this many tokens. Required.' },
  enc0_token_embedding_dim: {
    kind: tokenEmbeddingDim,
    default: '300',
    doc: 'Length of a token vector. For `pooled_embedding` it becomes `enc_dim`.',
  },
  enc0_layers: {
    kind: layers,
    default: 'auto',
    doc: 'Stacked layers of `hcnn` (`auto` is 4) or `bilstm` (`auto` is 1). No effect on `pooled_embedding`.',
  },
  enc0_cnn_filter_width: { kind: filterWidth, default: '3', doc: 'Tokens that one filter of `hcnn` reads.' },
  enc0_vocab_file: {
    kind: file,
    default: '',
    doc: 'File of the `auxiliary` channel: one JSON object, word to id. The model then reads text, too.',
  },
  enc0_pretrained_embedding_file: {
    kind: file,
    default: '',
    doc: 'File of the `auxiliary` channel: vectors to start from, as GloVe or fastText write them. Needs `enc0_vocab_file`.',
  },
  enc0_freeze_pretrained_embedding: {
    kind: boolean,
    default: 'true',
    doc: 'Training leaves the table of token vectors as it starts. No effect without pretrained vectors.',
  },
  enc1_network: {
    kind: { type: 'choice', values: ['enc0', ...networks] },
    default: 'enc0',
    doc: 'Encoder of `in1`. `enc0`: the same settings as encoder 0, with weights of its own.',
  },
  enc1_vocab_size: { kind: vocabularySize, doc: 'Number of token ids of `in1`. Required unless `enc1_network=enc0`.' },
  enc1_max_seq_len: {
    kind: sequenceLength,
    doc: 'Longer `in1` sequences are cut to this many tokens. Required unless `enc1_network=enc0`.',
  },
  enc1_token_embedding_dim: { kind: tokenEmbeddingDim, default: '300', doc: 'As `enc0_token_embedding_dim`.' },
  enc1_layers: { kind: layers, default: 'auto', doc: 'As `enc0_layers`.' },
  enc1_cnn_filter_width: { kind: filterWidth, default: '3', doc: 'As `enc0_cnn_filter_width`.' },
  enc1_vocab_file: { kind: file, default: '', doc: 'As `enc0_vocab_file`.' },
  enc1_pretrained_embedding_file: { kind: file, default: '', doc: 'As `enc0_pretrained_embedding_file`.' },
  enc1_freeze_pretrained_embedding: { kind: boolean, default: 'true', doc: 'As `enc0_freeze_pretrained_embedding`.' },
  enc_dim: {
    kind: integer(4, 10_000),
    default: '4096',
    doc: 'Length of the embedding that each encoder makes. Even for `bilstm`: half for each direction.',
  },
  tied_token_embedding_weight: {
    kind: boolean,
    default: 'false',
    doc: 'Both encoders share one table of token vectors. Needs equal vocabulary sizes and equally long vectors.',
  },
  token_embedding_storage_type: {
    kind: { type: 'choice', values: ['dense', 'row_sparse'] },
    default: 'dense',
    doc: 'Both update only the rows of the tokens in a batch; `row_sparse` has `adam`, `adagrad` and `sgd` only.',
  },
  comparator_list: {
    kind: { type: 'list', values: ['hadamard', 'concat', 'abs_diff'] },
    default: 'hadamard, concat, abs_diff',
    doc: 'How two embeddings are compared; the order is the order of concatenation.',
  },
  mlp_layers: { kind: integer(0, 10), default: '2', doc: 'Layers of the MLP between comparator and output.' },
  mlp_dim: { kind: integer(2, 10_000), default: '512', doc: 'Width of every MLP layer.' },
  mlp_activation: {
    kind: { type: 'choice', values: ['tanh', 'relu', 'linear'] },
    default: 'linear',
    doc: 'Activation of every MLP layer.',
  },
  output_layer: {
    kind: { type: 'choice', values: ['softmax', 'mean_squared_error'] },
    default: 'softmax',
    doc: '`softmax` learns class indexes, `mean_squared_error` numbers.',
  },
  num_classes: { kind: integer(2, 30), default: '2', doc: 'Classes of `softmax`; ignored for regression.' },
  token_bias: {
    kind: boolean,
    default: 'false',
    doc: 'Twinvec’s own. Each token of each side learns one number for the output. Not with more than 2 classes.',
  },
  dropout: { kind: float(0, 1), default: '0', doc: 'Probability of zeroing a value in training.' },
  optimizer: {
    kind: { type: 'choice', values: ['adadelta', 'adagrad', 'adam', 'sgd', 'rmsprop'] },
    default: 'adam',
    doc: 'How weights follow their gradients.',
  },
  learning_rate: { kind: float(1e-6, 1), default: '0.0004', doc: 'Step size of the optimizer; `adadelta` has none.' },
  weight_decay: { kind: float(0, 10_000), default: '0', doc: 'Draws weights, not biases, towards 0 in each step.' },
  learning_rate_schedule: {
    kind: { type: 'choice', values: ['constant', 'linear', 'cosine'] },
    default: 'constant',
    doc: 'Twinvec’s own. How the learning rate falls to 0 over all `epochs`: not at all, evenly, or as half a cosine.',
  },
  warmup_steps: {
    kind: integer(0, 1_000_000),
    default: '0',
    doc: 'Twinvec’s own. Steps in which the learning rate rises evenly to its size, whatever the schedule.',
  },
  gradient_clip: {
    kind: float(0, 10_000),
    default: '0',
    doc: 'Twinvec’s own. Largest norm of all gradients of a step together; longer ones are scaled down. 0 is no limit.',
  },
  decoupled_weight_decay: {
    kind: boolean,
    default: 'false',
    doc: 'Twinvec’s own, for `adam`: decay is taken off beside the step (AdamW), not added to the gradient.',
  },
  epochs: { kind: integer(1, 100), default: '30', doc: 'Passes over the training data, at most.' },
  mini_batch_size: { kind: integer(1, 10_000), default: '32', doc: 'Rows of one step, drawn negatives included.' },
  bucket_width: {
    kind: integer(0, 100),
    default: '0',
    doc: 'Tokens that rows of one batch differ in, about; 0 is any. Faster `bilstm` steps for mixed lengths; off with `row_sparse`.',
  },
  early_stopping_patience: {
    kind: integer(1, 5),
    default: '3',
    doc: 'Training stops after more than this many epochs in a row without progress.',
  },
  early_stopping_tolerance: {
    kind: float(1e-6, 0.1),
    default: '0.01',
    doc: 'Validation loss has to fall by at least this much to count as progress.',
  },
  negative_sampling_rate: {
    kind: integer(0, 100),
    default: '0',
    doc: 'Negatives drawn for each positive row, anew in each epoch; `softmax` only.',
  },
  validation_negative_sampling_rate: {
    kind: integer(0, 100),
    default: '0',
    doc: 'Twinvec’s own. Negatives for each positive row of validation and test, the same in each epoch; `softmax` only.',
  },
  seed: {
    kind: integer(0, 2_147_483_647),
    default: '1',
    doc: 'Twinvec’s own. The same seed and data give the same batches, weights and metrics.',
  },
  _kvstore: { kind: { type: 'text' }, default: 'auto_gpu', doc: 'Accepted for SageMaker jobs; no effect.' },
  _num_gpus: { kind: { type: 'text' }, default: 'auto', doc: 'Accepted for SageMaker jobs; no effect.' },
  _num_kv_servers: { kind: { type: 'text' }, default: 'auto', doc: 'Accepted for SageMaker jobs; no effect.' },
  _tuning_objective_metric: {
    kind: { type: 'text' },
    default: '',
    doc: 'Set by automatic model tuning: a metric of the output layer, or a name of the job’s own MetricDefinitions.',
  },
} as const satisfies Record<string, HyperparameterRule>;

export type HyperparameterName = keyof typeof HYPERPARAMETERS;

/** What SageMaker's own toolkits add to the map, such as `sagemaker_job_name`; accepted and not read. */
export const PLATFORM_PREFIX = 'sagemaker_';

/** The allowed values as people read them, in messages and in the documentation. */
export function describeKind(kind: HyperparameterKind): string {
  switch (kind.type) {
    case 'integer':
      return `whole number from ${formatBound(kind.min)} to ${formatBound(kind.max)}`;
    case 'float':
      return `number from ${formatBound(kind.min)} to ${formatBound(kind.max)}`;
    case 'layers':
      return `auto, or whole number from ${kind.min} to ${kind.max}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return kind.values.map((value) => value || 'empty').join(', ');
    case 'list':
      return `comma-separated, each at most once: ${kind.values.join(', ')}`;
    case 'file':
      return 'empty, or a file name of letters, digits, dots and underscores';
    case 'text':
      return 'any text';
  }
}

function formatBound(bound: number): string {
  return bound !== 0 && bound < 0.001 ? bound.toExponential() : String(bound);
}
