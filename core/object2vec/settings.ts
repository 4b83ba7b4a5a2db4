/**
 * A training job's hyperparameters after defaults and cross-rules: what the network, the optimiser and the loop read.
 * `parse-hyperparameters.ts` makes it from SageMaker's string map; the artifact's manifest carries it.
 */
export type EncoderNetwork = 'hcnn' | 'bilstm' | 'pooled_embedding';
export type Comparator = 'hadamard' | 'concat' | 'abs_diff';
export type Activation = 'tanh' | 'relu' | 'linear';
export type OptimizerName = 'adam' | 'sgd' | 'adagrad' | 'rmsprop' | 'adadelta';

export interface EncoderSettings {
  readonly network: EncoderNetwork;
  readonly vocabularySize: number;
  readonly maxSeqLen: number;
  readonly tokenEmbeddingDim: number;
  /** Stacked layers of the encoder; 1 for `pooled_embedding`, which has none. */
  readonly layers: number;
  /** Tokens that one filter of `hcnn` reads; 1 for the others, which have no filters. */
  readonly filterWidth: number;
}

export type OutputSettings =
  | { readonly kind: 'softmax'; readonly classes: number }
  | { readonly kind: 'mean_squared_error' };

export interface NetworkSettings {
  readonly enc0: EncoderSettings;
  readonly enc1: EncoderSettings;
  /** Length of each encoder's output. */
  readonly encDim: number;
  readonly tiedTokenEmbedding: boolean;
  /** Order is the order of concatenation. */
  readonly comparators: readonly Comparator[];
  readonly mlp: { readonly layers: number; readonly dim: number; readonly activation: Activation };
  readonly output: OutputSettings;
  /** One learned number per token of each side, added to the output; not for more than two classes. */
  readonly tokenBias: boolean;
  /** Probability of zeroing, at the sites of spec object2vec 3.5. 0..1. */
  readonly dropout: number;
}

export type LearningRateSchedule = 'constant' | 'linear' | 'cosine';

export interface OptimizerSettings {
  readonly name: OptimizerName;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Decay beside the step of `adam` instead of in its gradient (AdamW). */
  readonly decoupledWeightDecay: boolean;
  /** Largest norm of all gradients of a step together; 0 for no limit. */
  readonly gradientClip: number;
  /** How the learning rate falls over the job. */
  readonly learningRateSchedule: LearningRateSchedule;
  /** Steps in which the learning rate rises to its size. */
  readonly warmupSteps: number;
}

export interface LoopSettings {
  readonly epochs: number;
  readonly miniBatchSize: number;
  readonly negativeSamplingRate: number;
  /** Lengths that rows of one batch may differ in, about; 0 for any. */
  readonly bucketWidth: number;
  /** Negatives for each positive row of the validation and test channels. */
  readonly validationNegativeSamplingRate: number;
  readonly earlyStoppingPatience: number;
  readonly earlyStoppingTolerance: number;
  readonly seed: number;
}

/** Files of the auxiliary channel that say what the ids of an encoder are; an absent one was not given. */
export interface EncoderWords {
  /** JSON: word to id. */
  readonly vocabulary?: string;
  readonly pretrained?: {
    readonly file: string;
    /** Training leaves the table of token vectors as it starts. */
    readonly frozen: boolean;
  };
}

export interface WordSettings {
  readonly enc0: EncoderWords;
  /** The same as `enc0` when tables are tied. */
  readonly enc1: EncoderWords;
}

export interface Object2VecSettings {
  readonly network: NetworkSettings;
  readonly words: WordSettings;
  readonly optimizer: OptimizerSettings;
  readonly loop: LoopSettings;
}

/** Width of one row of output: classes for softmax, 1 for regression. */
export function outputWidth(output: OutputSettings): number {
  return output.kind === 'softmax' ? output.classes : 1;
}
