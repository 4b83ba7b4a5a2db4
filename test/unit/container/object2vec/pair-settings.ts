/**
 * Small networks for tests, with pooled encoders unless others are asked for: every choice can be replaced.
 */
import type { EncoderSettings, NetworkSettings, Object2VecSettings, WordSettings } from '#core/object2vec/settings.ts';
import { rowOfEachId, type TokenRows } from '#core/object2vec/token-rows.ts';
import type { NamedTensors } from '../../../../container/src/engine/session.ts';
import { randomIds } from '../graph/random-values.ts';

export const DIM = 12;

export interface PairChoices extends Partial<Omit<NetworkSettings, 'enc0' | 'enc1'>> {
  readonly vocabulary0?: number;
  readonly vocabulary1?: number;
  readonly encoder0?: Partial<EncoderSettings>;
  readonly encoder1?: Partial<EncoderSettings>;
  readonly weightDecay?: number;
  readonly learningRate?: number;
  readonly words?: WordSettings;
}

export function pairSettings(choices: PairChoices = {}): Object2VecSettings {
  const {
    vocabulary0 = 30,
    vocabulary1 = 40,
    encoder0,
    encoder1,
    weightDecay = 0,
    learningRate = 0.01,
    words = { enc0: {}, enc1: {} },
    ...network
  } = choices;
  const encoder = (vocabularySize: number, changes: Partial<EncoderSettings> = {}): EncoderSettings => {
    return {
      network: 'pooled_embedding',
      vocabularySize,
      maxSeqLen: 20,
      tokenEmbeddingDim: DIM,
      layers: 1,
      filterWidth: 1,
      ...changes,
    };
  };
  return {
    network: {
      enc0: encoder(vocabulary0, encoder0),
      enc1: encoder(vocabulary1, encoder1),
      encDim: DIM,
      tiedTokenEmbedding: false,
      comparators: ['hadamard', 'concat', 'abs_diff'],
      mlp: { layers: 2, dim: 8, activation: 'tanh' },
      output: { kind: 'softmax', classes: 3 },
      tokenBias: false,
      dropout: 0,
      ...network,
    },
    words,
    optimizer: {
      name: 'adam',
      learningRate,
      weightDecay,
      decoupledWeightDecay: false,
      gradientClip: 0,
      learningRateSchedule: 'constant',
      warmupSteps: 0,
    },
    loop: {
      epochs: 1,
      miniBatchSize: 8,
      negativeSamplingRate: 0,
      validationNegativeSamplingRate: 0,
      bucketWidth: 0,
      earlyStoppingPatience: 3,
      earlyStoppingTolerance: 0.01,
      seed: 1,
    },
  };
}

/** Rows of 1 to `longest` random ids below `vocabulary`; id 0 occurs. */
export function randomRows(rows: number, vocabulary: number, seed: number, longest = 9): TokenRows {
  const lengths = randomIds(rows, longest, seed).map((length) => length + 1);
  const offsets = new Int32Array(rows + 1);
  for (let r = 0; r < rows; r++) offsets[r + 1] = offsets[r]! + lengths[r]!;
  return { ids: randomIds(offsets[rows]!, vocabulary, seed + 1), offsets };
}

export function rowsAsFlatInputs(in0: TokenRows, in1: TokenRows): NamedTensors {
  const ints = (shape: readonly number[], data: Int32Array) => ({ dtype: 'int32', shape, data }) as const;
  return {
    in0_ids: ints([in0.ids.length], in0.ids),
    in0_rows: ints([in0.ids.length], rowOfEachId(in0)),
    in1_ids: ints([in1.ids.length], in1.ids),
    in1_rows: ints([in1.ids.length], rowOfEachId(in1)),
    rows: ints([], Int32Array.of(in0.offsets.length - 1)),
  };
}

/** The same rows as a matrix, unused places -1. */
export function rowsAsPaddedInput(rows: TokenRows, length: number): NamedTensors[string] {
  const count = rows.offsets.length - 1;
  const data = new Int32Array(count * length).fill(-1);
  for (let r = 0; r < count; r++) data.set(rows.ids.subarray(rows.offsets[r], rows.offsets[r + 1]), r * length);
  return { dtype: 'int32', shape: [count, length], data };
}

export function oneRow(rows: TokenRows, row: number): TokenRows {
  const ids = rows.ids.slice(rows.offsets[row], rows.offsets[row + 1]);
  return { ids, offsets: Int32Array.of(0, ids.length) };
}
