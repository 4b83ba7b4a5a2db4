/**
 * Makes the engine that trains a network: TensorFlow or JavaScript, over the same graph and the same initial weights.
 */
import { toTwinvecError } from '#core/errors.ts';
import { learningRateAt } from '#core/object2vec/learning-rate.ts';
import type { Object2VecSettings, OptimizerName, OptimizerSettings } from '#core/object2vec/settings.ts';
import type { EngineChoice } from '../../engine/session.ts';
import type { Graph } from '../../graph/graph.ts';
import { adadeltaOptimizer } from '../../graph/optimizers/adadelta.ts';
import { adagradOptimizer } from '../../graph/optimizers/adagrad.ts';
import { adamOptimizer } from '../../graph/optimizers/adam.ts';
import { decoupledAdamOptimizer } from '../../graph/optimizers/decoupled-adam.ts';
import type { Optimizer } from '../../graph/optimizers/optimizer.ts';
import { rmspropOptimizer } from '../../graph/optimizers/rmsprop.ts';
import { sgdOptimizer } from '../../graph/optimizers/sgd.ts';
import { GraphTrainingEngine, type TrainingRunner } from './graph-training-engine.ts';
import type { GivenRows } from './initial-weights.ts';
import { openJsTrainingRunner } from './js-training-runner.ts';
import type { StartingPoint } from './starting-point.ts';
import { openTensorFlowTrainingRunner } from './tensorflow-training-runner.ts';
import type { TrainingEngine } from './training-engine.ts';
import { trainingGraph } from './training-graph.ts';

export interface TrainingEngineOptions {
  /** `auto` takes TensorFlow when it is there. */
  readonly engine: EngineChoice;
  /** Decides the initial weights and the dropout masks. */
  readonly seed: number;
  /** An existing folder for files that are gone when this returns. */
  readonly workDir: string;
  /** Instead of the network's own initializers. */
  readonly startingPoint?: StartingPoint;
  /** Rows to start from, by the name of their table. */
  readonly given?: ReadonlyMap<string, GivenRows>;
  /** Told in one line when `auto` had to do without TensorFlow. */
  readonly log?: (line: string) => void;
}

const OPTIMIZERS: Readonly<Record<OptimizerName, (weightDecay: number) => Optimizer>> = {
  adam: adamOptimizer,
  sgd: sgdOptimizer,
  adagrad: adagradOptimizer,
  rmsprop: rmspropOptimizer,
  adadelta: adadeltaOptimizer,
};

/** @throws TwinvecError EngineUnavailable when `tensorflow` was asked for and is not there. */
export async function createTrainingEngine(
  settings: Object2VecSettings,
  options: TrainingEngineOptions,
): Promise<TrainingEngine> {
  const optimizer = optimizerFor(settings.optimizer);
  const graph = startingAt(trainingGraph(settings, optimizer, options.seed), options.startingPoint);
  const runner = await openRunner(graph, options);
  const labels = settings.network.output.kind === 'softmax' ? 'classes' : 'values';
  const rateAt = (step: number, progress: number) => learningRateAt(settings.optimizer, step, progress);
  return new GraphTrainingEngine(runner, optimizer, rateAt, labels);
}

/** The graph that the engine would run, to know what it needs. */
export function planTraining(settings: Object2VecSettings): Graph {
  return trainingGraph(settings, optimizerFor(settings.optimizer), settings.loop.seed);
}

function startingAt(graph: Graph, start: StartingPoint = new Map()): Graph {
  const parameters = graph.parameters.map((parameter) => {
    return { ...parameter, initializer: start.get(parameter.name) ?? parameter.initializer };
  });
  return { ...graph, parameters };
}

function optimizerFor({ name, weightDecay, decoupledWeightDecay }: OptimizerSettings): Optimizer {
  if (decoupledWeightDecay) return decoupledAdamOptimizer(weightDecay);
  return OPTIMIZERS[name](weightDecay);
}

async function openRunner(
  graph: Graph,
  { engine, seed, workDir, given, log }: TrainingEngineOptions,
): Promise<TrainingRunner> {
  if (engine === 'js') return openJsTrainingRunner(graph, seed, given);
  try {
    const { openNativeSession } = await import('../../engine/native/session.ts');
    return await openTensorFlowTrainingRunner(graph, { seed, given, workDir }, openNativeSession);
  } catch (thrown) {
    const error = toTwinvecError(thrown);
    if (engine === 'tensorflow' || error.code !== 'EngineUnavailable') throw thrown;
    log?.(`Training without TensorFlow, slower: ${error.message}`);
    return openJsTrainingRunner(graph, seed, given);
  }
}
