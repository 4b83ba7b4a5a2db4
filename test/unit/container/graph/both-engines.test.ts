/**
 * Every operation on both engines: the fallback's kernels and the nodes written for TensorFlow answer the same, to 1e-5
 * for numbers of about 1 and exactly for whole numbers and random masks. (Updates: see the tests of training engines.)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphExecutor } from '../../../../container/src/engine/fallback/executor.ts';
import { openNativeSession } from '../../../../container/src/engine/native/session.ts';
import type { NamedTensors } from '../../../../container/src/engine/session.ts';
import { GraphBuilder } from '../../../../container/src/graph/builder.ts';
import type { Graph } from '../../../../container/src/graph/graph.ts';
import type { Attributes, Node } from '../../../../container/src/graph/node.ts';
import { OPERATIONS } from '../../../../container/src/graph/operations/table.ts';
import { lowerGraph } from '../../../../container/src/graph/tensorflow/lower-graph.ts';
import { writeSavedModel } from '../../../../container/src/savedmodel/saved-model.ts';
import { nativeEngine } from '../../../native-engine.ts';
import { randomFloats } from './random-values.ts';

const ROWS = 7;
const TABLE = { name: 'table_weight', shape: [20, 9], initializer: { kind: 'zeros' }, role: 'weight' } as const;
const UPDATES = ['adam', 'adam_rows', 'replace', 'replace_rows'];

const INPUTS: NamedTensors = {
  a: { dtype: 'float32', shape: [ROWS, 9], data: randomFloats(ROWS * 9, 1) },
  b: { dtype: 'float32', shape: [ROWS, 9], data: randomFloats(ROWS * 9, 2) },
  weights: { dtype: 'float32', shape: [9, 4], data: randomFloats(36, 3) },
  i2h: { dtype: 'float32', shape: [9, 12], data: randomFloats(9 * 12, 9) },
  h2h: { dtype: 'float32', shape: [3, 12], data: randomFloats(3 * 12, 10) },
  gates: { dtype: 'float32', shape: [12], data: randomFloats(12, 11) },
  bias: { dtype: 'float32', shape: [9], data: randomFloats(9, 4) },
  values: { dtype: 'float32', shape: [ROWS], data: randomFloats(ROWS, 5) },
  prediction: { dtype: 'float32', shape: [ROWS, 1], data: randomFloats(ROWS, 6) },
  scalar: { dtype: 'float32', shape: [], data: Float32Array.of(0.75) },
  labels: { dtype: 'int32', shape: [ROWS], data: Int32Array.of(0, 8, 3, 3, 1, 2, 7) },
  ids: { dtype: 'int32', shape: [6], data: Int32Array.of(4, 0, 4, 19, 0, 7) },
  segments: { dtype: 'int32', shape: [6], data: Int32Array.of(0, 0, 2, 2, 2, 6) },
  more_ids: { dtype: 'int32', shape: [3], data: Int32Array.of(7, 1, 4) },
  count: { dtype: 'int32', shape: [], data: Int32Array.of(ROWS) },
  step: { dtype: 'int32', shape: [], data: Int32Array.of(12345) },
  padded: { dtype: 'int32', shape: [3, 4], data: Int32Array.of(5, 0, -1, -1, 3, -1, 2, -1, 1, 1, 1, 1) },
};

function everyOperation(): { readonly graph: Graph; readonly covered: ReadonlySet<string> } {
  const graph = new GraphBuilder();
  const sizes: Readonly<Record<string, readonly (number | string)[]>> = {
    ids: ['tokens'],
    segments: ['tokens'],
    more_ids: ['more'],
    padded: ['batch', 'length'],
  };
  const inputs = Object.fromEntries(
    Object.entries(INPUTS).map(([name, { dtype, shape }]) => {
      if (dtype !== 'float32' && dtype !== 'int32') throw new Error(`the graph has no ${dtype}`);
      return [name, graph.input(name, dtype, sizes[name] ?? shape)];
    }),
  ) as Record<string, Node>;
  const {
    a,
    b,
    weights,
    i2h,
    h2h,
    gates,
    bias,
    values,
    prediction,
    scalar,
    labels,
    ids,
    segments,
    more_ids,
    count,
    step,
    padded,
  } = inputs as Record<keyof typeof INPUTS, Node> & Record<string, Node>;
  const table = graph.parameter(TABLE);
  const outputs: Record<string, Node> = {};
  const covered = new Set<string>();
  const apply = (operation: string, sources: readonly (Node | undefined)[], attributes: Attributes = {}): Node => {
    const node = graph.apply(operation, sources as readonly Node[], attributes);
    covered.add(operation);
    outputs[`${operation}_${Object.keys(outputs).length}`] = node;
    return node;
  };
  for (const name of ['add', 'subtract', 'multiply', 'absolute_difference', 'tanh_gradient', 'relu_gradient']) {
    apply(name, [a, b]);
  }
  for (const name of ['sign', 'tanh', 'relu', 'softmax', 'sum_rows']) apply(name, [a]);
  apply('scale', [a], { factor: 1 / 3 });
  apply('scale_by', [a, scalar]);
  const positive = apply('offset', [apply('multiply', [a, a])], { amount: 0.3 });
  apply('at_least', [a], { bound: 0.25 });
  apply('sum_of_squares', [a]);
  apply('divide', [a, apply('square_root', [positive])]);
  apply('constant', [], { value: 0.1 });
  apply('concat_columns', [a, prediction, b]);
  apply('slice_columns', [a], { begin: 2, size: 5 });
  apply('pad_columns', [a], { before: 2, after: 3 });
  apply('matmul', [a, weights]);
  apply('matmul', [a, b], { transposeA: true });
  apply('matmul', [a, b], { transposeB: true });
  apply('matmul', [weights, a], { transposeA: true, transposeB: true });
  // Parts of such a product are computed without the whole, where they are equal.
  const backward = apply('matmul', [apply('matmul', [a, weights]), weights], { transposeB: true });
  for (const begin of [0, 3, 6, 1]) apply('slice_columns', [backward], { begin, size: 3 });
  apply('slice_columns', [backward], { begin: 4, size: 4 });
  apply('add_bias', [a, bias]);
  apply('scale_rows', [a, values]);
  apply('mean', [values]);
  apply('spread_mean', [scalar, values]);
  apply('softmax_cross_entropy', [a, labels]);
  apply('softmax_cross_entropy_gradient', [a, labels]);
  apply('half_squared_error', [prediction, values]);
  apply('prediction_error', [prediction, values]);
  apply('dropout_mask', [a, step], { rate: 0.4, seed: 77, site: 0xfedcba98 });
  apply('dropout_mask', [a, step], { rate: 1, seed: 77, site: 1 });
  const unique = apply('unique_ids', [ids], { size: 'unique' });
  const positions = apply('unique_positions', [ids]);
  const joined = apply('join_ids', [ids, more_ids], { size: 'joined' });
  apply('first_ids', [joined, ids]);
  apply('rest_ids', [joined, ids, more_ids]);
  const gathered = apply('gather_rows', [a, unique]);
  apply('gather_rows', [table, unique]);
  apply('gather_rows', [table, unique], { sparse: true });
  apply('gather_rows_gradient', [apply('gather_rows', [a, ids]), ids, a]);
  const lines = apply('gather_rows', [a, positions]);
  const largest = apply('segment_max', [lines, segments, count], { size: 'rows' });
  apply('segment_max_gradient', [apply('scale', [largest], { factor: 3 }), largest, lines, segments]);
  for (const reach of [
    { before: 1, after: 1 },
    { before: 0, after: 1 },
    { before: 4, after: 3 },
  ]) {
    const windows = apply('token_windows', [lines, segments], reach);
    apply('token_windows_gradient', [apply('tanh', [windows]), segments], reach);
  }
  apply('segment_mean', [gathered, positions, segments, count], { size: 'rows' });
  apply('segment_mean_gradient', [a, positions, segments, gathered]);
  for (const reverse of [false, true]) {
    const sources = [lines, i2h, h2h, gates, segments, count];
    const states = apply('lstm', sources, { reverse });
    for (const of of ['values', 'i2h', 'h2h', 'bias']) {
      apply('lstm_gradient', [apply('tanh', [states]), ...sources], { reverse, of });
    }
  }
  apply('present_ids', [padded], { size: 'present' });
  apply('present_rows', [padded], { size: 'present' });
  apply('count_rows', [padded]);
  const signature = { inputs, outputs, updates: [] };
  return { graph: { parameters: graph.parameters, signatures: new Map([['every', signature]]) }, covered };
}

describe('both engines', () => {
  it('are asked for every operation that answers something', () => {
    // Act
    const { covered } = everyOperation();

    // Assess
    expect(Object.keys(OPERATIONS).filter((name) => !covered.has(name))).toEqual(UPDATES);
  });

  it.skipIf(!nativeEngine.available)(`compute the same${nativeEngine.note}`, async () => {
    // Prepare
    const { graph } = everyOperation();
    // Ids in `a` are rows of a 7-row matrix.
    const inputs = { ...INPUTS, ids: { ...INPUTS.ids!, data: Int32Array.of(4, 0, 4, 6, 0, 3) } } as NamedTensors;
    const table = randomFloats(20 * 9, 8);
    const dir = await mkdtemp(join(tmpdir(), 'twinvec-operations-'));
    const lowered = lowerGraph(graph);
    await writeSavedModel(dir, { ...lowered, variables: [{ name: TABLE.name, shape: TABLE.shape, data: table }] });
    const native = openNativeSession(dir);
    const fallback = await GraphExecutor.open(graph, new Map([[TABLE.name, table]]));

    // Act
    const expected = fallback.run('every', inputs);
    const found = native.run('every', inputs);

    // Assess
    for (const [name, value] of Object.entries(expected)) {
      const other = found[name];
      if (other?.dtype !== 'float32' && other?.dtype !== 'int32') throw new Error(`${name} is missing`);
      expect(other.shape, name).toEqual(value.shape);
      const exact = value.dtype === 'int32' || name.startsWith('dropout_mask');
      for (let i = 0; i < value.data.length; i++) {
        const difference = Math.abs(other.data[i]! - value.data[i]!);
        expect(difference, `${name}[${i}]`).toBeLessThanOrEqual(exact ? 0 : 1e-5);
      }
    }
    native.close();
    fallback.close();
    await rm(dir, { recursive: true, force: true });
  });
});
