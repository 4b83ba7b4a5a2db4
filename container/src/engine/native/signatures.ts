/**
 * The signatures of a SavedModel as the engine offers them: those whose tensors it can carry, each with the graph's
 * names of its tensors; of the others, why not.
 */
import type { SavedModelSummary, SavedSignature, SignatureTensor } from '../../savedmodel/read-saved-model.ts';
import type { GraphRewrite } from '../../savedmodel/rewrite-graph.ts';
import type { Signature, TensorSpec } from '../session.ts';
import { adaptEdges, type EdgeTensor, feedObstacle } from './edge-adapters.ts';

export interface NamedSignature {
  readonly signature: Signature;
  /** Graph names, `node:k`, by the signature's own names, of what is fed and fetched. */
  readonly inputNodes: ReadonlyMap<string, string>;
  readonly outputNodes: ReadonlyMap<string, string>;
}

export interface OfferedSignatures {
  readonly usable: ReadonlyMap<string, NamedSignature>;
  /** By signature: one clause that says what stands in the way. */
  readonly unusable: ReadonlyMap<string, string>;
  /** The change of the graph that the names above need. */
  readonly rewrite: GraphRewrite | undefined;
}

interface Edges {
  readonly inputs: ReadonlyMap<string, EdgeTensor>;
  readonly outputs: ReadonlyMap<string, EdgeTensor>;
}

/** Saved beside the signatures by TensorFlow 2; it is no signature to call. */
const INTERNAL_PREFIX = '__saved_model';

/** Whether a signature of that name is for callers. */
export function isCallable(signatureName: string): boolean {
  return !signatureName.startsWith(INTERNAL_PREFIX);
}

export function offeredSignatures(model: SavedModelSummary): OfferedSignatures {
  const unusable = new Map<string, string>();
  const edges = new Map<string, Edges>();
  const operations = new Map(model.nodes.map(({ name, op }) => [name, op]));
  for (const [name, signature] of model.signatures) {
    if (!isCallable(name)) continue;
    const found = edgesOf(signature, operations);
    if (typeof found === 'string') unusable.set(name, found);
    else edges.set(name, found);
  }
  const all = [...edges.values()];
  const adapters = adaptEdges(
    model,
    all.flatMap(({ inputs }) => [...inputs.values()]),
    all.flatMap(({ outputs }) => [...outputs.values()]),
  );
  const usable = new Map(
    [...edges].map(([name, { inputs, outputs }]): [string, NamedSignature] => [
      name,
      {
        signature: { inputs: specs(inputs), outputs: specs(outputs) },
        inputNodes: mapValues(inputs, ({ node }) => adapters.fed(node)),
        outputNodes: mapValues(outputs, ({ node }) => adapters.fetched(node)),
      },
    ]),
  );
  return { usable, unusable, rewrite: adapters.rewrite };
}

/** The edges of a signature, or why it cannot be called. */
function edgesOf(signature: SavedSignature, operations: ReadonlyMap<string, string>): Edges | string {
  const sides = { inputs: new Map<string, EdgeTensor>(), outputs: new Map<string, EdgeTensor>() };
  for (const side of ['inputs', 'outputs'] as const) {
    for (const [name, tensor] of signature[side]) {
      const edge = edgeOf(tensor);
      if (typeof edge === 'string') return `${name} ${edge}`;
      const obstacle = side === 'inputs' ? feedObstacle(edge, operations) : undefined;
      if (obstacle) return `${name} ${obstacle}`;
      sides[side].set(name, edge);
    }
  }
  return sides;
}

function edgeOf({ dtype, shape, node }: SignatureTensor): EdgeTensor | string {
  if (dtype === undefined || dtype === 'resource') return `is ${dtype ?? 'of a type'} that is not supported`;
  // TensorFlow also takes a tensor's name without its `:0`; the binding splits its list of names at commas.
  const named = /:\d+$/.test(node) ? node : `${node}:0`;
  return /^[^,:]+:\d+$/.test(named) ? { node: named, dtype, shape } : 'has no tensor of its own';
}

function specs(tensors: ReadonlyMap<string, EdgeTensor>): Record<string, TensorSpec> {
  return Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, { dtype, ...(shape && { shape }) }]));
}

function mapValues<V, R>(map: ReadonlyMap<string, V>, change: (value: V) => R): Map<string, R> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
