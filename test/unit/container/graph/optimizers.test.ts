/**
 * Every optimisation method against its formula for one number, written out by hand from MXNet 1.3: a dense weight, a
 * bias and a table of which each step uses some rows, on every engine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openNativeSession } from '../../../../container/src/engine/native/session.ts';
import type { EngineKind, NamedTensors } from '../../../../container/src/engine/session.ts';
import { GraphBuilder, type Parameter } from '../../../../container/src/graph/builder.ts';
import type { Graph } from '../../../../container/src/graph/graph.ts';
import { adadeltaOptimizer } from '../../../../container/src/graph/optimizers/adadelta.ts';
import { adagradOptimizer } from '../../../../container/src/graph/optimizers/adagrad.ts';
import { adamOptimizer } from '../../../../container/src/graph/optimizers/adam.ts';
import { decoupledAdamOptimizer } from '../../../../container/src/graph/optimizers/decoupled-adam.ts';
import type { Optimizer } from '../../../../container/src/graph/optimizers/optimizer.ts';
import { rmspropOptimizer } from '../../../../container/src/graph/optimizers/rmsprop.ts';
import { sgdOptimizer } from '../../../../container/src/graph/optimizers/sgd.ts';
import { initialValue } from '../../../../container/src/object2vec/training/initial-weights.ts';
import { openJsTrainingRunner } from '../../../../container/src/object2vec/training/js-training-runner.ts';
import { openTensorFlowTrainingRunner } from '../../../../container/src/object2vec/training/tensorflow-training-runner.ts';
import { describeEachEngine } from '../object2vec/each-engine.ts';
import { randomFloats } from './random-values.ts';

const SEED = 3;
const RATE = 0.05;

/** What a method remembers of one number; it starts with zeros. */
interface Memory {
  a: number;
  b: number;
}

/** The number after step `t` (from 1). */
type Formula = (w: number, g: number, decay: number, memory: Memory, t: number) => number;

const FORMULAS: Readonly<Record<string, readonly [(decay: number) => Optimizer, Formula]>> = {
  sgd: [sgdOptimizer, (w, g, decay) => w - RATE * (g + decay * w)],
  adagrad: [
    adagradOptimizer,
    (w, g, decay, memory) => {
      memory.a += g * g;
      return w - RATE * (g / Math.sqrt(memory.a + 1e-7) + decay * w);
    },
  ],
  rmsprop: [
    rmspropOptimizer,
    (w, g, decay, memory) => {
      const slope = g + decay * w;
      memory.a = 0.9 * memory.a + 0.1 * slope * slope;
      return w - (RATE * slope) / Math.sqrt(memory.a + 1e-8);
    },
  ],
  adadelta: [
    adadeltaOptimizer,
    (w, g, decay, memory) => {
      memory.a = 0.9 * memory.a + 0.1 * g * g;
      const change = (Math.sqrt(memory.b + 1e-5) / Math.sqrt(memory.a + 1e-5)) * g;
      memory.b = 0.9 * memory.b + 0.1 * change * change;
      return w - change - decay * w;
    },
  ],
  adam: [
    adamOptimizer,
    (w, g, decay, memory, t) => {
      const slope = g + decay * w;
      memory.a = 0.9 * memory.a + 0.1 * slope;
      memory.b = 0.999 * memory.b + 0.001 * slope * slope;
      const size = (RATE * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
      return w - (size * memory.a) / (Math.sqrt(memory.b) + 1e-8);
    },
  ],
  'adam with decoupled decay': [
    decoupledAdamOptimizer,
    (w, g, decay, memory, t) => {
      memory.a = 0.9 * memory.a + 0.1 * g;
      memory.b = 0.999 * memory.b + 0.001 * g * g;
      const size = (RATE * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
      return w - (size * memory.a) / (Math.sqrt(memory.b) + 1e-8) - RATE * decay * w;
    },
  ],
};

const parameter = (name: string, ...shape: number[]): Parameter => ({
  name,
  shape,
  initializer: { kind: 'uniform', limit: 1 },
  role: 'weight',
});
const WEIGHT = parameter('layer_weight', 4, 3);
const BIAS = parameter('layer_bias', 3);
const TABLE = parameter('embed_weight', 6, 2);
/** The rows that each step uses; row 4 is never used. */
const USED = [[0, 3], [5, 0, 1], [2], [0, 3, 5], [1, 0]];

describeEachEngine('optimizers', (engine) => {
  it.each(
    Object.keys(FORMULAS).flatMap((name) => [
      [name, 0],
      [name, 0.3],
    ]) as [string, number][],
  )('%s follows its formula, number by number, with weight decay %d', async (name, decay) => {
    // Prepare
    const [create, formula] = FORMULAS[name]!;
    const expected = new Map([WEIGHT, BIAS, TABLE].map((one) => [one.name, Array.from(initialValue(one, SEED))]));
    const memories = new Map<string, Memory>();
    const follow = ({ name }: Parameter, i: number, gradient: number, step: number) => {
      const memory = memories.get(`${name} ${i}`) ?? { a: 0, b: 0 };
      memories.set(`${name} ${i}`, memory);
      const values = expected.get(name)!;
      values[i] = formula(values[i]!, gradient, name.endsWith('_bias') ? 0 : decay, memory, step);
    };

    // Act
    const found = await valuesAfterSteps(engine, create(decay));

    // Assess
    USED.forEach((rows, s) => {
      gradientsAt(s).weight.forEach((gradient, i) => {
        follow(WEIGHT, i, gradient, s + 1);
      });
      gradientsAt(s).bias.forEach((gradient, i) => {
        follow(BIAS, i, gradient, s + 1);
      });
      gradientsAt(s).rows.forEach((gradient, i) => {
        follow(TABLE, 2 * rows[Math.floor(i / 2)]! + (i % 2), gradient, s + 1);
      });
    });
    for (const [name, values] of expected) {
      values.forEach((value, i) => {
        expect(Math.abs(found[name]![i]! - value), `${name}[${i}]`).toBeLessThan(2e-6);
      });
    }
    expect([...found[TABLE.name]!.slice(8, 10)]).toEqual([...initialValue(TABLE, SEED).slice(8, 10)]);
  });
});

/** Some are exactly zero, as behind a relu. */
function gradientsAt(step: number) {
  const draw = (length: number, seed: number) => randomFloats(length, seed).map((x, i) => (i % 5 === 3 ? 0 : x));
  return { weight: draw(12, 10 + step), bias: draw(3, 20 + step), rows: draw(2 * USED[step]!.length, 30 + step) };
}

function stepGraph(optimizer: Optimizer): Graph {
  const graph = new GraphBuilder();
  const inputs = {
    weight: graph.input('weight', 'float32', [4, 3]),
    bias: graph.input('bias', 'float32', [3]),
    rows: graph.input('rows', 'float32', ['used', 2]),
    ids: graph.input('ids', 'int32', ['used']),
    size: graph.input('size', 'float32', []),
    rate: graph.input('rate', 'float32', []),
  };
  const { weight, bias, ids } = inputs;
  const scalars = { stepSize: inputs.size, rate: inputs.rate };
  const gathered = graph.apply('gather_rows', [graph.parameter(TABLE), ids], { sparse: true });
  const updates = [
    ...optimizer.updateDense(graph, { parameter: WEIGHT, gradient: weight }, scalars),
    ...optimizer.updateDense(graph, { parameter: BIAS, gradient: bias }, scalars),
    ...optimizer.updateRows(graph, { parameter: TABLE, ids, rows: gathered, gradient: inputs.rows }, scalars),
  ];
  const done = graph.apply('constant', [], { value: 1 });
  const outputs = Object.fromEntries([WEIGHT, BIAS, TABLE].map((one) => [one.name, graph.parameter(one)]));
  return {
    parameters: graph.parameters,
    signatures: new Map([
      ['step', { inputs, outputs: { done }, updates }],
      ['read', { inputs: {}, outputs, updates: [] }],
    ]),
  };
}

async function valuesAfterSteps(
  engine: EngineKind,
  optimizer: Optimizer,
): Promise<Readonly<Record<string, Float32Array>>> {
  const workDir = await mkdtemp(join(tmpdir(), 'twinvec-optimizers-'));
  const graph = stepGraph(optimizer);
  const runner =
    engine === 'js'
      ? await openJsTrainingRunner(graph, SEED)
      : await openTensorFlowTrainingRunner(graph, { seed: SEED, workDir }, openNativeSession);
  USED.forEach((rows, step) => {
    const gradients = gradientsAt(step);
    const inputs: NamedTensors = {
      weight: { dtype: 'float32', shape: [4, 3], data: gradients.weight },
      bias: { dtype: 'float32', shape: [3], data: gradients.bias },
      rows: { dtype: 'float32', shape: [rows.length, 2], data: gradients.rows },
      ids: { dtype: 'int32', shape: [rows.length], data: Int32Array.from(rows) },
      size: { dtype: 'float32', shape: [], data: Float32Array.of(optimizer.stepSizeAt(step + 1, RATE)) },
      rate: { dtype: 'float32', shape: [], data: Float32Array.of(RATE) },
    };
    runner.run('step', inputs);
  });
  const found = Object.entries(runner.run('read', {})).map(([name, { data }]) => [
    name,
    Float32Array.from(data as Float32Array),
  ]);
  runner.close();
  await rm(workDir, { recursive: true });
  return Object.fromEntries(found);
}
