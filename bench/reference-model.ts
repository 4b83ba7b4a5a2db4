/**
 * The reference model of the benchmarks: two 20,000 x 512 tables, hadamard and concat, MLP 2 x 512, 3 classes, with
 * fixed weights; and fixed rows of 50 ids a side.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkSettings } from '#core/object2vec/settings.ts';
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import { stageArtifact } from '../container/src/object2vec/artifact.ts';
import { servingGraph } from '../container/src/object2vec/serving-graph.ts';
import { initialPieces } from '../container/src/object2vec/training/initial-weights.ts';
import { writeServingModel } from '../container/src/object2vec/write-serving-model.ts';
import { writeBundle } from '../container/src/savedmodel/tensor-bundle-writer.ts';

const ENCODER = {
  network: 'pooled_embedding',
  vocabularySize: 20_000,
  maxSeqLen: 50,
  tokenEmbeddingDim: 512,
  layers: 1,
  filterWidth: 1,
} as const;

export const REFERENCE_NETWORK: NetworkSettings = {
  enc0: ENCODER,
  enc1: ENCODER,
  encDim: 512,
  tiedTokenEmbedding: false,
  tokenBias: false,
  comparators: ['hadamard', 'concat'],
  mlp: { layers: 2, dim: 512, activation: 'relu' },
  output: { kind: 'softmax', classes: 3 },
  dropout: 0,
};

export const SEQUENCE_LENGTH = ENCODER.maxSeqLen;
const SEED = 1;

/** Writes the artifact to a temporary folder, lends it to `use`, and removes it. */
export async function withReferenceModel<T>(use: (modelDir: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  try {
    const weights = join(folder, 'weights');
    const { parameters } = servingGraph(REFERENCE_NETWORK);
    await writeBundle(
      weights,
      parameters.map((parameter) => ({
        name: parameter.name,
        shape: parameter.shape,
        dtype: 'float32',
        data: initialPieces(parameter, SEED),
      })),
    );
    const modelDir = join(folder, 'model');
    await stageArtifact(modelDir, {
      network: REFERENCE_NETWORK,
      hyperparameters: referenceHyperparameters(),
      writeModel: (versionDir) => writeServingModel({ network: REFERENCE_NETWORK }, weights, versionDir),
    });
    return await use(modelDir);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `rows` rows of 50 ids; the same for the same `start`, spread over the table. */
export function referenceRows(rows: number, start: number): TokenRows {
  const count = rows * SEQUENCE_LENGTH;
  const ids = Int32Array.from({ length: count }, (_, i) => ((start * 7919 + i) * 104_729) % ENCODER.vocabularySize);
  return { ids, offsets: Int32Array.from({ length: rows + 1 }, (_, row) => row * SEQUENCE_LENGTH) };
}

function referenceHyperparameters(): Record<string, string> {
  const { enc0, encDim, comparators, mlp, output } = REFERENCE_NETWORK;
  return {
    enc0_network: enc0.network,
    enc1_network: 'enc0',
    enc0_vocab_size: String(enc0.vocabularySize),
    enc0_max_seq_len: String(enc0.maxSeqLen),
    enc_dim: String(encDim),
    comparator_list: comparators.join(', '),
    mlp_layers: String(mlp.layers),
    mlp_dim: String(mlp.dim),
    mlp_activation: mlp.activation,
    output_layer: output.kind,
    num_classes: output.kind === 'softmax' ? String(output.classes) : '2',
  };
}

/** A request of `rows` pairs in AWS's JSON. */
export function referenceBody(rows: number, start: number): string {
  const [in0, in1] = [referenceRows(rows, 2 * start), referenceRows(rows, 2 * start + 1)];
  const sequence = ({ ids, offsets }: TokenRows, row: number) =>
    Array.from(ids.subarray(offsets[row], offsets[row + 1]));
  const instances = Array.from({ length: rows }, (_, row) => ({ in0: sequence(in0, row), in1: sequence(in1, row) }));
  return JSON.stringify({ instances });
}
