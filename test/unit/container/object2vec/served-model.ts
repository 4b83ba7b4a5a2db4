/**
 * A pair model with random weights, written as a real artifact and opened as a server opens it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import { openFallbackSession } from '../../../../container/src/engine/fallback/session.ts';
import { openNativeSession } from '../../../../container/src/engine/native/session.ts';
import type { EngineKind, Session } from '../../../../container/src/engine/session.ts';
import { stageArtifact } from '../../../../container/src/object2vec/artifact.ts';
import { servingGraph } from '../../../../container/src/object2vec/serving-graph.ts';
import { initialValue } from '../../../../container/src/object2vec/training/initial-weights.ts';
import { writeServingModel } from '../../../../container/src/object2vec/write-serving-model.ts';
import { writeBundle } from '../../../../container/src/savedmodel/tensor-bundle-writer.ts';
import { randomFloats } from '../graph/random-values.ts';
import type { Weights } from './plain-network.ts';

export interface ServedModel {
  readonly session: Session;
  readonly weights: Weights;
  /** The folder with `object2vec.json`. */
  readonly modelDir: string;
  close(): Promise<void>;
}

export async function serveRandomModel(settings: Object2VecSettings, engine: EngineKind): Promise<ServedModel> {
  const dir = await mkdtemp(join(tmpdir(), 'twinvec-served-'));
  const { network } = settings;
  const weights = randomWeights(settings);
  const prefix = join(dir, 'weights');
  await writeBundle(
    prefix,
    [...weights].map(([name, { shape, data }]) => ({ name, shape, data })),
  );
  const modelDir = join(dir, 'model');
  await stageArtifact(modelDir, {
    network,
    hyperparameters: hyperparametersOf(settings),
    writeModel: (versionDir) => writeServingModel(settings, prefix, versionDir),
  });
  const session = engine === 'js' ? await openFallbackSession(modelDir) : await openNativeSession(join(modelDir, '1'));
  return {
    session,
    weights,
    modelDir,
    async close() {
      session.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** As training starts, and biases that are not all zero. */
function randomWeights({ network }: Object2VecSettings): Weights {
  return new Map(
    servingGraph(network).parameters.map((parameter, i) => {
      const { name, shape } = parameter;
      const biased = name.endsWith('_bias') || name.startsWith('bias_');
      return [name, { shape, data: biased ? randomFloats(shape[0]!, 100 + i) : initialValue(parameter, 5) }];
    }),
  );
}

function hyperparametersOf({ network, optimizer }: Object2VecSettings): Record<string, string> {
  const { enc0, enc1, mlp, output } = network;
  return {
    enc0_network: enc0.network,
    enc1_network: enc1.network,
    enc0_vocab_size: String(enc0.vocabularySize),
    enc1_vocab_size: String(enc1.vocabularySize),
    enc0_max_seq_len: String(enc0.maxSeqLen),
    enc1_max_seq_len: String(enc1.maxSeqLen),
    enc0_token_embedding_dim: String(enc0.tokenEmbeddingDim),
    enc1_token_embedding_dim: String(enc1.tokenEmbeddingDim),
    enc0_layers: String(enc0.layers),
    enc1_layers: String(enc1.layers),
    enc0_cnn_filter_width: String(enc0.filterWidth),
    enc1_cnn_filter_width: String(enc1.filterWidth),
    enc_dim: String(network.encDim),
    tied_token_embedding_weight: String(network.tiedTokenEmbedding),
    comparator_list: network.comparators.join(', '),
    mlp_layers: String(mlp.layers),
    mlp_dim: String(mlp.dim),
    mlp_activation: mlp.activation,
    output_layer: output.kind,
    ...(output.kind === 'softmax' && { num_classes: String(output.classes) }),
    token_bias: String(network.tokenBias),
    dropout: String(network.dropout),
    optimizer: optimizer.name,
    learning_rate: String(optimizer.learningRate),
    weight_decay: String(optimizer.weightDecay),
  };
}
