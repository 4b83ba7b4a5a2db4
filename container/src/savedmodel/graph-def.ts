/**
 * Builds a TensorFlow GraphDef node by node. Resource variables that it declares are remembered, so that the
 * SavedModel writer can restore them when the model is loaded.
 */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { encodeMessage, writeInt, writeMapEntry, writeMessage, writeString } from '#core/protobuf/wire.ts';
import { type Attributes, attr } from './attributes.ts';
import type { DataType } from './data-type.ts';
import type { ConstantTensor } from './tensor-proto.ts';
import type { Shape } from './tensor-shape.ts';

/** TF_GRAPH_DEF_VERSION of TensorFlow 2.21 (core/public/version.h). Older readers accept it: min_consumer is 0. */
const PRODUCER_VERSION = 2474;

/** What TensorFlow accepts as a node name (core/framework/node_def_util.cc). */
const NODE_NAME = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/;

export interface GraphNode {
  readonly op: string;
  readonly name: string;
  /** `node` is its output 0, `node:k` its output k, `^node` a control input. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
  /** Where it must run, such as `/device:CPU:0`; TensorFlow's choice when absent. */
  readonly device?: string;
}

export interface VariableOptions {
  readonly name: string;
  readonly shape: Shape;
  /** @default 'float32' */
  readonly dtype?: 'float32' | 'int32' | 'int64';
  /** Whether loading the model fills it from the bundle under its name. @default true */
  readonly restored?: boolean;
}

export interface GraphVariable {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32' | 'int64';
  readonly restored: boolean;
  /** The resource handle, as input of ReadVariableOp, ResourceGather, ResourceApplyAdam and so on. */
  readonly handle: string;
}

export class GraphDefBuilder {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #variables = new Map<string, GraphVariable>();

  get nodes(): Iterable<GraphNode> {
    return this.#nodes.values();
  }

  get variables(): readonly GraphVariable[] {
    return [...this.#variables.values()];
  }

  has(name: string): boolean {
    return this.#nodes.has(name);
  }

  /**
   * Adds a node. Attributes with a default in TensorFlow's op registry may be left out.
   *
   * @param name made unique by a number when it is taken.
   * @returns the name to use as input of other nodes.
   */
  node(op: string, name: string, inputs: readonly string[] = [], attributes: Attributes = {}): string {
    if (!NODE_NAME.test(name)) throw new RangeError(`TensorFlow takes no node name like ${JSON.stringify(name)}.`);
    const unique = this.#unique(name);
    for (const input of inputs) this.#requireNode(input, unique);
    // TensorFlow wants control inputs after all others.
    const ordered = [...inputs.filter((input) => input[0] !== '^'), ...inputs.filter((input) => input[0] === '^')];
    this.#nodes.set(unique, { op, name: unique, inputs: ordered, attributes });
    return unique;
  }

  /** Adds an input to a node that is there already, which is how a loop is closed. */
  connect(name: string, input: string): void {
    this.#requireNode(input, name);
    const node = this.#nodes.get(name);
    if (!node) throw new RangeError(`There is no node ${name}.`);
    this.#nodes.set(name, { ...node, inputs: [...node.inputs, input] });
  }

  /** `after`: nodes to run first; a constant inside a loop needs one of the loop's. */
  constant(name: string, value: ConstantTensor, after: readonly string[] = []): string {
    const controls = after.map((node) => `^${nodeNameOf(node)}`);
    return this.node('Const', name, controls, { dtype: attr.type(value.dtype), value: attr.tensor(value) });
  }

  /** `shape` undefined is any number of dimensions. */
  placeholder(name: string, dtype: DataType, shape: Shape | undefined): string {
    return this.node('Placeholder', name, [], { dtype: attr.type(dtype), shape: attr.shape(shape) });
  }

  /** Declares a resource variable: a VarHandleOp whose `shared_name` is its name in the bundle. */
  variable(options: VariableOptions): GraphVariable {
    const { name, shape, dtype = 'float32', restored = true } = options;
    if (this.#nodes.has(name)) throw new RangeError(`There is already a node named ${JSON.stringify(name)}.`);
    const handle = this.node('VarHandleOp', name, [], {
      dtype: attr.type(dtype),
      shape: attr.shape(shape),
      shared_name: attr.string(name),
      container: attr.string(''),
    });
    const variable: GraphVariable = { name, shape, dtype, restored, handle };
    this.#variables.set(name, variable);
    return variable;
  }

  /** The variable's value. Every dense read of one variable shares the node: see `<name>/Read/ReadVariableOp`. */
  read(variable: GraphVariable): string {
    const name = `${variable.name}/Read/ReadVariableOp`;
    if (this.#nodes.has(name)) return name;
    return this.node('ReadVariableOp', name, [variable.handle], { dtype: attr.type(variable.dtype) });
  }

  writeFields(writer: BinaryWriter): void {
    for (const node of this.#nodes.values()) writeMessage(writer, 1, (fields) => writeNodeFields(fields, node));
    writeMessage(writer, 4, (versions) => writeInt(versions, 1, PRODUCER_VERSION));
  }

  #unique(name: string): string {
    if (!this.#nodes.has(name)) return name;
    for (let suffix = 1; ; suffix++) {
      const candidate = `${name}_${suffix}`;
      if (!this.#nodes.has(candidate)) return candidate;
    }
  }

  #requireNode(input: string, reader: string): void {
    const name = nodeNameOf(input);
    if (!this.#nodes.has(name)) throw new RangeError(`Node ${reader} reads ${input}, which does not exist yet.`);
  }
}

/** `^a`, `a` and `a:1` all name node `a`. */
export function nodeNameOf(input: string): string {
  const start = input.startsWith('^') ? 1 : 0;
  const colon = input.indexOf(':');
  return input.slice(start, colon < 0 ? undefined : colon);
}

/** The bytes of one NodeDef. */
export function encodeNode(node: GraphNode): Uint8Array {
  return encodeMessage((fields) => writeNodeFields(fields, node));
}

function writeNodeFields(writer: BinaryWriter, node: GraphNode): void {
  writeString(writer, 1, node.name);
  writeString(writer, 2, node.op);
  for (const input of node.inputs) writeString(writer, 3, input);
  if (node.device !== undefined) writeString(writer, 4, node.device);
  for (const [name, attribute] of Object.entries(node.attributes)) writeMapEntry(writer, 5, name, attribute);
}
