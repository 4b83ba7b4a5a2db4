/**
 * One training step as a graph: forward with dropout, loss, gradients and updates; and `predict`, forward alone.
 */
import type { Object2VecSettings } from '#core/object2vec/settings.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { gradients } from '../../graph/gradients.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Node } from '../../graph/node.ts';
import { clipGradients } from '../../graph/optimizers/clip-gradients.ts';
import type { Optimizer } from '../../graph/optimizers/optimizer.ts';
import { type Dropout, dropoutAt, noDropout } from '../network/dropout.ts';
import { addTokenBiases, biasesFromTouchedRows } from '../network/token-bias.ts';
import {
  embeddingTable,
  type FrozenSides,
  fromTouchedRows,
  type Side,
  type TokenSource,
} from '../network/token-source.ts';
import { compareEncodings, encode, score } from '../network.ts';
import { flatTokens } from '../serving-graph.ts';

/** Names of the signatures and of their inputs and outputs beside the flat token inputs. */
export const TRAINING = {
  train: 'train',
  predict: 'predict',
  labels: 'labels',
  step: 'step',
  stepSize: 'step_size',
  rate: 'learning_rate',
  loss: 'loss',
  scores: 'scores',
  logits: 'logits',
} as const;

/**
 * `train`: flat tokens of both sides, `labels` [rows] (int32 classes or float32 values) and the scalars `step`,
 * `step_size` and `learning_rate` -> `loss`, the batch's mean before the update, and for classes `logits` [rows, classes],
 * by which it was found. `predict`: flat tokens -> `scores`.
 */
export function trainingGraph(settings: Object2VecSettings, optimizer: Optimizer, seed: number): Graph {
  const { network } = settings;
  const graph = new GraphBuilder();
  const [one, other] = [flatTokens(graph, 0), flatTokens(graph, 1)];
  const frozen: FrozenSides = [isFrozen(settings, 0), isFrozen(settings, 1)];
  const vectors = fromTouchedRows(graph, network, one.tokens, other.tokens, frozen);
  const biases = biasesFromTouchedRows(graph, network, [one.tokens, other.tokens]);
  const { sources } = vectors;
  const touched = [...vectors.touched, ...biases.touched];
  const forward = (dropout: Dropout): Node => {
    const side = (source: TokenSource, i: Side) => encode(graph, network, i, source, dropout);
    const raw = compareEncodings(graph, network, [side(sources[0], 0), side(sources[1], 1)], dropout);
    return addTokenBiases(graph, network, raw, biases.sources);
  };
  const scores = score(graph, network, forward(noDropout));
  const notDense = new Set([
    ...touched.map(({ parameter }) => parameter.name),
    ...([0, 1] as const).filter((side) => frozen[side]).map((side) => embeddingTable(network, side).name),
  ]);
  const weights = graph.parameters.filter(({ name }) => !notDense.has(name));

  const labels = graph.input(TRAINING.labels, network.output.kind === 'softmax' ? 'int32' : 'float32', ['rows']);
  const step = graph.input(TRAINING.step, 'int32', []);
  const scalars = {
    stepSize: graph.input(TRAINING.stepSize, 'float32', []),
    rate: graph.input(TRAINING.rate, 'float32', []),
  };
  const raw = forward(dropoutAt(graph, network.dropout, seed, step));
  const { objective, reported } = loss(graph, network.output.kind, raw, labels);

  const slopes = gradients(graph, objective, [
    ...touched.map(({ rows }) => rows),
    ...weights.map((weight) => graph.parameter(weight)),
  ]);
  const found = clipGradients(graph, slopes, settings.optimizer.gradientClip);
  const updates = [
    ...touched.flatMap((table, i) => optimizer.updateRows(graph, { ...table, gradient: found[i]! }, scalars)),
    ...weights.flatMap((parameter, i) =>
      optimizer.updateDense(graph, { parameter, gradient: found[touched.length + i]! }, scalars),
    ),
  ];
  const tokens = { ...one.inputs, ...other.inputs };
  return {
    parameters: graph.parameters,
    signatures: new Map([
      [
        TRAINING.train,
        {
          inputs: {
            ...tokens,
            [TRAINING.labels]: labels,
            [TRAINING.step]: step,
            [TRAINING.stepSize]: scalars.stepSize,
            [TRAINING.rate]: scalars.rate,
          },
          outputs: { [TRAINING.loss]: reported, ...(network.output.kind === 'softmax' && { [TRAINING.logits]: raw }) },
          updates,
        },
      ],
      [TRAINING.predict, { inputs: tokens, outputs: { [TRAINING.scores]: scores }, updates: [] }],
    ]),
  };
}

/** Only a table that starts from pretrained vectors can be frozen. */
function isFrozen({ words }: Object2VecSettings, side: Side): boolean {
  return (side === 0 ? words.enc0 : words.enc1).pretrained?.frozen === true;
}

/**
 * What is made small, averaged over the batch, and what is reported. For regression the gradient is that of half the
 * squared error (MXNet's LinearRegressionOutput) while people and metrics read the whole squared error.
 */
function loss(graph: GraphBuilder, kind: 'softmax' | 'mean_squared_error', raw: Node, labels: Node) {
  if (kind === 'softmax') {
    const objective = graph.apply('mean', [graph.apply('softmax_cross_entropy', [raw, labels])]);
    return { objective, reported: objective };
  }
  const objective = graph.apply('mean', [graph.apply('half_squared_error', [raw, labels])]);
  return { objective, reported: graph.apply('scale', [objective], { factor: 2 }) };
}
