/**
 * SageMaker's string map of hyperparameters -> a training job's settings, after defaults and the rules between
 * parameters (spec object2vec 1.3). Everything that is wrong is reported at once, in one error.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { type ReadValues, readHyperparameterValues } from './hyperparameter-values.ts';
import {
  HYPERPARAMETERS,
  type HyperparameterName,
  type HyperparameterRule,
  PLATFORM_PREFIX,
} from './hyperparameters.ts';
import { qualityMetricsOf } from './metrics.ts';
import type { EncoderNetwork, EncoderSettings, Object2VecSettings, OutputSettings } from './settings.ts';
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

const isSet = ({ texts }: ReadValues, name: HyperparameterName): boolean => Object.hasOwn(texts, name);
const copiesEnc0 = ({ values }: ReadValues): boolean => values.enc1_network === 'enc0';

function missingSizes(read: ReadValues): string[] {
  const enc0 = (['enc0_vocab_size', 'enc0_max_seq_len'] as const)
    .filter((name) => !Object.hasOwn(read.given, name))
    .map((name) => `${name} is not set and required`);
  const enc1 = (['enc1_vocab_size', 'enc1_max_seq_len'] as const)
    .filter((name) => !Object.hasOwn(read.given, name) && !copiesEnc0(read))
    .map((name) => `${name} is not set and required unless enc1_network is enc0`);
  return [...enc0, ...enc1];
}

/** A size that is set for enc1 counts, also where enc1_network=enc0 makes AWS ignore it and then refuse the data. */
function sizesOf(read: ReadValues, which: 0 | 1): { vocabularySize?: number; maxSeqLen?: number } {
  const { values } = read;
  const enc0 = { vocabularySize: values.enc0_vocab_size, maxSeqLen: values.enc0_max_seq_len };
  const inherited = which === 0 || copiesEnc0(read) ? enc0 : undefined;
  const vocabularySize = (which === 1 ? values.enc1_vocab_size : undefined) ?? inherited?.vocabularySize;
  const maxSeqLen = (which === 1 ? values.enc1_max_seq_len : undefined) ?? inherited?.maxSeqLen;
  return { ...(vocabularySize !== undefined && { vocabularySize }), ...(maxSeqLen !== undefined && { maxSeqLen }) };
}

const equalSizes = (read: ReadValues): boolean => sizesOf(read, 0).vocabularySize === sizesOf(read, 1).vocabularySize;

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
  const metrics = qualityMetricsOf(output, ranks).flatMap((name) => [`validation:${name}`, `test:${name}`]);
  if (objective && !metrics.includes(objective)) {
    problems.push(
      `_tuning_objective_metric = ${quoteForMessage(objective)}: output_layer ${output} has ${metrics.join(', ')}`,
    );
  }
  return problems;
}

/** The encoder whose own hyperparameters hold for encoder `which`. */
const ownerOf = (read: ReadValues, which: 0 | 1): 0 | 1 => (which === 1 && copiesEnc0(read) ? 0 : which);

function networkOf(read: ReadValues, which: 0 | 1): EncoderNetwork | undefined {
  const { enc0_network: enc0, enc1_network: enc1 } = read.values;
  return which === 0 || enc1 === 'enc0' ? enc0 : enc1;
}

/** pooled_embedding has no projection: the token vectors are as long as the encoding (spec object2vec 1.3, rule 2). */
function tokenEmbeddingDimOf(read: ReadValues, which: 0 | 1): number | undefined {
  const { values } = read;
  const network = networkOf(read, which);
  if (network === undefined) return undefined;
  return network === 'pooled_embedding' ? values.enc_dim : values[`enc${ownerOf(read, which)}_token_embedding_dim`];
}

/** What `auto` stands for, as AWS documents it. */
const AUTO_LAYERS: Readonly<Record<EncoderNetwork, number>> = { hcnn: 4, bilstm: 1, pooled_embedding: 1 };

function layersOf(read: ReadValues, which: 0 | 1, network: EncoderNetwork): number {
  const text = read.values[`enc${ownerOf(read, which)}_layers`]!;
  return network === 'pooled_embedding' || text === 'auto' ? AUTO_LAYERS[network] : Number(text);
}

/** AWS's list for row_sparse: the methods of which its engine has a sparse update (spec object2vec 1.3, rule 7). */
function sparseConflicts({ values }: ReadValues): string[] {
  const { token_embedding_storage_type: storage, optimizer } = values;
  if (storage !== 'row_sparse' || (optimizer !== 'rmsprop' && optimizer !== 'adadelta')) return [];
  return [
    `token_embedding_storage_type = "row_sparse": needs optimizer adam, adagrad or sgd, and it is ${optimizer}; dense updates the same rows and has every optimizer`,
  ];
}

/** AWS switches buckets off for row_sparse (spec object2vec 1.3, rule 7). */
function bucketWidthOf({ values }: ReadValues): number {
  return values.token_embedding_storage_type === 'row_sparse' ? 0 : values.bucket_width!;
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
      layers: layersOf(read, which, network),
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

function describeChanges(read: ReadValues): string[] {
  const { values, texts } = read;
  const notes: string[] = [];
  for (const name of ['enc1_vocab_size', 'enc1_max_seq_len'] as const) {
    if (copiesEnc0(read) && isSet(read, name)) {
      notes.push(`${name}=${texts[name]} is used, although enc1_network=enc0 copies the other settings of enc0.`);
    }
  }
  for (const which of [0, 1] as const) {
    const name = `enc${which}_token_embedding_dim` as const;
    if (networkOf(read, which) !== 'pooled_embedding' || ownerOf(read, which) !== which) continue;
    if (values[name] === values.enc_dim) continue;
    notes.push(
      `Inconsistent enc_dim and token_embedding_dim found for token-embedding-encoder: ${values.enc_dim} vs ${values[name]}. Setting token embedding dim to be ${values.enc_dim}`,
    );
  }
  if (values.output_layer === 'mean_squared_error' && isSet(read, 'num_classes')) {
    notes.push("output_layer is set to mean_squared_error. Ignoring the hyperparameter 'num_classes'.");
  }
  if (values.enc0_vocab_file && !values.enc1_vocab_file && copiesEnc0(read) && !equalSizes(read)) {
    notes.push(
      `enc0_vocab_file is not used for in1, because enc1_vocab_size=${texts.enc1_vocab_size} is another size.`,
    );
  }
  if (values.token_embedding_storage_type === 'dense' && isSet(read, 'token_embedding_storage_type')) {
    notes.push('token_embedding_storage_type=dense: only the rows of a batch are updated, as with row_sparse.');
  }
  if (values.bucket_width !== bucketWidthOf(read)) {
    notes.push(
      `token_embedding_storage_type=row_sparse does without buckets. bucket_width=${values.bucket_width} is 0.`,
    );
  }
  if (values.optimizer === 'adadelta' && isSet(read, 'learning_rate')) {
    notes.push('optimizer=adadelta finds its own step sizes. Ignoring the hyperparameter learning_rate.');
  }
  return [...new Set(notes)];
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
