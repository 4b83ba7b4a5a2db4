/**
 * Writes a SavedModel: one graph, its signatures, and the nodes that restore its variables. TensorFlow's C API and
 * Python load the result; its layout is the one that TensorFlow Serving documents.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  encodeMessage,
  writeBool,
  writeBytes,
  writeInt,
  writeMapEntry,
  writeMessage,
  writeString,
} from '#core/protobuf/wire.ts';
import type { DType } from '#core/tensors/tensor.ts';
import { DATA_TYPES } from './data-type.ts';
import type { GraphDefBuilder, GraphVariable } from './graph-def.ts';
import { addSaver, type Saver } from './saver.ts';
import { type TensorSource, writeBundle } from './tensor-bundle-writer.ts';
import { type Shape, writeShapeFields } from './tensor-shape.ts';

const SCHEMA_VERSION = 1;
const SERVE_TAG = 'serve';
const METHOD_PREFIX = 'tensorflow/serving/';
/** The release whose formats are written; readers show it and do not compare it. */
const TENSORFLOW_VERSION = '2.21.0';
const SAVER_FORMAT_V2 = 2;

export interface TensorEndpoint {
  /** `node:k`. */
  readonly node: string;
  readonly dtype: DType;
  /** -1 is any size; undefined is any number of dimensions. */
  readonly shape: Shape | undefined;
}

export interface SignatureEndpoints {
  readonly inputs: Readonly<Record<string, TensorEndpoint>>;
  readonly outputs: Readonly<Record<string, TensorEndpoint>>;
  /** What TensorFlow Serving may do with it. @default 'predict' */
  readonly method?: 'predict' | 'classify' | 'regress';
}

export interface SavedModelParts {
  readonly graph: GraphDefBuilder;
  readonly signatures: Readonly<Record<string, SignatureEndpoints>>;
  /** The values of the restored variables. Leave out when the bundle is written separately. */
  readonly variables?: TensorSource;
}

/** Path prefix of a SavedModel's variables bundle. */
export function variablesPrefix(modelDir: string): string {
  return join(modelDir, 'variables', 'variables');
}

/**
 * Writes `saved_model.pb`, last and by renaming, so that a model folder that has it is complete.
 *
 * @param dir made when it does not exist.
 */
export async function writeSavedModel(dir: string, parts: SavedModelParts): Promise<void> {
  await mkdir(join(dir, 'variables'), { recursive: true });
  if (parts.variables) await writeBundle(variablesPrefix(dir), parts.variables);
  const bytes = encodeSavedModel(parts);
  const temporary = join(dir, `saved_model.pb.${process.pid}.partial`);
  await writeFile(temporary, bytes);
  await rename(temporary, join(dir, 'saved_model.pb'));
}

/** The bytes of `saved_model.pb`. */
export function encodeSavedModel({ graph, signatures }: SavedModelParts): Uint8Array {
  for (const [name, signature] of Object.entries(signatures)) requireEndpoints(graph, name, signature);
  const saver = addSaver(graph);
  return encodeMessage((savedModel) => {
    writeInt(savedModel, 1, SCHEMA_VERSION);
    writeMessage(savedModel, 2, (meta) => {
      writeMessage(meta, 1, writeMetaInfo);
      writeMessage(meta, 2, (fields) => graph.writeFields(fields));
      if (saver) writeSaver(meta, saver);
      writeVariableCollections(
        meta,
        graph.variables.filter((one) => one.restored),
      );
      for (const [name, signature] of Object.entries(signatures)) {
        writeMapEntry(meta, 5, name, (fields) => writeSignature(fields, signature));
      }
    });
  });
}

function requireEndpoints(graph: GraphDefBuilder, name: string, { inputs, outputs }: SignatureEndpoints): void {
  for (const { node } of [...Object.values(inputs), ...Object.values(outputs)]) {
    if (!/^[^:]+:\d+$/.test(node)) throw new RangeError(`Signature ${name}: ${node} must be written as node:output.`);
    if (!graph.has(node.slice(0, node.lastIndexOf(':')))) throw new RangeError(`Signature ${name}: no node ${node}.`);
  }
}

function writeMetaInfo(info: BinaryWriter): void {
  writeString(info, 4, SERVE_TAG);
  writeString(info, 5, TENSORFLOW_VERSION);
  writeBool(info, 7, true);
}

function writeSaver(meta: BinaryWriter, saver: Saver): void {
  writeMessage(meta, 3, (fields) => {
    writeString(fields, 1, saver.filename);
    writeString(fields, 2, saver.save);
    writeString(fields, 3, saver.restore);
    writeInt(fields, 7, SAVER_FORMAT_V2);
  });
}

/** Python's loader for graphs without an object graph finds the variables in these two collections. */
function writeVariableCollections(meta: BinaryWriter, variables: readonly GraphVariable[]): void {
  if (variables.length === 0) return;
  for (const collection of ['variables', 'trainable_variables']) {
    writeMapEntry(meta, 4, collection, (fields) =>
      writeMessage(fields, 2, (list) => {
        for (const variable of variables) writeBytes(list, 1, encodeVariable(variable));
      }),
    );
  }
}

function encodeVariable({ name, handle }: GraphVariable): Uint8Array {
  return encodeMessage((fields) => {
    writeString(fields, 1, `${handle}:0`);
    writeString(fields, 2, `${name}/Assign`);
    writeString(fields, 3, `${name}/Read/ReadVariableOp:0`);
    writeBool(fields, 5, true);
    writeString(fields, 6, `${name}/Initializer/value:0`);
    writeBool(fields, 7, true);
  });
}

function writeSignature(writer: BinaryWriter, { inputs, outputs, method = 'predict' }: SignatureEndpoints): void {
  for (const [name, endpoint] of Object.entries(inputs)) writeEndpoint(writer, 1, name, endpoint);
  for (const [name, endpoint] of Object.entries(outputs)) writeEndpoint(writer, 2, name, endpoint);
  writeString(writer, 3, `${METHOD_PREFIX}${method}`);
}

function writeEndpoint(writer: BinaryWriter, field: number, name: string, endpoint: TensorEndpoint): void {
  writeMapEntry(writer, field, name, (info) => {
    writeString(info, 1, endpoint.node);
    writeInt(info, 2, DATA_TYPES[endpoint.dtype]);
    writeMessage(info, 3, (shape) => writeShapeFields(shape, endpoint.shape));
  });
}
