/**
 * The graph of an artifact split between GPU and host: which nodes and variables lie where, read from the rewritten
 * bytes. That it still computes the same is in engine/native/placement.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { lowerGraph } from '../../../../container/src/graph/tensorflow/lower-graph.ts';
import { servingGraph, signaturesOf } from '../../../../container/src/object2vec/serving-graph.ts';
import { nodeNameOf } from '../../../../container/src/savedmodel/graph-def.ts';
import { placeSignatures } from '../../../../container/src/savedmodel/place-signatures.ts';
import { decodeSavedModel, type SavedModelSummary } from '../../../../container/src/savedmodel/read-saved-model.ts';
import { encodeSavedModel } from '../../../../container/src/savedmodel/saved-model.ts';
import { pairSettings } from '../object2vec/pair-settings.ts';

const { network } = pairSettings({
  encoder0: { network: 'hcnn', layers: 2, filterWidth: 3 },
  encoder1: { network: 'bilstm' },
  tokenBias: true,
  output: { kind: 'softmax', classes: 2 },
});
const { graph, signatures } = lowerGraph(servingGraph(network));
const whole = encodeSavedModel({ graph, signatures });

function reached({ nodes, signatures }: SavedModelSummary, names: readonly string[]) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    // Throws where an input names a node that does not exist.
    byName.get(name)!.inputs.map(nodeNameOf).forEach(visit);
  };
  for (const name of names) {
    const { inputs, outputs } = signatures.get(name)!;
    for (const { node } of [...inputs.values(), ...outputs.values()]) visit(nodeNameOf(node));
  }
  return nodes.filter(({ name }) => found.has(name));
}

const variablesOf = (nodes: SavedModelSummary['nodes']) =>
  nodes.filter(({ op }) => op === 'VarHandleOp').map(({ name }) => name);

describe.each([
  ['classification', 'embedding'],
  ['embedding', 'classification'],
] as const)('an artifact with %s on the GPU and %s on the host', (preferred, other) => {
  const placed = decodeSavedModel(placeSignatures(whole, new Set(signaturesOf(preferred))));
  const onGpu = reached(placed, signaturesOf(preferred));
  const onHost = reached(placed, signaturesOf(other));

  it('has every node of the host on CPU:0 and none of the GPU anywhere in particular', () => {
    expect(onGpu.filter(({ device }) => device !== '')).toEqual([]);
    expect(onHost.filter(({ device }) => device !== '/device:CPU:0')).toEqual([]);
    expect(onHost.length).toBeGreaterThan(20);
  });

  it('shares no node between the two, so that each has weights of its own', () => {
    const names = new Set(onGpu.map(({ name }) => name));
    expect(onHost.filter(({ name }) => names.has(name))).toEqual([]);
  });

  it('leaves the GPU the weights of the preferred network and no others', () => {
    // Prepare
    const original = decodeSavedModel(whole);
    const expected = variablesOf(reached(original, signaturesOf(preferred)));

    // Act
    const free = variablesOf(placed.nodes.filter(({ device }) => device === ''));

    // Assess
    expect(free.toSorted()).toEqual(expected.toSorted());
    expect(free.some((name) => name.startsWith('mlp_fc'))).toBe(preferred === 'classification');
  });

  it('restores every variable, the copies from the same tensors as the originals', () => {
    // Prepare
    const byName = new Map(placed.nodes.map((node) => [node.name, node]));

    // Act
    const restored = byName.get('save/restore_all')!.inputs.map((input) => byName.get(nodeNameOf(input))!.inputs);

    // Assess
    const sources = new Map(restored.map(([variable, tensor]) => [variable!, tensor]));
    expect([...sources.keys()].toSorted()).toEqual(variablesOf(placed.nodes).toSorted());
    for (const name of variablesOf(placed.nodes))
      expect(sources.get(name)).toBe(sources.get(name.replace('host/', '')));
  });

  it('keeps the names, types and shapes of its signatures', () => {
    const bare = ({ signatures }: SavedModelSummary) =>
      [...signatures].map(([name, { inputs, outputs, method }]) => {
        const types = [...inputs, ...outputs].map(([key, { dtype, shape }]) => ({ key, dtype, shape }));
        return { name, types, method };
      });
    expect(bare(placed)).toEqual(bare(decodeSavedModel(whole)));
  });
});

describe('an artifact with everything preferred', () => {
  it('is what it was', () => {
    const everything = new Set([...signaturesOf('classification'), ...signaturesOf('embedding')]);
    expect(Buffer.from(placeSignatures(whole, everything)).equals(Buffer.from(whole))).toBe(true);
  });
});
