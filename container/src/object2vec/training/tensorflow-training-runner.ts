/**
 * Runs the training graph in TensorFlow: a SavedModel whose variables live in the session, one native call a step.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedTensors, Session } from '../../engine/session.ts';
import type { Graph } from '../../graph/graph.ts';
import { type LoweredGraph, lowerGraph } from '../../graph/tensorflow/lower-graph.ts';
import { attr } from '../../savedmodel/attributes.ts';
import type { GraphVariable } from '../../savedmodel/graph-def.ts';
import { addGroupedRestore, addGroupedSave } from '../../savedmodel/grouped-variables.ts';
import { writeSavedModel } from '../../savedmodel/saved-model.ts';
import { int32Vector } from '../../savedmodel/tensor-proto.ts';
import type { TrainingRunner } from './graph-training-engine.ts';
import { type GivenRows, initialPieces } from './initial-weights.ts';
import { openState } from './training-state.ts';

/** Signatures beside those of the training graph. */
const SAVE_WEIGHTS = 'save_weights';
const SAVE_STATE = 'save_state';
const RESTORE_STATE = 'restore_state';
const CLEAR_MEMORY = 'clear_optimizer_memory';
const FILENAME = 'filename';
const ZERO = 'zero';
const DONE = 'done';

interface Start {
  readonly seed: number;
  readonly given?: ReadonlyMap<string, GivenRows> | undefined;
  readonly workDir: string;
}

/** @param openNative loads a SavedModel folder into TensorFlow */
export async function openTensorFlowTrainingRunner(
  graph: Graph,
  start: Start,
  openNative: (dir: string) => Session,
): Promise<TrainingRunner> {
  const session = await load(graph, start, openNative);
  session.run(CLEAR_MEMORY, { [ZERO]: { dtype: 'float32', shape: [], data: Float32Array.of(0) } });
  return {
    engine: 'tensorflow',
    parameters: graph.parameters,
    run: (signature, inputs) => session.run(signature, inputs),
    saveWeights: async (prefix) => void session.run(SAVE_WEIGHTS, pathInput(prefix)),
    saveState: async (prefix) => void session.run(SAVE_STATE, pathInput(prefix)),
    async restoreState(prefix) {
      openState(prefix, graph.parameters).close();
      session.run(RESTORE_STATE, pathInput(prefix));
    },
    close: () => session.close(),
  };
}

/** The initial weights reach TensorFlow through a bundle, which loading reads; afterwards nothing needs the folder. */
async function load(
  graph: Graph,
  { seed, given, workDir }: Start,
  openNative: (dir: string) => Session,
): Promise<Session> {
  const dir = await mkdtemp(join(workDir, 'training-graph-'));
  try {
    const lowered = lowerGraph(graph);
    const byRole = (role: string) =>
      graph.parameters.filter((one) => one.role === role).map(({ name }) => lowered.variables.get(name)!);
    const all = [...lowered.variables.values()];
    const weights = graph.parameters.filter(({ role }) => role === 'weight');
    await writeSavedModel(dir, {
      graph: lowered.graph,
      signatures: {
        ...lowered.signatures,
        [SAVE_WEIGHTS]: fileSignature(lowered, SAVE_WEIGHTS, addGroupedSave, byRole('weight')),
        [SAVE_STATE]: fileSignature(lowered, SAVE_STATE, addGroupedSave, all),
        [RESTORE_STATE]: fileSignature(lowered, RESTORE_STATE, addGroupedRestore, all),
        [CLEAR_MEMORY]: clearSignature(lowered, byRole('optimizer_state')),
      },
      variables: weights.map((parameter) => ({
        name: parameter.name,
        shape: parameter.shape,
        data: initialPieces(parameter, seed, given?.get(parameter.name)),
      })),
    });
    return openNative(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function pathInput(prefix: string): NamedTensors {
  return { [FILENAME]: { dtype: 'string', shape: [], data: [new TextEncoder().encode(prefix)] } };
}

/** A signature that takes the path prefix of a bundle, and writes or reads the variables there. */
function fileSignature(
  { graph }: LoweredGraph,
  name: string,
  add: typeof addGroupedRestore,
  variables: readonly GraphVariable[],
) {
  const filename = graph.placeholder(`${name}/${FILENAME}`, 'string', []);
  const done = add(graph, name, filename, variables);
  return {
    inputs: { [FILENAME]: { node: `${filename}:0`, dtype: 'string' as const, shape: [] } },
    outputs: { [DONE]: { node: `${done}:0`, dtype: 'string' as const, shape: [] } },
  };
}

/**
 * Fills moments with a number that is fed, inside TensorFlow: no file and no copy, however large the tables are. Of a
 * constant, TensorFlow would keep the filled table as well and copy it at the first step; and it would make equal fills
 * one, so that each waits for the one before it.
 */
function clearSignature({ graph }: LoweredGraph, memory: readonly GraphVariable[]) {
  const zero = graph.placeholder(`${CLEAR_MEMORY}/${ZERO}`, 'float32', []);
  let after: readonly string[] = [];
  for (const { handle, shape } of memory) {
    const size = graph.constant(`${CLEAR_MEMORY}/shape`, int32Vector(shape));
    const zeros = graph.node('Fill', `${CLEAR_MEMORY}/zeros`, [size, zero, ...after], { T: attr.type('float32') });
    const dtype = attr.type('float32');
    after = [`^${graph.node('AssignVariableOp', `${CLEAR_MEMORY}/assign`, [handle, zeros], { dtype })}`];
  }
  const done = graph.node('Identity', `${CLEAR_MEMORY}/${DONE}`, [zero, ...after], { T: attr.type('float32') });
  return {
    inputs: { [ZERO]: { node: `${zero}:0`, dtype: 'float32' as const, shape: [] } },
    outputs: { [DONE]: { node: `${done}:0`, dtype: 'float32' as const, shape: [] } },
  };
}
