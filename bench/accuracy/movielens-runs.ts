/**
 * The runs on MovieLens-100k's ua split: AWS's very settings (spec object2vec 5.1) and the best of ours.
 */
import type { AccuracyRun } from './accuracy-run.ts';
import type { Thresholds } from './rating-thresholds.ts';
import type { ValidationMetric } from './train-and-read.ts';

export interface MovieLensRun extends Omit<AccuracyRun, 'metric' | 'format' | 'measure'> {
  /** Files in the data folder: `train_<data>.jsonl` and `validation_<data>.jsonl`. */
  readonly data: string;
  readonly validationMetric: ValidationMetric;
  /** Where the files hold ratings and the run asks whether each reaches a threshold. */
  readonly thresholds?: RatingThresholds;
}

export interface RatingThresholds {
  readonly train: Thresholds;
  readonly validation: Thresholds;
}

const MOVIELENS = {
  enc0_network: 'pooled_embedding',
  enc1_network: 'pooled_embedding',
  enc0_vocab_size: 944,
  enc1_vocab_size: 1684,
  enc0_max_seq_len: 1,
  enc1_max_seq_len: 1,
  optimizer: 'adam',
  learning_rate: 0.001,
  epochs: 20,
  early_stopping_patience: 3,
  early_stopping_tolerance: 0.01,
  mlp_layers: 1,
} as const;

/** Matrix factorisation with biases, which is what this network can be for ratings (docs/object2vec.md). */
const FACTORS = {
  ...MOVIELENS,
  enc_dim: 32,
  comparator_list: 'hadamard',
  mlp_layers: 0,
  token_bias: true,
  optimizer: 'adagrad',
  mini_batch_size: 512,
  epochs: 30,
  early_stopping_patience: 5,
  early_stopping_tolerance: 0.000001,
} as const;

/** Behind the ids of users and movies. */
const THRESHOLD_IDS = { in0: MOVIELENS.enc0_vocab_size, in1: MOVIELENS.enc1_vocab_size };
const HIGHEST_RATING = 5;

export const MOVIELENS_RUNS: readonly MovieLensRun[] = [
  {
    name: "MovieLens rating, AWS's settings",
    data: 'r',
    validationMetric: 'mean_squared_error',
    seeds: [1],
    published: '0.9195',
    bar: '<= 0.925',
    hyperparameters: {
      ...MOVIELENS,
      enc_dim: 1024,
      mlp_dim: 256,
      mlp_activation: 'tanh',
      output_layer: 'mean_squared_error',
      mini_batch_size: 64,
    },
  },
  {
    name: "MovieLens recommendation, AWS's settings",
    data: 'c',
    validationMetric: 'accuracy',
    seeds: [1],
    published: '0.703',
    bar: '>= 0.715',
    hyperparameters: {
      ...MOVIELENS,
      enc_dim: 2048,
      mlp_dim: 1024,
      mlp_activation: 'relu',
      output_layer: 'softmax',
      num_classes: 2,
      mini_batch_size: 2048,
    },
  },
  {
    name: 'MovieLens rating, best of ours',
    data: 'r',
    validationMetric: 'mean_squared_error',
    seeds: [1, 2, 3, 4, 5],
    published: '0.9195',
    bar: '<= 0.870',
    hyperparameters: { ...FACTORS, output_layer: 'mean_squared_error', learning_rate: 0.02, weight_decay: 0.01 },
  },
  {
    name: 'MovieLens recommendation, best of ours',
    data: 'c',
    validationMetric: 'accuracy',
    seeds: [1, 2, 3],
    published: '0.703',
    bar: '>= 0.715',
    hyperparameters: {
      ...FACTORS,
      enc_dim: 128,
      optimizer: 'adam',
      learning_rate: 0.0005,
      weight_decay: 1,
      decoupled_weight_decay: true,
      dropout: 0.2,
      mini_batch_size: 256,
      epochs: 50,
      output_layer: 'softmax',
      num_classes: 2,
    },
  },
  {
    name: 'MovieLens recommendation, from ratings',
    data: 'r',
    validationMetric: 'accuracy',
    thresholds: {
      train: { values: [3, 4, 5], firstIds: THRESHOLD_IDS },
      validation: { values: [4], firstIds: THRESHOLD_IDS },
    },
    seeds: [1, 2, 3, 4, 5],
    published: '0.703',
    bar: '>= 0.715',
    hyperparameters: {
      ...FACTORS,
      enc0_vocab_size: MOVIELENS.enc0_vocab_size + HIGHEST_RATING + 1,
      enc1_vocab_size: MOVIELENS.enc1_vocab_size + HIGHEST_RATING + 1,
      enc0_max_seq_len: 2,
      enc1_max_seq_len: 2,
      enc_dim: 256,
      learning_rate: 0.06,
      learning_rate_schedule: 'linear',
      weight_decay: 0.015,
      epochs: 12,
      output_layer: 'softmax',
      num_classes: 2,
    },
  },
];
