/**
 * Reads from `saved_model.pb` what serving needs: the signatures of the meta graph tagged "serve", with the graph's
 * name for each of their tensors, and the operations of its nodes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { readFields, readInt, readMapEntry } from '#core/protobuf/wire.ts';
import { type DataType, dataTypeName } from './data-type.ts';
import { readShape, type Shape } from './tensor-shape.ts';

export interface SignatureTensor {
  /** `node:k` in the graph. */
  readonly node: string;
  /** `undefined` for a type that Twinvec does not handle, such as complex128. */
  readonly dtype: DataType | undefined;
  /** `undefined` for any number of dimensions; -1 is any size. */
  readonly shape: Shape | undefined;
}

export interface SavedSignature {
  readonly inputs: ReadonlyMap<string, SignatureTensor>;
  readonly outputs: ReadonlyMap<string, SignatureTensor>;
  readonly method: string;
}

export interface SavedNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** Empty where TensorFlow may choose. */
  readonly device: string;
  /** Functions of the library that its attributes name. */
  readonly calls: readonly string[];
}

/** A function of the graph's library, as TensorFlow 2 saves what Python traced. */
export interface SavedFunction {
  readonly name: string;
  readonly nodes: readonly SavedNode[];
}

export interface SavedModelSummary {
  readonly tags: readonly string[];
  /** Place of this graph among the graphs of the file. */
  readonly metaGraph: number;
  readonly tensorflowVersion: string;
  readonly signatures: ReadonlyMap<string, SavedSignature>;
  readonly nodes: readonly SavedNode[];
  readonly functions: readonly SavedFunction[];
  /** Whether files of `assets/` belong to the graph. */
  readonly hasAssets: boolean;
}

const SERVE_TAG = 'serve';

/**
 * @param modelDir the folder that holds `saved_model.pb`.
 * @throws TwinvecError InvalidArtifact when it is absent, broken, or not meant for serving.
 */
export function readSavedModel(modelDir: string): SavedModelSummary {
  return decodeSavedModel(readSavedModelBytes(modelDir));
}

/** @throws TwinvecError InvalidArtifact when `saved_model.pb` cannot be read. */
export function readSavedModelBytes(modelDir: string): Uint8Array {
  try {
    return readFileSync(join(modelDir, 'saved_model.pb'));
  } catch (cause) {
    throw new TwinvecError('InvalidArtifact', 'The model folder has no readable saved_model.pb.', { cause });
  }
}

/** @throws TwinvecError InvalidArtifact. */
export function decodeSavedModel(bytes: Uint8Array): SavedModelSummary {
  const metaGraphs: SavedModelSummary[] = [];
  try {
    readFields(bytes, (field, reader) => {
      if (field !== 2) return false;
      metaGraphs.push(readMetaGraph(reader.bytes(), metaGraphs.length));
      return true;
    });
  } catch (cause) {
    throw new TwinvecError('InvalidArtifact', 'saved_model.pb is cut off or is not a SavedModel.', { cause });
  }
  // Beside the plain graph there may be one for a device, tagged "serve" and "gpu" or "tpu".
  const tagged = metaGraphs.filter(({ tags }) => tags.includes(SERVE_TAG));
  const serving = tagged.find(({ tags }) => tags.length === 1) ?? tagged[0];
  if (serving) return serving;
  const found = metaGraphs.map(({ tags }) => `[${tags}]`).join(' ') || 'none';
  throw new TwinvecError('InvalidArtifact', `saved_model.pb has no graph tagged "serve" (it has: ${found}).`);
}

function readMetaGraph(bytes: Uint8Array, metaGraph: number): SavedModelSummary {
  let info: { tags: string[]; version: string } = { tags: [], version: '' };
  const signatures = new Map<string, SavedSignature>();
  let graph: Pick<SavedModelSummary, 'nodes' | 'functions'> = { nodes: [], functions: [] };
  let hasAssets = false;
  readFields(bytes, (field, reader) => {
    if (field === 1) info = readMetaInfo(reader.bytes());
    else if (field === 2) graph = readGraph(reader.bytes());
    else if (field === 5) {
      const { key, value } = readMapEntry(reader.bytes());
      signatures.set(key, readSignature(value));
    } else {
      hasAssets ||= field === 6;
      return false;
    }
    return true;
  });
  return { tags: info.tags, metaGraph, tensorflowVersion: info.version, signatures, ...graph, hasAssets };
}

function readMetaInfo(bytes: Uint8Array): { tags: string[]; version: string } {
  const info = { tags: [] as string[], version: '' };
  readFields(bytes, (field, reader) => {
    if (field === 4) info.tags.push(reader.string());
    else if (field === 5) info.version = reader.string();
    else return false;
    return true;
  });
  return info;
}

function readGraph(bytes: Uint8Array): Pick<SavedModelSummary, 'nodes' | 'functions'> {
  const nodes: SavedNode[] = [];
  const functions: SavedFunction[] = [];
  readFields(bytes, (field, reader) => {
    if (field === 1) nodes.push(readNode(reader.bytes()));
    else if (field === 2) functions.push(...readLibrary(reader.bytes()));
    else return false;
    return true;
  });
  return { nodes, functions };
}

function readLibrary(bytes: Uint8Array): SavedFunction[] {
  const functions: SavedFunction[] = [];
  readFields(bytes, (field, reader) => {
    if (field !== 1) return false;
    functions.push(readFunction(reader.bytes()));
    return true;
  });
  return functions;
}

function readFunction(bytes: Uint8Array): SavedFunction {
  const found = { name: '', nodes: [] as SavedNode[] };
  readFields(bytes, (field, reader) => {
    // The name is the first field of its OpDef, which has the form of a node's name.
    if (field === 1) found.name = readNode(reader.bytes()).name;
    else if (field === 3) found.nodes.push(readNode(reader.bytes()));
    else return false;
    return true;
  });
  return found;
}

function readNode(bytes: Uint8Array): SavedNode {
  const node = { name: '', op: '', inputs: [] as string[], device: '', calls: [] as string[] };
  readFields(bytes, (field, reader) => {
    if (field === 1) node.name = reader.string();
    else if (field === 2) node.op = reader.string();
    else if (field === 3) node.inputs.push(reader.string());
    else if (field === 4) node.device = reader.string();
    else if (field === 5) node.calls.push(...functionsOf(readMapEntry(reader.bytes()).value, 10));
    else return false;
    return true;
  });
  return node;
}

/** Names of functions in an AttrValue (field 10) or in its list (field 9), which is its field 1. */
function functionsOf(bytes: Uint8Array, place: number): string[] {
  const names: string[] = [];
  readFields(bytes, (field, reader) => {
    if (field === place) names.push(readNode(reader.bytes()).name);
    else if (field === 1 && place === 10) names.push(...functionsOf(reader.bytes(), 9));
    else return false;
    return true;
  });
  return names;
}

function readSignature(bytes: Uint8Array): SavedSignature {
  const inputs = new Map<string, SignatureTensor>();
  const outputs = new Map<string, SignatureTensor>();
  let method = '';
  readFields(bytes, (field, reader) => {
    if (field === 1 || field === 2) {
      const { key, value } = readMapEntry(reader.bytes());
      (field === 1 ? inputs : outputs).set(key, readTensorInfo(value));
    } else if (field === 3) method = reader.string();
    else return false;
    return true;
  });
  return { inputs, outputs, method };
}

function readTensorInfo(bytes: Uint8Array): SignatureTensor {
  const info = { node: '', dtype: undefined as DataType | undefined, shape: [] as Shape | undefined };
  readFields(bytes, (field, reader) => {
    if (field === 1) info.node = reader.string();
    else if (field === 2) info.dtype = dataTypeName(readInt(reader));
    else if (field === 3) info.shape = readShape(reader.bytes());
    else return false;
    return true;
  });
  return info;
}
