/** Hyperparameters as SageMaker sends them become settings, or one error that lists every problem. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { HYPERPARAMETERS } from '#core/object2vec/hyperparameters.ts';
import { parseHyperparameters, settingsFromEffective } from '#core/object2vec/parse-hyperparameters.ts';

const minimal = { enc0_network: 'pooled_embedding', enc0_vocab_size: '100', enc0_max_seq_len: '10', enc_dim: '300' };

/** Nothing is stacked and nothing has filters. */
const pooled = { network: 'pooled_embedding', tokenEmbeddingDim: 300, layers: 1, filterWidth: 1 };

function refusal(given: Record<string, unknown>): string {
  try {
    parseHyperparameters(given);
  } catch (error) {
    expect(error).toBeInstanceOf(TwinvecError);
    expect((error as TwinvecError).code).toBe('InvalidHyperparameters');
    return (error as TwinvecError).message;
  }
  throw new Error('expected a refusal');
}

describe('hyperparameters', () => {
  it('take AWS’s defaults where they are not set', () => {
    const { settings, notes } = parseHyperparameters(minimal);
    expect(settings).toEqual({
      network: {
        enc0: { ...pooled, vocabularySize: 100, maxSeqLen: 10 },
        enc1: { ...pooled, vocabularySize: 100, maxSeqLen: 10 },
        encDim: 300,
        tiedTokenEmbedding: false,
        comparators: ['hadamard', 'concat', 'abs_diff'],
        mlp: { layers: 2, dim: 512, activation: 'linear' },
        output: { kind: 'softmax', classes: 2 },
        tokenBias: false,
        dropout: 0,
      },
      words: { enc0: {}, enc1: {} },
      optimizer: {
        name: 'adam',
        learningRate: 0.0004,
        weightDecay: 0,
        decoupledWeightDecay: false,
        gradientClip: 0,
        learningRateSchedule: 'constant',
        warmupSteps: 0,
      },
      loop: {
        epochs: 30,
        miniBatchSize: 32,
        negativeSamplingRate: 0,
        validationNegativeSamplingRate: 0,
        bucketWidth: 0,
        earlyStoppingPatience: 3,
        earlyStoppingTolerance: 0.01,
        seed: 1,
      },
    });
    expect(notes).toEqual([]);
  });

  it('of AWS’s MovieLens notebook are accepted as they are', () => {
    // Prepare: spec object2vec 5.1, rating task
    const given = {
      _kvstore: 'device',
      _num_gpus: 'auto',
      _num_kv_servers: 'auto',
      bucket_width: '0',
      early_stopping_patience: '3',
      early_stopping_tolerance: '0.01',
      enc0_cnn_filter_width: '3',
      enc0_layers: 'auto',
      enc0_max_seq_len: '1',
      enc0_network: 'pooled_embedding',
      enc0_token_embedding_dim: '300',
      enc0_vocab_size: '944',
      enc1_layers: 'auto',
      enc1_max_seq_len: '1',
      enc1_network: 'pooled_embedding',
      enc1_token_embedding_dim: '300',
      enc1_vocab_size: '1684',
      enc_dim: '1024',
      epochs: '20',
      learning_rate: '0.001',
      mini_batch_size: '64',
      mlp_activation: 'tanh',
      mlp_dim: '256',
      mlp_layers: '1',
      num_classes: '2',
      optimizer: 'adam',
      output_layer: 'mean_squared_error',
      sagemaker_job_name: '"job-1"',
    };

    // Act
    const { settings, notes, effective } = parseHyperparameters(given);

    // Assess
    expect(settings.network.enc1.vocabularySize).toBe(1684);
    expect(settings.network.output).toEqual({ kind: 'mean_squared_error' });
    expect(notes).toEqual([
      'Inconsistent enc_dim and token_embedding_dim found for token-embedding-encoder: 1024 vs 300. Setting token embedding dim to be 1024',
      "output_layer is set to mean_squared_error. Ignoring the hyperparameter 'num_classes'.",
    ]);
    expect(effective).toMatchObject({ enc0_token_embedding_dim: '1024', dropout: '0', mlp_dim: '256' });
  });

  it('may be quoted as JSON, numbers and booleans, or padded with blanks', () => {
    const { settings } = parseHyperparameters({
      ...minimal,
      enc0_vocab_size: '"64"',
      epochs: 5,
      tied_token_embedding_weight: true,
      comparator_list: '"abs_diff ,hadamard"',
      mlp_activation: ' tanh ',
      learning_rate: '1e-3',
    });
    expect(settings.network.enc0.vocabularySize).toBe(64);
    expect(settings.loop.epochs).toBe(5);
    expect(settings.network.tiedTokenEmbedding).toBe(true);
    expect(settings.network.comparators).toEqual(['abs_diff', 'hadamard']);
    expect(settings.network.mlp.activation).toBe('tanh');
    expect(settings.optimizer.learningRate).toBe(0.001);
  });

  it('that are wrong are listed all at once with name, value and allowed range', () => {
    const message = refusal({
      enc0_network: 'pooled_embedding',
      enc0_vocab_size: '1',
      epochs: '0',
      learning_rate: '2',
      early_stopping_tolerance: '0.5',
      comparator_list: 'hadamard,foobar',
      mlp_layers: '1.5',
      dropuot: '0.1',
    });
    expect(message).toContain('8 problems');
    expect(message).toContain('"dropuot" is not a hyperparameter');
    expect(message).toContain('enc0_vocab_size = "1": allowed: whole number from 2 to 3000000');
    expect(message).toContain('enc0_max_seq_len is not set and required');
    expect(message).toContain('epochs = "0": allowed: whole number from 1 to 100');
    expect(message).toContain('learning_rate = "2": allowed: number from 1e-6 to 1');
    expect(message).toContain('early_stopping_tolerance = "0.5": allowed: number from 1e-6 to 0.1');
    expect(message).toContain('comparator_list = "hadamard,foobar"');
    expect(message).toContain('mlp_layers = "1.5"');
  });

  it.each([
    ['epochs', '1000'],
    ['early_stopping_patience', '0'],
    ['early_stopping_patience', '100'],
    ['weight_decay', '-1'],
    ['gradient_clip', '-1'],
    ['learning_rate_schedule', 'step'],
    ['warmup_steps', '-1'],
    ['weight_decay', '200000'],
    ['enc0_cnn_filter_width', '2000'],
    ['learning_rate', '0'],
    ['learning_rate', 'Infinity'],
    ['learning_rate', '0x1'],
    ['negative_sampling_rate', '-1'],
    ['token_embedding_storage_type', 'foobar'],
    ['enc0_vocab_size', '1000000000'],
    ['enc0_layers', '5'],
    ['enc0_network', 'lstm'],
    ['enc1_network', 'cnn'],
    ['mini_batch_size', ''],
    ['mini_batch_size', 'abc'],
    ['tied_token_embedding_weight', 'yes'],
    ['comparator_list', 'concat,concat'],
    ['enc0_vocab_file', 'words/vocabulary.json'],
    ['enc0_vocab_file', '..'],
    ['enc1_pretrained_embedding_file', 'crawl-300d.vec'],
  ])('are refused for %s = %j', (name, value) => {
    expect(refusal({ ...minimal, [name]: value })).toContain(`${name} = ${JSON.stringify(value)}: allowed: `);
  });

  it('without enc0_network train hcnn on both sides, as SageMaker does', () => {
    // Prepare
    const { enc0_network: _, ...rest } = minimal;

    // Act
    const { settings, notes } = parseHyperparameters(rest);

    // Assess
    const hcnn = { network: 'hcnn', tokenEmbeddingDim: 300, layers: 4, filterWidth: 3 };
    expect(settings.network.enc0).toMatchObject(hcnn);
    expect(settings.network.enc1).toMatchObject(hcnn);
    expect(notes).toEqual([]);
  });

  it('of hcnn belong to each side that has its own network, and to both when enc1 copies enc0', () => {
    // Prepare
    const enc0 = { ...minimal, enc0_network: 'hcnn', enc0_layers: '2', enc0_cnn_filter_width: '5' };
    const enc1 = { enc1_vocab_size: '9', enc1_max_seq_len: '4', enc1_layers: '3', enc1_cnn_filter_width: '1' };
    const own = { ...enc0, ...enc1, enc1_network: 'hcnn', enc1_token_embedding_dim: '10' };

    // Act
    const [apart, copied, mixed] = [own, { ...enc0, ...enc1 }, { ...own, enc0_network: 'pooled_embedding' }].map(
      (given) => parseHyperparameters(given).settings.network,
    );

    // Assess
    expect(apart).toMatchObject({
      enc0: { layers: 2, filterWidth: 5, tokenEmbeddingDim: 300 },
      enc1: { layers: 3, filterWidth: 1, tokenEmbeddingDim: 10 },
    });
    expect(copied).toMatchObject({ enc1: { layers: 2, filterWidth: 5, tokenEmbeddingDim: 300 } });
    expect(mixed).toMatchObject({
      enc0: { network: 'pooled_embedding', layers: 1, filterWidth: 1 },
      enc1: { network: 'hcnn', layers: 3, filterWidth: 1 },
    });
  });

  it.each([
    ['hcnn by default', { enc0_network: undefined, enc0_cnn_filter_width: '6', enc0_layers: '2' }],
    ['pooled vectors longer than a job may ask for', { enc_dim: '1024' }],
    ['bilstm beside pooled', { enc1_network: 'bilstm', enc1_vocab_size: '7', enc1_max_seq_len: '3', enc1_layers: '2' }],
  ])('as a manifest keeps them give the same settings again: %s', (_, changes) => {
    // Prepare
    const given = Object.fromEntries(Object.entries({ ...minimal, ...changes }).filter(([, text]) => text));
    const { settings, effective } = parseHyperparameters(given);

    // Act
    const again = settingsFromEffective(effective);

    // Assess
    expect(again).toEqual(settings);
  });

  it('of enc1 are honoured with enc1_network=enc0, and the log says so', () => {
    const { settings, notes } = parseHyperparameters({ ...minimal, enc1_vocab_size: '7', enc1_max_seq_len: '3' });
    expect(settings.network.enc1).toMatchObject({ vocabularySize: 7, maxSeqLen: 3 });
    expect(notes).toEqual([
      'enc1_vocab_size=7 is used, although enc1_network=enc0 copies the other settings of enc0.',
      'enc1_max_seq_len=3 is used, although enc1_network=enc0 copies the other settings of enc0.',
    ]);
  });

  it('of enc1 that enc1_network=enc0 leaves without effect are named, unless they are the same or have none anyway', () => {
    // Prepare
    const given = { ...minimal, enc0_network: 'hcnn', enc0_cnn_filter_width: '5' };

    // Act
    const notes = [
      { ...given, enc1_cnn_filter_width: '2' },
      { ...given, enc1_layers: '4', enc1_cnn_filter_width: '5', enc1_token_embedding_dim: '300' },
      { ...minimal, enc1_layers: '4', enc1_cnn_filter_width: '2', enc1_token_embedding_dim: '10' },
      { ...given, enc0_network: 'bilstm', enc1_cnn_filter_width: '2' },
    ].map((changed) => parseHyperparameters(changed).notes);

    // Assess
    expect(notes).toEqual([
      [
        'enc1_cnn_filter_width=2 is not used: enc1_network=enc0 copies enc0_cnn_filter_width=5. ' +
          'Name a network for enc1_network to give it settings of its own.',
      ],
      [],
      [],
      [],
    ]);
  });

  it('of enc1 are required when it has its own network', () => {
    const message = refusal({ ...minimal, enc1_network: 'pooled_embedding' });
    expect(message).toContain('enc1_vocab_size is not set and required unless enc1_network is enc0');
    expect(message).toContain('enc1_max_seq_len is not set and required unless enc1_network is enc0');
  });

  it.each([
    [{ tied_token_embedding_weight: 'true', enc1_vocab_size: '7' }, 'needs equal vocabulary sizes'],
    [
      {
        tied_token_embedding_weight: 'true',
        enc1_network: 'bilstm',
        enc1_vocab_size: '100',
        enc1_max_seq_len: '9',
        enc1_token_embedding_dim: '20',
      },
      'needs equally long token vectors; enc0 has 300, enc1 has 20',
    ],
    [{ output_layer: 'mean_squared_error', negative_sampling_rate: '3' }, 'needs output_layer softmax'],
    [{ output_layer: 'mean_squared_error', validation_negative_sampling_rate: '3' }, 'needs output_layer softmax'],
    [{ _tuning_objective_metric: 'validation:hits_at_10' }, 'output_layer softmax has validation:cross_entropy'],
    [{ token_bias: 'true', num_classes: '3' }, 'needs num_classes 2 or output_layer mean_squared_error'],
    [{ optimizer: 'adadelta', learning_rate_schedule: 'cosine' }, 'learning_rate_schedule = "cosine": needs'],
    [{ optimizer: 'adadelta', warmup_steps: '10' }, 'warmup_steps = "10": needs an optimizer with a learning rate'],
    [{ optimizer: 'sgd', decoupled_weight_decay: 'true' }, 'needs optimizer adam, and it is sgd'],
    [
      { _tuning_objective_metric: 'validation:mean_squared_error' },
      'output_layer softmax has validation:cross_entropy, test:cross_entropy, validation:accuracy, test:accuracy',
    ],
  ])('that contradict each other are refused: %j', (given, reason) => {
    expect(refusal({ ...minimal, ...given })).toContain(reason);
  });

  it.each(['validation_rmse', 'train:accuracy', 'validation:acuracy'])(
    'leave the objective %s to the job’s own MetricDefinitions, and say so',
    (objective) => {
      const { notes } = parseHyperparameters({ ...minimal, _tuning_objective_metric: objective });
      expect(notes).toEqual([
        `_tuning_objective_metric=${objective} is no name of Twinvec's: the job's MetricDefinitions have to find it in the log.`,
      ]);
    },
  );

  it.each(['validation:hits_at_10', 'test:mean_reciprocal_rank', 'validation:mean_rank'])(
    'let a tuner follow %s when positives are ranked among negatives',
    (objective) => {
      const given = { validation_negative_sampling_rate: '20', _tuning_objective_metric: objective };
      expect(parseHyperparameters({ ...minimal, ...given }).settings.loop.validationNegativeSamplingRate).toBe(20);
    },
  );

  it('of bilstm keep their token vectors and layers, and give half of enc_dim to each direction', () => {
    // Prepare
    const given = { ...minimal, enc0_network: 'bilstm', enc0_token_embedding_dim: '50', enc_dim: '16' };

    // Act
    const copied = parseHyperparameters({
      ...given,
      enc0_layers: '3',
      enc1_layers: '2',
      enc1_token_embedding_dim: '7',
    });
    const mixed = parseHyperparameters({
      ...given,
      enc1_network: 'pooled_embedding',
      enc1_vocab_size: '7',
      enc1_max_seq_len: '5',
      enc1_layers: '4',
    });

    // Assess
    const bilstm = { filterWidth: 1, network: 'bilstm', vocabularySize: 100, maxSeqLen: 10, tokenEmbeddingDim: 50 };
    expect(copied.settings.network.enc0).toEqual({ ...bilstm, layers: 3 });
    expect(copied.settings.network.enc1).toEqual({ ...bilstm, layers: 3 });
    expect(copied.notes.map((note) => note.split(':')[0])).toEqual([
      'enc1_token_embedding_dim=7 is not used',
      'enc1_layers=2 is not used',
    ]);
    expect(parseHyperparameters(copied.effective).settings).toEqual(copied.settings);
    expect(mixed.settings.network.enc0).toEqual({ ...bilstm, layers: 1 });
    expect(mixed.settings.network.enc1).toMatchObject({
      network: 'pooled_embedding',
      tokenEmbeddingDim: 16,
      layers: 1,
    });
    expect(mixed.notes).toHaveLength(1);
    expect(refusal({ ...given, enc_dim: '17' })).toContain('enc_dim = "17": has to be even for bilstm');
  });

  it.each(['adadelta', 'adagrad', 'adam', 'sgd', 'rmsprop'] as const)('name the optimizer %s', (optimizer) => {
    const { settings } = parseHyperparameters({ ...minimal, optimizer, learning_rate: '0.1', weight_decay: '0.2' });
    expect(settings.optimizer).toMatchObject({ name: optimizer, learningRate: 0.1, weightDecay: 0.2 });
  });

  it.each(['rmsprop', 'adadelta'])('are refused for row_sparse with %s, and name what is possible', (optimizer) => {
    const message = refusal({ ...minimal, optimizer, token_embedding_storage_type: 'row_sparse' });
    expect(message).toContain('token_embedding_storage_type = "row_sparse": needs optimizer adam, adagrad or sgd');
    expect(message).toContain(`it is ${optimizer}; dense updates the same rows`);
  });

  it('switch buckets off for row_sparse, and say so', () => {
    const dense = parseHyperparameters({ ...minimal, bucket_width: '10' });
    expect([dense.settings.loop.bucketWidth, dense.notes]).toEqual([10, []]);
    const sparse = parseHyperparameters({
      ...minimal,
      bucket_width: '10',
      token_embedding_storage_type: 'row_sparse',
    });
    expect(sparse.settings.loop.bucketWidth).toBe(0);
    expect(sparse.effective.bucket_width).toBe('0');
    expect(sparse.notes).toEqual([
      'token_embedding_storage_type=row_sparse does without buckets. bucket_width=10 is 0.',
    ]);
  });

  it('say that a learning rate has no effect on adadelta', () => {
    const { notes } = parseHyperparameters({ ...minimal, optimizer: 'adadelta', learning_rate: '0.1' });
    expect(notes).toEqual(['optimizer=adadelta finds its own step sizes. Ignoring the hyperparameter learning_rate.']);
  });

  it('of any kind give settings or a refusal, never another failure', () => {
    const name = fc.oneof(fc.constantFrom(...Object.keys(HYPERPARAMETERS)), fc.string());
    const value = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(name, value), (given) => {
        try {
          parseHyperparameters({ ...minimal, ...given });
        } catch (error) {
          expect(error).toBeInstanceOf(TwinvecError);
        }
      }),
    );
  });
});
