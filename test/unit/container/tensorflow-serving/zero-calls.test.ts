import { describe, expect, it } from 'vitest';
import { writeMessage, writeString } from '#core/protobuf/wire.ts';
import type { TensorSpec } from '#core/tensors/tensor.ts';
import type { Attribute } from '../../../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../../../container/src/savedmodel/graph-def.ts';
import {
  readSavedModel,
  type SavedModelSummary,
  type SavedNode,
} from '../../../../container/src/savedmodel/read-saved-model.ts';
import { writeSavedModel } from '../../../../container/src/savedmodel/saved-model.ts';
import { zeroCalls } from '../../../../container/src/tensorflow-serving/zero-calls.ts';
import { writeCounter } from '../../../fixtures/savedmodel/small-models.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';

const node = (name: string, op: string, inputs: readonly string[] = [], calls: readonly string[] = []): SavedNode => ({
  name,
  op,
  inputs,
  device: '',
  calls,
});

function modelOf(nodes: readonly SavedNode[], functions: SavedModelSummary['functions'] = []): SavedModelSummary {
  const outputs = new Map([['y', { node: 'y:0', dtype: 'float32' as const, shape: [-1] }]]);
  const signatures = new Map([['s', { inputs: new Map(), outputs, method: '' }]]);
  return { tags: ['serve'], metaGraph: 0, tensorflowVersion: '', signatures, nodes, functions, hasAssets: false };
}

const signatureOf = (inputs: Readonly<Record<string, TensorSpec>>) => new Map([['s', { inputs, outputs: {} }]]);
const X = signatureOf({ x: { dtype: 'float32', shape: [-1, 3] } });
const PLAIN = modelOf([node('y', 'Relu', ['x']), node('x', 'Placeholder')]);

describe('warm-up calls of a SavedModel', () => {
  it('are one row of zeros of every input', () => {
    const signatures = signatureOf({
      pixels: { dtype: 'uint8', shape: [-1, 2, 2] },
      key: { dtype: 'int64', shape: [] },
      wave: { dtype: 'complex64', shape: [2] },
    });
    expect(zeroCalls(PLAIN, signatures)).toEqual([
      {
        signature: 's',
        inputs: {
          pixels: { dtype: 'uint8', shape: [1, 2, 2], data: new Int32Array(4) },
          key: { dtype: 'int64', shape: [], data: new BigInt64Array(1) },
          wave: { dtype: 'complex64', shape: [2], data: new Float32Array(4) },
        },
        rows: undefined,
        takesNonFinite: true,
        mayFail: true,
      },
    ]);
  });

  it.each([
    ['a string', { dtype: 'string', shape: [-1] }],
    ['any rank', { dtype: 'float32' }],
    ['an open dimension beyond the rows', { dtype: 'float32', shape: [-1, -1] }],
    ['more values than a start should cost', { dtype: 'float32', shape: [-1, 4097, 4097] }],
  ] as const)('are not made for an input of %s', (_, spec) => {
    expect(zeroCalls(PLAIN, signatureOf({ x: spec }))).toEqual([]);
  });

  it.each([
    ...['AssignAddVariableOp', 'ResourceScatterNdUpdate', 'LookupTableInsertV2', 'QueueDequeueV2', 'RandomUniform'],
    ...['RngReadAndSkip', 'StatefulUniform', 'StatefulStandardNormalV2', 'TruncatedNormal', 'SaveV2'],
  ])('are not made where %s runs, also by a control input or inside a function', (op) => {
    const direct = modelOf([node('y', op)]);
    const controlled = modelOf([node('y', 'Relu', ['x:0', '^effect']), node('effect', op)]);
    const inside = [
      { name: 'outer', nodes: [node('call', 'If', [], ['then', 'else'])] },
      { name: 'else', nodes: [node('effect', op)] },
    ];
    const called = modelOf([node('y', 'StatefulPartitionedCall', ['x'], ['outer'])], inside);
    const legacy = modelOf([node('y', 'outer')], inside);
    for (const model of [direct, controlled, called, legacy]) expect(zeroCalls(model, X)).toEqual([]);
  });

  it('are made beside effects that no output of the signature needs, and for operations that only sound like some', () => {
    const restore = { name: 'restore', nodes: [node('assign', 'AssignVariableOp')] };
    const nodes = [node('y', 'PartitionedCall', [], ['f']), node('r', 'StatefulPartitionedCall', [], ['restore'])];
    const f = { name: 'f', nodes: [node('a', 'TensorArrayWriteV3'), node('b', 'StatelessRandomUniform')] };
    expect(zeroCalls(modelOf(nodes, [restore, f]), X)).toHaveLength(1);
  });

  it('are made where a function has a name of its own for an input that has effects outside', () => {
    const f = { name: 'f', nodes: [node('a', 'Relu', ['^count'])] };
    const nodes = [node('y', 'PartitionedCall', [], ['f']), node('count', 'AssignAddVariableOp')];
    expect(zeroCalls(modelOf(nodes, [f]), X)).toHaveLength(1);
  });

  it('leave out the signatures of a real graph that change its variables', async () => {
    // Prepare
    const folder = await temporaryFolder();
    await writeCounter(folder);
    const summary = readSavedModel(folder);
    const signatures = new Map(
      [...summary.signatures.keys()].map(
        (name) => [name, { inputs: { x: X.get('s')!.inputs.x! }, outputs: {} }] as const,
      ),
    );

    // Assess
    expect(zeroCalls(summary, signatures).map(({ signature }) => signature)).not.toContain('step');
    expect(zeroCalls(summary, signatures).map(({ signature }) => signature)).not.toContain('set');
  });

  it('know the functions that a saved node names, single and in a list', async () => {
    // Prepare
    const folder = await temporaryFolder();
    const named: (name: string) => Attribute = (name) => (writer) =>
      writeMessage(writer, 10, (list) => writeString(list, 1, name));
    const listed: Attribute = (writer) =>
      writeMessage(writer, 1, (list) => {
        for (const name of ['a', 'b']) writeMessage(list, 9, (one) => writeString(one, 1, name));
      });
    const graph = new GraphDefBuilder();
    graph.node('Case', 'y', [], { branches: listed, other: named('c') });
    await writeSavedModel(folder, { graph, signatures: {} });

    // Act
    const { nodes } = readSavedModel(folder);

    // Assess
    expect([...nodes.find(({ name }) => name === 'y')!.calls].sort()).toEqual(['a', 'b', 'c']);
  });
});
