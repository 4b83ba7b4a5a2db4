/**
 * Runs the training graph on the fallback engine: parameters are plain arrays that updates change in place.
 */
import { GraphExecutor } from '../../engine/fallback/executor.ts';
import type { NamedTensors } from '../../engine/session.ts';
import type { Parameter } from '../../graph/builder.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Bundle } from '../../savedmodel/tensor-bundle-reader.ts';
import { writeBundle } from '../../savedmodel/tensor-bundle-writer.ts';
import type { TrainingRunner } from './graph-training-engine.ts';
import { type GivenRows, initialValue } from './initial-weights.ts';
import { openState } from './training-state.ts';

export async function openJsTrainingRunner(
  graph: Graph,
  seed: number,
  given?: ReadonlyMap<string, GivenRows>,
): Promise<TrainingRunner> {
  const values = new Map(
    graph.parameters.map((parameter) => [parameter.name, initialValue(parameter, seed, given?.get(parameter.name))]),
  );
  const executor = await GraphExecutor.open(graph, values);
  const weights = graph.parameters.filter(({ role }) => role === 'weight');
  const save = (prefix: string, parameters: readonly Parameter[]) =>
    writeBundle(
      prefix,
      parameters.map(({ name, shape }) => ({ name, shape, data: values.get(name)! })),
    );
  return {
    engine: 'js',
    parameters: graph.parameters,
    run: (signature: string, inputs: NamedTensors) => executor.run(signature, inputs),
    saveWeights: (prefix) => save(prefix, weights),
    saveState: (prefix) => save(prefix, graph.parameters),
    async restoreState(prefix) {
      const bundle = openState(prefix, graph.parameters);
      try {
        for (const parameter of graph.parameters) fill(values.get(parameter.name)!, parameter, bundle);
      } finally {
        bundle.close();
      }
      executor.parametersChanged();
    },
    close: () => executor.close(),
  };
}

/** Elements that are read at once: 4 MiB. */
const PIECE = 1024 * 1024;

function fill(target: Float32Array, { name, shape }: Parameter, bundle: Bundle): void {
  const [rows = 1] = shape;
  const width = target.length / rows;
  const rowsAtOnce = Math.max(1, Math.floor(PIECE / width));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    target.set(bundle.readFloat32(name, row, Math.min(rowsAtOnce, rows - row)), row * width);
  }
}
