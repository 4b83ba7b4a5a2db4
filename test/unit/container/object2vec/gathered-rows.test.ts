/**
 * How the training graph reads its tables in TensorFlow: rows only. TensorFlow's optimiser makes a pooling that it finds
 * directly behind a gathering read the whole table instead, which copies the table at every step; what it changes cannot
 * be seen from outside, so the form that it looks for is what must not be there.
 */
import { describe, expect, it } from 'vitest';
import { lowerGraph } from '../../../../container/src/graph/tensorflow/lower-graph.ts';
import { planTraining } from '../../../../container/src/object2vec/training/create-training-engine.ts';
import { type GraphNode, nodeNameOf } from '../../../../container/src/savedmodel/graph-def.ts';
import { pairSettings } from './pair-settings.ts';

const TABLES = /^(embed|bias)_\w+_weight/;

describe('the training graph in TensorFlow', () => {
  it.each([
    ['a table for each side', pairSettings()],
    ['one table', pairSettings({ tiedTokenEmbedding: true, vocabulary0: 30, vocabulary1: 30 })],
    ['token biases', pairSettings({ tokenBias: true, output: { kind: 'mean_squared_error' } })],
    ['weight decay', pairSettings({ weightDecay: 0.1 })],
  ])('never reads a whole table: %s', (_name, settings) => {
    // Act
    const { train, nodes } = trainingNodes(settings);

    // Assess
    const wholeReads = train.filter(({ op, inputs }) => op === 'ReadVariableOp' && TABLES.test(inputs[0]!));
    expect(wholeReads).toEqual([]);
    const poolings = train.filter(({ op }) => op.startsWith('SparseSegment'));
    expect(poolings.length).toBeGreaterThan(0);
    for (const { name, inputs } of poolings) {
      expect(nodes.get(nodeNameOf(inputs[0]!))?.op, `what ${name} reads`).not.toBe('ResourceGather');
    }
  });
});

/** The nodes that a step runs, and all nodes by name. */
function trainingNodes(settings: ReturnType<typeof pairSettings>) {
  const { graph, signatures } = lowerGraph(planTraining(settings));
  const nodes = new Map<string, GraphNode>([...graph.nodes].map((node) => [node.name, node]));
  const found = new Map<string, GraphNode>();
  const open = Object.values(signatures.train!.outputs).map(({ node }) => nodeNameOf(node));
  for (let name = open.pop(); name; name = open.pop()) {
    if (found.has(name)) continue;
    const node = nodes.get(name)!;
    found.set(name, node);
    open.push(...node.inputs.map(nodeNameOf));
  }
  return { train: [...found.values()], nodes };
}
