/**
 * Builds an ONNX model node by node and writes it as ONNX's protobuf (onnx/onnx.proto), so that onnxruntime can run
 * a network of ours that shares no code with our engines.
 */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { encodeMessage, writeBytes, writeFloat, writeInt, writeMessage, writeString } from '#core/protobuf/wire.ts';

/** Operator set 17 and the format version of its time (ONNX 1.12). */
const OPSET = 17;
const IR_VERSION = 8;

/** TensorProto.DataType. */
const TYPES = { float32: 1, int32: 6, int64: 7 } as const;
type ElementType = keyof typeof TYPES;

/** AttributeProto: its field, and AttributeProto.AttributeType. */
const FLOAT_ATTRIBUTE = { field: 2, type: 1 } as const;
const INT_ATTRIBUTE = { field: 3, type: 2 } as const;
const STRING_ATTRIBUTE = { field: 4, type: 3 } as const;
const INTS_ATTRIBUTE = { field: 8, type: 7 } as const;

/** A number is written as an int; floats are `{ float }`. */
export type OnnxAttributes = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>;

/** A size by number, or by a name that equal sizes share. */
export type OnnxShape = readonly (number | string)[];

interface NamedType {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: OnnxShape;
}

export class OnnxModelBuilder {
  readonly #writeNodes: ((graph: BinaryWriter) => void)[] = [];
  readonly #writeConstants: ((graph: BinaryWriter) => void)[] = [];
  readonly #constants = new Map<string, string>();
  readonly #inputs: NamedType[] = [];
  readonly #outputs: NamedType[] = [];
  #made = 0;

  input(name: string, type: ElementType, shape: OnnxShape): string {
    if (this.#inputs.every((known) => known.name !== name)) this.#inputs.push({ name, type, shape });
    return name;
  }

  /** Gives the float32 tensor `source` to the caller as `name`. */
  output(name: string, source: string, shape: OnnxShape): void {
    this.#writeNodes.push((graph) => writeNode(graph, 'Identity', [source], [name], {}));
    this.#outputs.push({ name, type: 'float32', shape });
  }

  /** Adds a node and answers the name of its first output; an empty name among `inputs` leaves that input out. */
  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    const name = `${op}_${this.#made++}`;
    this.#writeNodes.push((graph) => writeNode(graph, op, inputs, [name], attributes));
    return name;
  }

  /** A constant, written once for each name. */
  weight(name: string, shape: readonly number[], data: Float32Array): string {
    return this.#constant(name, 'float32', shape, data);
  }

  ints(values: readonly number[]): string {
    return this.#constant(`ints ${values}`, 'int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  float(value: number): string {
    return this.#constant(`float ${value}`, 'float32', [], Float32Array.of(value));
  }

  encode(): Uint8Array {
    return encodeMessage((model) => {
      writeInt(model, 1, IR_VERSION);
      writeMessage(model, 7, (graph) => {
        for (const write of this.#writeNodes) write(graph);
        writeString(graph, 2, 'twinvec');
        for (const write of this.#writeConstants) write(graph);
        for (const input of this.#inputs) writeMessage(graph, 11, (info) => writeValueInfo(info, input));
        for (const output of this.#outputs) writeMessage(graph, 12, (info) => writeValueInfo(info, output));
      });
      writeMessage(model, 8, (opset) => {
        writeString(opset, 1, '');
        writeInt(opset, 2, OPSET);
      });
    });
  }

  #constant(name: string, type: ElementType, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    const known = this.#constants.get(name);
    if (known) return known;
    this.#constants.set(name, name);
    this.#writeConstants.push((graph) =>
      writeMessage(graph, 5, (tensor) => {
        for (const size of shape) writeInt(tensor, 1, size);
        writeInt(tensor, 2, TYPES[type]);
        writeString(tensor, 8, name);
        writeBytes(tensor, 9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }),
    );
    return name;
  }
}

function writeNode(
  graph: BinaryWriter,
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxAttributes,
): void {
  writeMessage(graph, 1, (node) => {
    for (const input of inputs) writeString(node, 1, input);
    for (const output of outputs) writeString(node, 2, output);
    writeString(node, 4, op);
    for (const [name, value] of Object.entries(attributes)) {
      writeMessage(node, 5, (attribute) => writeAttribute(attribute, name, value));
    }
  });
}

function writeAttribute(attribute: BinaryWriter, name: string, value: OnnxAttributes[string]): void {
  const ofType = ({ type }: { readonly type: number }) => writeInt(attribute, 20, type);
  writeString(attribute, 1, name);
  if (typeof value === 'number') {
    writeInt(attribute, INT_ATTRIBUTE.field, value);
    ofType(INT_ATTRIBUTE);
  } else if (typeof value === 'string') {
    writeString(attribute, STRING_ATTRIBUTE.field, value);
    ofType(STRING_ATTRIBUTE);
  } else if ('float' in value) {
    writeFloat(attribute, FLOAT_ATTRIBUTE.field, value.float);
    ofType(FLOAT_ATTRIBUTE);
  } else {
    for (const item of value) writeInt(attribute, INTS_ATTRIBUTE.field, item);
    ofType(INTS_ATTRIBUTE);
  }
}

function writeValueInfo(info: BinaryWriter, { name, type, shape }: NamedType): void {
  writeString(info, 1, name);
  writeMessage(info, 2, (typed) =>
    writeMessage(typed, 1, (tensor) => {
      writeInt(tensor, 1, TYPES[type]);
      writeMessage(tensor, 2, (sizes) => {
        for (const size of shape) {
          writeMessage(sizes, 1, (dim) => {
            if (typeof size === 'number') writeInt(dim, 1, size);
            else writeString(dim, 2, size);
          });
        }
      });
    }),
  );
}
