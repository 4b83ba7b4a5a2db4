/**
 * How one operation of our graph becomes TensorFlow nodes.
 */
import { type Attributes, attr } from '../../savedmodel/attributes.ts';
import type { GraphDefBuilder, GraphVariable } from '../../savedmodel/graph-def.ts';
import { float32Scalar, int32Scalar, int32Vector } from '../../savedmodel/tensor-proto.ts';
import type { Node } from '../node.ts';

/** What an operation's lowering may use. Inputs and results are TensorFlow tensor names such as `mean` or `loss:1`. */
export interface Lowering {
  readonly graph: GraphDefBuilder;
  /** A TensorFlow node. Attributes that TensorFlow infers a default for may be left out; `T` is float32 unless given. */
  node(op: string, inputs: readonly string[], attributes?: Attributes): string;
  /** As `node`, without the attribute `T`. */
  untyped(op: string, inputs: readonly string[], attributes?: Attributes): string;
  /** The same op on the same inputs, made once: for ops of which two of our operations each read one output. */
  shared(op: string, inputs: readonly string[], attributes: Attributes): string;
  /** The tensor of any node: for operations that are cheaper together than one after the other. */
  tensor(node: Node): string;
  float(value: number): string;
  int(value: number): string;
  ints(values: readonly number[]): string;
  /** The resource behind a parameter node; undefined for any other node. */
  variable(node: Node | undefined): GraphVariable | undefined;
  /** A node, without the attribute `T`, that changes variables: it waits until its signature has read everything. */
  change(op: string, inputs: readonly string[], attributes?: Attributes): string;
}

export type LowerOperation = (lower: Lowering, inputs: readonly string[], node: Node) => string;

export const FLOAT = { T: attr.type('float32') } as const;
export const INT = { T: attr.type('int32') } as const;

export class NodeLowering implements Lowering {
  readonly graph: GraphDefBuilder;
  readonly #scope: string;
  readonly #variables: ReadonlyMap<string, GraphVariable>;
  readonly #shared: Map<string, string>;
  readonly #afterReads: readonly string[];
  readonly tensor: (node: Node) => string;

  /** @param afterReads control inputs of what changes variables */
  constructor(
    graph: GraphDefBuilder,
    scope: string,
    variables: ReadonlyMap<string, GraphVariable>,
    shared: Map<string, string>,
    tensor: (node: Node) => string,
    afterReads: readonly string[] = [],
  ) {
    this.graph = graph;
    this.#scope = scope;
    this.#variables = variables;
    this.#shared = shared;
    this.tensor = tensor;
    this.#afterReads = afterReads;
  }

  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.untyped(op, inputs, { ...FLOAT, ...attributes });
  }

  untyped(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.graph.node(op, `${this.#scope}/${op}`, inputs, attributes);
  }

  change(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.untyped(op, [...inputs, ...this.#afterReads], attributes);
  }

  shared(op: string, inputs: readonly string[], attributes: Attributes): string {
    return this.#once(`${op}(${inputs.join()})`, () => this.untyped(op, inputs, attributes));
  }

  float(value: number): string {
    return this.#once(`float ${value}`, () => this.graph.constant('constants/float', float32Scalar(value)));
  }

  int(value: number): string {
    return this.#once(`int ${value}`, () => this.graph.constant('constants/int', int32Scalar(value)));
  }

  ints(values: readonly number[]): string {
    return this.#once(`ints ${values.join()}`, () => this.graph.constant('constants/ints', int32Vector(values)));
  }

  variable(node: Node | undefined): GraphVariable | undefined {
    return node?.operation === 'parameter' ? this.#variables.get(String(node.attributes.name)) : undefined;
  }

  #once(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }
}
