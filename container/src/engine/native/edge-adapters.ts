/**
 * The nodes that let a graph take and give carriers (carriers.ts) at the edges of its signatures. A fed placeholder
 * makes way for a node of its own name that turns the carrier back, so that everything that reads it stays as it is.
 */

import { readFields, readMapEntry } from '#core/protobuf/wire.ts';
import { attr } from '../../savedmodel/attributes.ts';
import type { GraphNode } from '../../savedmodel/graph-def.ts';
import type { SavedModelSummary } from '../../savedmodel/read-saved-model.ts';
import { type GraphRewrite, type NodeBytes, nodeBytes, renamedNode } from '../../savedmodel/rewrite-graph.ts';
import { readShape, type Shape } from '../../savedmodel/tensor-shape.ts';
import type { DType } from '../session.ts';
import { CARRIERS } from './carriers.ts';

/** A tensor of the graph at the edge of a signature. */
export interface EdgeTensor {
  /** `node:k`. */
  readonly node: string;
  readonly dtype: DType;
  /** As the signature states it; undefined is any number of dimensions. */
  readonly shape: Shape | undefined;
}

export interface EdgeAdapters {
  /** Undefined when every edge is of a type that the binding carries itself. */
  readonly rewrite: GraphRewrite | undefined;
  /** What to feed, or to fetch, in place of an edge's tensor. */
  fed(tensor: string): string;
  fetched(tensor: string): string;
}

/** Placeholders are all that the rewriting knows to feed; `output 0` is their only one. */
const PLACEHOLDERS = ['Placeholder', 'PlaceholderV2', 'PlaceholderWithDefault'];
/** Where feeds arrive and results are fetched: a cast on the GPU would cost two copies. */
const HOST = '/device:CPU:0';

/** Why this input cannot be fed, as one clause; undefined when it can. */
export function feedObstacle({ node, dtype }: EdgeTensor, operations: ReadonlyMap<string, string>): string | undefined {
  if (!CARRIERS[dtype].operation) return undefined;
  const operation = operations.get(node.slice(0, node.lastIndexOf(':')));
  if (operation !== undefined && PLACEHOLDERS.includes(operation) && node.endsWith(':0')) return undefined;
  return `is ${dtype} and fed to ${operation ?? 'no node'}, not to a placeholder`;
}

export function adaptEdges(
  model: SavedModelSummary,
  inputs: readonly EdgeTensor[],
  outputs: readonly EdgeTensor[],
): EdgeAdapters {
  const scope = freeScope(model);
  const feeds = adapted(inputs);
  const fetches = adapted(outputs);
  const fedNames = new Map([...feeds.keys()].map((tensor, index) => [tensor, `${scope}/fed_${index}`]));
  const fetchedNames = new Map([...fetches.keys()].map((tensor, index) => [tensor, `${scope}/fetched_${index}`]));
  const byNode = new Map([...feeds].map(([tensor, edge]) => [tensor.slice(0, tensor.lastIndexOf(':')), edge]));
  const rewrite: GraphRewrite = {
    replace(node) {
      const edge = byNode.get(node.name);
      return edge && feedNodes(node, edge, fedNames.get(edge.node)!);
    },
    added: [...fetches].map(([tensor, { dtype }]) => fetchNode(fetchedNames.get(tensor)!, tensor, dtype)),
  };
  return {
    rewrite: feeds.size + fetches.size > 0 ? rewrite : undefined,
    fed: (tensor) => outputZero(fedNames.get(tensor)) ?? tensor,
    fetched: (tensor) => outputZero(fetchedNames.get(tensor)) ?? tensor,
  };
}

function adapted(edges: readonly EdgeTensor[]): Map<string, EdgeTensor> {
  return new Map(edges.filter(({ dtype }) => CARRIERS[dtype].operation).map((edge) => [edge.node, edge]));
}

function outputZero(name: string | undefined): string | undefined {
  return name && `${name}:0`;
}

/** A name that no node of the graph begins with. */
function freeScope({ nodes }: SavedModelSummary): string {
  let scope = 'twinvec_edge';
  while (nodes.some(({ name }) => name.startsWith(scope))) scope += '_';
  return scope;
}

/** What stands in a placeholder's place: the placeholder of the carrier, and under the old name what turns it back. */
function feedNodes(node: NodeBytes, edge: EdgeTensor, fed: string): NodeBytes[] {
  const carrier = CARRIERS[edge.dtype];
  const shape = carrierShape(shapeOf(node, edge), carrier.isPair);
  const attributes = { dtype: attr.type(carrier.dtype), shape: attr.shape(shape) };
  const back = nodeBytes(conversion(node.name, fed, carrier.dtype, edge.dtype));
  if (node.op !== 'PlaceholderWithDefault') {
    return [nodeBytes({ op: 'Placeholder', name: fed, inputs: [], attributes, device: HOST }), back];
  }
  // Signatures that do not feed it still get its default, by way of the carrier.
  const kept = renamedNode(node, `${fed}/default`);
  const asCarrier = conversion(`${fed}/carried`, kept.name, edge.dtype, carrier.dtype);
  return [
    kept,
    nodeBytes(asCarrier),
    nodeBytes({ op: node.op, name: fed, inputs: [asCarrier.name], attributes, device: HOST }),
    back,
  ];
}

function fetchNode(name: string, tensor: string, dtype: DType): GraphNode {
  return conversion(name, tensor, dtype, CARRIERS[dtype].dtype);
}

function conversion(name: string, input: string, from: DType, to: DType): GraphNode {
  const operation = CARRIERS[from].operation ?? CARRIERS[to].operation!;
  const attributes =
    operation === 'Cast' ? { SrcT: attr.type(from), DstT: attr.type(to) } : { T: attr.type(from), type: attr.type(to) };
  return { op: operation, name, inputs: [input.replace(/:0$/, '')], attributes, device: HOST };
}

function carrierShape(shape: Shape | undefined, isPair: boolean): Shape | undefined {
  return shape && isPair ? [...shape, 2] : shape;
}

/** The placeholder's own shape. Graphs from before 2017 wrote an empty one for "any", so the signature decides there. */
function shapeOf({ bytes }: NodeBytes, edge: EdgeTensor): Shape | undefined {
  let shape: Shape | undefined;
  readFields(bytes, (field, reader) => {
    if (field !== 5) return false;
    const { key, value } = readMapEntry(reader.bytes());
    if (key === 'shape') shape = readShapeAttribute(value);
    return true;
  });
  return shape?.length === 0 && edge.shape?.length !== 0 ? undefined : shape;
}

function readShapeAttribute(attribute: Uint8Array): Shape | undefined {
  let shape: Shape | undefined;
  readFields(attribute, (field, reader) => {
    if (field !== 7) return false;
    shape = readShape(reader.bytes());
    return true;
  });
  return shape;
}
