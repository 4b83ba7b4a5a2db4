/**
 * Changes the graph of a SavedModel on its way into TensorFlow, at the level of protobuf fields: nodes are replaced and
 * added, and every other byte (function library, collections, fields that nobody here knows) stays as it was saved.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { TwinvecError } from '#core/errors.ts';
import { readFields } from '#core/protobuf/wire.ts';
import { concatBytes, encodeVarint } from './bytes.ts';
import { encodeNode, type GraphNode } from './graph-def.ts';

/** A node as it lies in the file; `bytes` are its fields. */
export interface NodeBytes {
  readonly name: string;
  readonly op: string;
  readonly bytes: Uint8Array;
}

/** One change of a graph. Several are made in one pass, each seeing what the ones before it left of a node. */
export interface GraphRewrite {
  /** The nodes to stand in this node's place; undefined leaves it as it is. */
  replace?(node: NodeBytes): readonly NodeBytes[] | undefined;
  readonly added?: readonly GraphNode[];
}

const NODE_FIELD = 1;
const META_GRAPH_FIELD = 2;
const GRAPH_FIELD = 2;

/**
 * `saved_model.pb` with the rewrites applied to its graph number `metaGraph`: pieces to be written one after the other,
 * most of which are views of `savedModel`.
 *
 * @throws TwinvecError InvalidArtifact
 */
export function rewriteGraph(
  savedModel: Uint8Array,
  metaGraph: number,
  rewrites: readonly GraphRewrite[],
): Uint8Array[] {
  let at = -1;
  try {
    return mapField(savedModel, META_GRAPH_FIELD, (meta) => {
      at++;
      return at === metaGraph ? mapField(meta, GRAPH_FIELD, (graph) => rewriteNodes(graph, rewrites)) : [meta];
    });
  } catch (cause) {
    if (cause instanceof TwinvecError) throw cause;
    throw new TwinvecError('InvalidArtifact', 'saved_model.pb is cut off or is not a SavedModel.', { cause });
  }
}

/** A node of our own making, in the form of a replacement. */
export function nodeBytes(node: GraphNode): NodeBytes {
  return { name: node.name, op: node.op, bytes: encodeNode(node) };
}

/** The same node under another name. */
export function renamedNode(node: NodeBytes, name: string): NodeBytes {
  const pieces = mapField(node.bytes, 1, () => [new TextEncoder().encode(name)]);
  return { ...node, name, bytes: concatBytes(pieces) };
}

function rewriteNodes(graph: Uint8Array, rewrites: readonly GraphRewrite[]): Uint8Array[] {
  const pieces = mapField(graph, NODE_FIELD, (bytes) => {
    const node = readNodeHead(bytes);
    const after = rewrites.reduce<readonly NodeBytes[]>(
      (nodes, rewrite) => nodes.flatMap((one) => rewrite.replace?.(one) ?? [one]),
      [node],
    );
    // The caller writes the field's head around the first; the others bring theirs.
    return after.length === 1 && after[0] === node ? [bytes] : { fields: after.map((one) => one.bytes) };
  });
  for (const { added } of rewrites)
    for (const node of added ?? []) pieces.push(...field(NODE_FIELD, [encodeNode(node)]));
  return pieces;
}

function readNodeHead(bytes: Uint8Array): NodeBytes {
  let [name, op] = ['', ''];
  readFields(bytes, (number, reader) => {
    if (number === 1) name = reader.string();
    else if (number === 2) op = reader.string();
    else return false;
    return true;
  });
  return { name, op, bytes };
}

/** The pieces of one field's new content, or the contents of several fields in its place. */
type NewContent = readonly Uint8Array[] | { readonly fields: readonly Uint8Array[] };

/** The message with the content of every field `number` (of bytes) mapped, and all else as it is. */
function mapField(message: Uint8Array, number: number, map: (content: Uint8Array) => NewContent): Uint8Array[] {
  const reader = new BinaryReader(message);
  const pieces: Uint8Array[] = [];
  let untouchedFrom = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [fieldNumber, wireType] = reader.tag();
    if (fieldNumber !== number || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, fieldNumber);
      continue;
    }
    const content = reader.bytes();
    const mapped = map(content);
    if ('length' in mapped && mapped.length === 1 && mapped[0] === content) continue;
    pieces.push(message.subarray(untouchedFrom, start));
    if ('fields' in mapped) for (const one of mapped.fields) pieces.push(...field(number, [one]));
    else pieces.push(...field(number, mapped));
    untouchedFrom = reader.pos;
  }
  pieces.push(message.subarray(untouchedFrom));
  return pieces;
}

/** A length-delimited field of these pieces. */
function field(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  const head = concatBytes([encodeVarint((number << 3) | WireType.LengthDelimited), encodeVarint(length)]);
  return [head, ...content];
}
