/**
 * Splits the graph of a SavedModel between devices: chosen signatures are left to TensorFlow, which takes the GPU where
 * there is one; everything that the others need lies on the host, with variables of its own. The file that is read
 * names no device and stays as it is, so that it loads anywhere.
 */

import {
  encodeMessage,
  readFields,
  readMapEntry,
  rewriteFields,
  writeBytes,
  writeMessage,
  writeString,
} from '#core/protobuf/wire.ts';
import { attr } from './attributes.ts';
import { concatBytes } from './bytes.ts';
import { nodeNameOf } from './graph-def.ts';
import { decodeSavedModel, type SavedModelSummary, type SavedNode } from './read-saved-model.ts';

const HOST_DEVICE = '/device:CPU:0';
/** Before the name of a node that exists on both sides: its copy on the host. */
const HOST_PREFIX = 'host/';

const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * @param savedModel the bytes of `saved_model.pb`: one graph without functions, as this project writes it.
 * @param preferred names of signatures; the others move to the host.
 * @returns bytes to lay beside the same variables; signatures keep their names, inputs, outputs and answers.
 */
export function placeSignatures(savedModel: Uint8Array, preferred: ReadonlySet<string>): Uint8Array {
  const split = splitGraph(decodeSavedModel(savedModel), preferred);
  return rewriteFields(savedModel, (field, metaGraph) => {
    if (field !== 2) return metaGraph;
    return rewriteFields(metaGraph, (part, content) => {
      if (part === 2) return placeGraph(content, split);
      return part === 5 ? placeSignature(content, split, preferred) : content;
    });
  });
}

interface Split {
  /** Nodes that signatures of the host reach. */
  readonly onHost: ReadonlySet<string>;
  /** Those of them that preferred signatures reach too, and what restores variables among them: they exist twice. */
  readonly copied: ReadonlySet<string>;
  /** Of the copied nodes, those that restore a variable. */
  readonly restores: ReadonlySet<string>;
}

function splitGraph({ nodes, signatures }: SavedModelSummary, preferred: ReadonlySet<string>): Split {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reached = (isPreferred: boolean) => {
    const chosen = [...signatures].filter(([name]) => preferred.has(name) === isPreferred);
    const ends = chosen.flatMap(([, { inputs, outputs }]) => [...inputs.values(), ...outputs.values()]);
    return reachable(
      byName,
      ends.map(({ node }) => nodeNameOf(node)),
    );
  };
  const [onDevice, onHost] = [reached(true), reached(false)];
  const shared = new Set([...onHost].filter((name) => onDevice.has(name)));
  const restores = new Set(nodes.filter((node) => isRestore(node, shared, byName)).map(({ name }) => name));
  return { onHost: new Set([...onHost, ...restores]), copied: new Set([...shared, ...restores]), restores };
}

function reachable(byName: ReadonlyMap<string, SavedNode>, from: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...from];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...(byName.get(name)?.inputs ?? []).map(nodeNameOf));
  }
  return found;
}

function isRestore({ op, inputs }: SavedNode, variables: ReadonlySet<string>, byName: ReadonlyMap<string, SavedNode>) {
  if (op !== 'AssignVariableOp') return false;
  const [variable = '', value = ''] = inputs.map(nodeNameOf);
  return variables.has(variable) && byName.get(value)?.op === 'RestoreV2';
}

function placeGraph(graph: Uint8Array, split: Split): Uint8Array {
  const copies: Uint8Array[] = [];
  const placed = rewriteFields(graph, (field, node) => {
    if (field !== 1) return node;
    const name = nameOfNode(node);
    if (split.copied.has(name)) copies.push(copyToHost(node, name, split));
    else if (split.onHost.has(name)) return moveToHost(node, split);
    return alsoAfterCopies(node, split);
  });
  const added = encodeMessage((fields) => {
    for (const copy of copies) writeBytes(fields, 1, copy);
  });
  return concatBytes([placed, added]);
}

function nameOfNode(node: Uint8Array): string {
  let name = '';
  readFields(node, (field, reader) => {
    if (field !== 1) return false;
    name = reader.string();
    return true;
  });
  return name;
}

function moveToHost(node: Uint8Array, { copied }: Split): Uint8Array {
  const moved = rewriteFields(node, (field, content) => {
    return field === 3 ? utf8.encode(onHostName(text.decode(content), copied)) : content;
  });
  return concatBytes([moved, encodeMessage((fields) => writeString(fields, 4, HOST_DEVICE))]);
}

function copyToHost(node: Uint8Array, name: string, split: Split): Uint8Array {
  return rewriteFields(moveToHost(node, split), (field, content) => {
    if (field === 1) return utf8.encode(`${HOST_PREFIX}${name}`);
    if (field !== 5 || readMapEntry(content).key !== 'shared_name') return content;
    // A variable is found by this name: without one of its own the copy would be the original.
    return encodeMessage((entry) => {
      writeString(entry, 1, 'shared_name');
      writeMessage(entry, 2, attr.string(`${HOST_PREFIX}${name}`));
    });
  });
}

/** What waits for a variable to be restored waits for its copy too. */
function alsoAfterCopies(node: Uint8Array, { restores, copied }: Split): Uint8Array {
  const waits = encodeMessage((fields) => {
    readFields(node, (field, reader) => {
      if (field !== 3) return false;
      const input = reader.string();
      if (input.startsWith('^') && restores.has(nodeNameOf(input))) writeString(fields, 3, onHostName(input, copied));
      return true;
    });
  });
  return concatBytes([node, waits]);
}

/** `a:1` and `^a` of a node that was copied, as inputs on the host: `host/a:1`, `^host/a`. */
function onHostName(input: string, copied: ReadonlySet<string>): string {
  if (!copied.has(nodeNameOf(input))) return input;
  return input.startsWith('^') ? `^${HOST_PREFIX}${input.slice(1)}` : `${HOST_PREFIX}${input}`;
}

function placeSignature(entry: Uint8Array, { copied }: Split, preferred: ReadonlySet<string>): Uint8Array {
  if (preferred.has(readMapEntry(entry).key)) return entry;
  const placeTensor = (info: Uint8Array) =>
    rewriteFields(info, (field, content) =>
      field === 1 ? utf8.encode(onHostName(text.decode(content), copied)) : content,
    );
  return rewriteFields(entry, (field, signature) => {
    if (field !== 2) return signature;
    return rewriteFields(signature, (part, content) => {
      if (part !== 1 && part !== 2) return content;
      return rewriteFields(content, (place, value) => (place === 2 ? placeTensor(value) : value));
    });
  });
}
