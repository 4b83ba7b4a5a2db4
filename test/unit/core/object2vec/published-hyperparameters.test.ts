/**
 * The table of hyperparameters against what AWS has published, typed in by hand from the developer guide and from the
 * defaults file that its jobs print (spec object2vec 1.1 and 1.2).
 */
import { describe, expect, it } from 'vitest';
import { HYPERPARAMETERS, type HyperparameterRule } from '#core/object2vec/hyperparameters.ts';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';

const RULES: Readonly<Record<string, HyperparameterRule>> = HYPERPARAMETERS;

/** Twinvec's own. */
const OWN = [
  'token_bias',
  'learning_rate_schedule',
  'warmup_steps',
  'gradient_clip',
  'decoupled_weight_decay',
  'validation_negative_sampling_rate',
  'seed',
];

const DEFAULTS: Readonly<Record<string, string | undefined>> = {
  enc_dim: '4096',
  mlp_dim: '512',
  mlp_activation: 'linear',
  mlp_layers: '2',
  output_layer: 'softmax',
  optimizer: 'adam',
  learning_rate: '0.0004',
  mini_batch_size: '32',
  epochs: '30',
  bucket_width: '0',
  early_stopping_tolerance: '0.01',
  early_stopping_patience: '3',
  dropout: '0',
  weight_decay: '0',
  negative_sampling_rate: '0',
  comparator_list: 'hadamard, concat, abs_diff',
  tied_token_embedding_weight: 'false',
  token_embedding_storage_type: 'dense',
  enc0_network: 'hcnn',
  enc1_network: 'enc0',
  ...Object.fromEntries(
    ['enc0', 'enc1'].flatMap((encoder) => [
      [`${encoder}_token_embedding_dim`, '300'],
      [`${encoder}_layers`, 'auto'],
      [`${encoder}_cnn_filter_width`, '3'],
      [`${encoder}_pretrained_embedding_file`, ''],
      [`${encoder}_freeze_pretrained_embedding`, 'true'],
      [`${encoder}_vocab_file`, ''],
      [`${encoder}_max_seq_len`, undefined],
      [`${encoder}_vocab_size`, undefined],
    ]),
  ),
  num_classes: '2',
  _num_gpus: 'auto',
  _num_kv_servers: 'auto',
  _tuning_objective_metric: '',
  _kvstore: 'auto_gpu',
};

/** Name, smallest, largest, and what is just outside. */
const RANGES: readonly (readonly [string, string, string, string, string])[] = [
  ...(['enc0', 'enc1'] as const).flatMap((encoder) => [
    [`${encoder}_max_seq_len`, '1', '5000', '0', '5001'] as const,
    [`${encoder}_vocab_size`, '2', '3000000', '1', '3000001'] as const,
    [`${encoder}_layers`, '1', '4', '0', '5'] as const,
    [`${encoder}_cnn_filter_width`, '1', '9', '0', '10'] as const,
    [`${encoder}_token_embedding_dim`, '2', '1000', '1', '1001'] as const,
  ]),
  ['enc_dim', '4', '10000', '3', '10001'],
  ['mlp_layers', '0', '10', '-1', '11'],
  ['mlp_dim', '2', '10000', '1', '10001'],
  ['num_classes', '2', '30', '1', '31'],
  ['dropout', '0', '1', '-0.001', '1.001'],
  ['learning_rate', '0.000001', '1.0', '0.0000009', '1.001'],
  ['weight_decay', '0', '10000', '-0.001', '10000.1'],
  ['epochs', '1', '100', '0', '101'],
  ['mini_batch_size', '1', '10000', '0', '10001'],
  ['bucket_width', '0', '100', '-1', '101'],
  ['early_stopping_patience', '1', '5', '0', '6'],
  ['early_stopping_tolerance', '0.000001', '0.1', '0.0000009', '0.101'],
  ['negative_sampling_rate', '0', '100', '-1', '101'],
];

const CHOICES: readonly (readonly [string, readonly string[]])[] = [
  ['enc0_network', ['hcnn', 'bilstm', 'pooled_embedding']],
  ['enc1_network', ['enc0', 'hcnn', 'bilstm', 'pooled_embedding']],
  ['mlp_activation', ['tanh', 'relu', 'linear']],
  ['output_layer', ['softmax', 'mean_squared_error']],
  ['optimizer', ['adadelta', 'adagrad', 'adam', 'sgd', 'rmsprop']],
  ['token_embedding_storage_type', ['dense', 'row_sparse']],
  ['tied_token_embedding_weight', ['True', 'False', 'true', 'false']],
  ['enc0_freeze_pretrained_embedding', ['True', 'False']],
  ['enc1_freeze_pretrained_embedding', ['True', 'False']],
  ['comparator_list', ['hadamard', 'concat', 'abs_diff', 'concat,hadamard', 'abs_diff, concat , hadamard']],
  ['enc0_layers', ['auto']],
  ['enc1_layers', ['auto']],
];

/** Sizes for both sides, so that any one hyperparameter can be set beside them. */
const job = { enc0_max_seq_len: '9', enc0_vocab_size: '9', enc1_max_seq_len: '9', enc1_vocab_size: '9' };
const problemsOf = (changes: Readonly<Record<string, string>>): string => {
  try {
    parseHyperparameters({ ...job, ...changes });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('hyperparameters as AWS has published them', () => {
  it('are all there, with its defaults', () => {
    const known = Object.entries(RULES).filter(([name]) => !OWN.includes(name));
    expect(Object.fromEntries(known.map(([name, rule]) => [name, rule.default]))).toEqual(DEFAULTS);
  });

  it.each(RANGES)('%s may be from %s to %s, and neither %s nor %s', (name, smallest, largest, below, above) => {
    expect([smallest, largest].map((value) => problemsOf({ [name]: value }))).toEqual(['', '']);
    for (const value of [below, above])
      expect(problemsOf({ [name]: value })).toMatch(`1 problem in the hyperparameters: ${name} = "${value}"`);
  });

  it.each(CHOICES)('%s may be any of %j and nothing else', (name, values) => {
    expect(values.map((value) => problemsOf({ [name]: value }))).toEqual(values.map(() => ''));
    expect(problemsOf({ [name]: 'anything else' })).toContain(`${name} = "anything else": allowed: `);
  });

  it('that no row above names are texts and names of files', () => {
    const tested = new Set([...RANGES, ...CHOICES].map(([name]) => name));
    const free = Object.entries(RULES).filter(([name]) => !OWN.includes(name) && !tested.has(name));
    expect([...new Set(free.map(([, { kind }]) => kind.type))].sort()).toEqual(['file', 'text']);
  });
});
