/**
 * SageMaker's string map of hyperparameters -> a training job's settings, after defaults and the rules between
 * parameters (spec object2vec 1.3). Everything that is wrong is reported at once, in one error.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import {
  bucketWidthOf,
  copiesEnc0,
  equalSizes,
  layerCount,
  networkOf,
  ownerOf,
  sizesOf,
  tokenEmbeddingDimOf,
} from './encoder-values.ts';
import { describeChanges } from './hyperparameter-notes.ts';
import { type ReadValues, readHyperparameterValues } from './hyperparameter-values.ts';
import {
  HYPERPARAMETERS,
  type HyperparameterName,
  type HyperparameterRule,
  PLATFORM_PREFIX,
} from './hyperparameters.ts';
import { isOwnObjective, objectivesOf } from './metrics.ts';
import type { EncoderSettings, Object2VecSettings, OutputSettings } from './settings.ts';
import { wordConflicts, wordSettings } from './word-settings.ts';

export interface ParsedHyperparameters {
  readonly settings: Object2VecSettings;
  /** Each hyperparameter as it took effect, in words: what the manifest keeps. */
  readonly effective: Readonly<Record<string, string>>;
  /** What the cross-rules changed; each is said once in the job's log. */
  readonly notes: readonly string[];
}

/**
 * @param given name -> text, as in hyperparameters.json; values may be JSON-quoted ("\"64\""), as SDKs send them.
 * @throws TwinvecError InvalidHyperparameters naming every problem with its name, value and what is allowed.
 */
export function parseHyperparameters(given: Readonly<Record<string, unknown>>): ParsedHyperparameters {
  const read = readHyperparameterValues(given);
  const problems = [
    ...unknownNames(given),
    ...read.problems,
    ...missingSizes(read),
    ...unequalTiedVocabularies(read),
    ...unequalTiedVectors(read),
    ...oddBilstm(read),
    ...outputConflicts(read),
    ...sparseConflicts(read),
    ...decayConflicts(read),
    ...biasConflicts(read),
    ...scheduleConflicts(read),
    ...wordConflicts(read, relationOf(read)),
  ];
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    throw new TwinvecError('InvalidHyperparameters', `${count} in the hyperparameters: ${problems.join('; ')}`);
  }
  const settings = buildSettings(read);
  return { settings, effective: effectiveTexts(read, settings), notes: describeChanges(read) };
}

/**
 * The settings of a job that has been, from its `effective` texts: what an artifact's manifest keeps. In those, token
 * vectors of pooled_embedding are as long as the encoding, which may be longer than a job may ask for.
 */
export function settingsFromEffective(effective: Readonly<Record<string, string>>): Object2VecSettings {
  const { enc0_network: enc0, enc1_network: enc1 = 'enc0' } = effective;
  const networks: Readonly<Record<string, string | undefined>> = {
    enc0_token_embedding_dim: enc0,
    enc1_token_embedding_dim: enc1 === 'enc0' ? enc0 : enc1,
  };
  const kept = Object.entries(effective).filter(([name]) => networks[name] !== 'pooled_embedding');
  return parseHyperparameters(Object.fromEntries(kept)).settings;
}

function unknownNames(given: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(HYPERPARAMETERS, name) && !name.startsWith(PLATFORM_PREFIX))
    .map((name) => `${quoteForMessage(name)} is not a hyperparameter of this algorithm`);
}

function missingSizes(read: ReadValues): string[] {
  const enc0 = (['enc0_vocab_size', 'enc0_max_seq_len'] as const)
    .filter((name) => !Object.hasOwn(read.given, name))
    .map((name) => `${name} is not set and required`);
  const enc1 = (['enc1_vocab_size', 'enc1_max_seq_len'] as const)
    .filter((name) => !Object.hasOwn(read.given, name) && !copiesEnc0(read))
    .map((name) => `${name} is not set and required unless enc1_network is enc0`);
  return [...enc0, ...enc1];
}

const relationOf = (read: ReadValues) => ({ copiesEnc0: copiesEnc0(read), equalSizes: equalSizes(read) });

function unequalTiedVocabularies(read: ReadValues): string[] {
  if (!read.values.tied_token_embedding_weight) return [];
  const [size0, size1] = [sizesOf(read, 0).vocabularySize, sizesOf(read, 1).vocabularySize];
  if (size0 === undefined || size1 === undefined || size0 === size1) return [];
  return [`tied_token_embedding_weight = "true": needs equal vocabulary sizes; enc0 has ${size0}, enc1 has ${size1}`];
}

function unequalTiedVectors(read: ReadValues): string[] {
  if (!read.values.tied_token_embedding_weight) return [];
  const [one, other] = [tokenEmbeddingDimOf(read, 0), tokenEmbeddingDimOf(read, 1)];
  if (one === undefined || other === undefined || one === other) return [];
  return [`tied_token_embedding_weight = "true": needs equally long token vectors; enc0 has ${one}, enc1 has ${other}`];
}

function oddBilstm(read: ReadValues): string[] {
  const { enc_dim: encDim } = read.values;
  const used = ([0, 1] as const).some((which) => networkOf(read, which) === 'bilstm');
  if (!used || encDim === undefined || encDim % 2 === 0) return [];
  return [`enc_dim = "${encDim}": has to be even for bilstm, which makes half of it in each direction`];
}

function outputConflicts({ values }: ReadValues): string[] {
  const { output_layer: output, _tuning_objective_metric: objective } = values;
  if (output === undefined) return [];
  const problems: string[] = [];
  for (const name of ['negative_sampling_rate', 'validation_negative_sampling_rate'] as const) {
    const rate = values[name];
    if (output === 'softmax' || rate === undefined || rate === 0) continue;
    problems.push(`${name} = "${rate}": needs output_layer softmax, because a negative is a row of class 0`);
  }
  const ranks = (values.validation_negative_sampling_rate ?? 0) > 0;
  const metrics = objectivesOf(output, ranks);
  if (objective && isOwnObjective(objective) && !metrics.includes(objective)) {
    problems.push(
      `_tuning_objective_metric = ${quoteForMessage(objective)}: output_layer ${output} has ${metrics.join(', ')}`,
    );
  }
  return problems;
}

/** AWS's list for row_sparse: the methods of which its engine has a sparse update (spec object2vec 1.3, rule 7). */
function sparseConflicts({ values }: ReadValues): string[] {
  const { token_embedding_storage_type: storage, optimizer } = values;
  if (storage !== 'row_sparse' || (optimizer !== 'rmsprop' && optimizer !== 'adadelta')) return [];
  return [
    `token_embedding_storage_type = "row_sparse": needs optimizer adam, adagrad or sgd, and it is ${optimizer}; dense updates the same rows and has every optimizer`,
  ];
}

function decayConflicts({ values }: ReadValues): string[] {
  if (!values.decoupled_weight_decay || values.optimizer === undefined || values.optimizer === 'adam') return [];
  return [`decoupled_weight_decay = "true": needs optimizer adam, and it is ${values.optimizer}`];
}

function biasConflicts({ values }: ReadValues): string[] {
  const { token_bias: bias, output_layer: output, num_classes: classes } = values;
  if (!bias || output !== 'softmax' || classes === undefined || classes === 2) return [];
  return [`token_bias = "true": needs num_classes 2 or output_layer mean_squared_error, and num_classes is ${classes}`];
}

function scheduleConflicts({ values }: ReadValues): string[] {
  if (values.optimizer !== 'adadelta') return [];
  const { learning_rate_schedule: schedule = 'constant', warmup_steps: steps = 0 } = values;
  const reason = 'needs an optimizer with a learning rate, and it is adadelta';
  return [
    ...(schedule === 'constant' ? [] : [`learning_rate_schedule = "${schedule}": ${reason}`]),
    ...(steps === 0 ? [] : [`warmup_steps = "${steps}": ${reason}`]),
  ];
}

/** Only for values without problems: each that is needed is there. */
function buildSettings(read: ReadValues): Object2VecSettings {
  const { values } = read;
  const encDim = values.enc_dim!;
  const encoder = (which: 0 | 1): EncoderSettings => {
    const { vocabularySize, maxSeqLen } = sizesOf(read, which);
    const network = networkOf(read, which)!;
    return {
      network,
      vocabularySize: vocabularySize!,
      maxSeqLen: maxSeqLen!,
      tokenEmbeddingDim: tokenEmbeddingDimOf(read, which)!,
      layers: layerCount(values[`enc${ownerOf(read, which)}_layers`]!, network),
      filterWidth: network === 'hcnn' ? values[`enc${ownerOf(read, which)}_cnn_filter_width`]! : 1,
    };
  };
  const output: OutputSettings =
    values.output_layer === 'softmax'
      ? { kind: 'softmax', classes: values.num_classes! }
      : { kind: 'mean_squared_error' };
  return {
    network: {
      enc0: encoder(0),
      enc1: encoder(1),
      encDim,
      tiedTokenEmbedding: values.tied_token_embedding_weight!,
      comparators: values.comparator_list!,
      mlp: { layers: values.mlp_layers!, dim: values.mlp_dim!, activation: values.mlp_activation! },
      output,
      tokenBias: values.token_bias!,
      dropout: values.dropout!,
    },
    words: wordSettings(read, relationOf(read)),
    optimizer: {
      name: values.optimizer!,
      learningRate: values.learning_rate!,
      weightDecay: values.weight_decay!,
      decoupledWeightDecay: values.decoupled_weight_decay!,
      gradientClip: values.gradient_clip!,
      learningRateSchedule: values.learning_rate_schedule!,
      warmupSteps: values.warmup_steps!,
    },
    loop: {
      epochs: values.epochs!,
      miniBatchSize: values.mini_batch_size!,
      negativeSamplingRate: values.negative_sampling_rate!,
      bucketWidth: bucketWidthOf(read),
      validationNegativeSamplingRate: values.validation_negative_sampling_rate!,
      earlyStoppingPatience: values.early_stopping_patience!,
      earlyStoppingTolerance: values.early_stopping_tolerance!,
      seed: values.seed!,
    },
  };
}

function effectiveTexts({ texts }: ReadValues, { network, loop, words }: Object2VecSettings): Record<string, string> {
  const { enc0, enc1 } = network;
  const effective: Record<string, string> = {};
  for (const [name, rule] of Object.entries<HyperparameterRule>(HYPERPARAMETERS)) {
    const text = texts[name as HyperparameterName] ?? rule.default;
    if (text !== undefined) effective[name] = text;
  }
  effective.bucket_width = String(loop.bucketWidth);
  for (const [prefix, encoder] of Object.entries({ enc0, enc1 })) {
    effective[`${prefix}_vocab_size`] = String(encoder.vocabularySize);
    effective[`${prefix}_max_seq_len`] = String(encoder.maxSeqLen);
    effective[`${prefix}_token_embedding_dim`] = String(encoder.tokenEmbeddingDim);
    effective[`${prefix}_layers`] = String(encoder.layers);
    if (encoder.network === 'hcnn') effective[`${prefix}_cnn_filter_width`] = String(encoder.filterWidth);
  }
  for (const prefix of ['enc0', 'enc1'] as const) {
    const { vocabulary, pretrained } = words[prefix];
    effective[`${prefix}_vocab_file`] = vocabulary ?? '';
    effective[`${prefix}_pretrained_embedding_file`] = pretrained?.file ?? '';
    if (pretrained) effective[`${prefix}_freeze_pretrained_embedding`] = String(pretrained.frozen);
  }
  return effective;
}
