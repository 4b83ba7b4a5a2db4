/**
 * Runs a graph in JavaScript: every node once, inputs first, updates of parameters last.
 */
import type { Graph, GraphSignature } from '../../graph/graph.ts';
import { inRunningOrder } from '../../graph/graph.ts';
import { type Node, textAttribute } from '../../graph/node.ts';
import type { OperationName } from '../../graph/operations/table.ts';
import type { NamedTensors } from '../session.ts';
import type { KernelTools } from './kernels/kernel.ts';
import { KERNELS } from './kernels/table.ts';
import { RunMemory } from './run-memory.ts';
import { floats, type Value } from './value.ts';
import { WasmMatmul } from './wasm-matmul.ts';

export class GraphExecutor {
  readonly #graph: Graph;
  readonly #plans: ReadonlyMap<string, readonly Node[]>;
  readonly #matmul: WasmMatmul;
  readonly #parameters: ReadonlyMap<string, Value>;

  private constructor(graph: Graph, matmul: WasmMatmul, values: ReadonlyMap<string, Float32Array>) {
    this.#graph = graph;
    this.#matmul = matmul;
    this.#plans = new Map([...graph.signatures].map(([name, signature]) => [name, plan(signature)]));
    this.#parameters = new Map(
      graph.parameters.map(({ name, shape }) => {
        const data = values.get(name);
        if (!data) throw new Error(`parameter ${name} has no value`);
        matmul.keep(data);
        return [name, floats(shape, data)];
      }),
    );
  }

  /** `values` holds every parameter of the graph; the arrays are used in place, and changed by updates. */
  static async open(graph: Graph, values: ReadonlyMap<string, Float32Array>): Promise<GraphExecutor> {
    return new GraphExecutor(graph, await WasmMatmul.open(), values);
  }

  /** `inputs` by the names of the signature; answers `outputs`, all of the signature's by default. */
  run(signatureName: string, inputs: NamedTensors, outputs?: readonly string[]): Readonly<Record<string, Value>> {
    const signature = this.#graph.signatures.get(signatureName);
    const order = this.#plans.get(signatureName);
    if (!signature || !order) throw new Error(`there is no signature ${signatureName}`);
    const results = new Map<number, Value>();
    const memory = new RunMemory();
    const tools: KernelTools = {
      matmul: this.#matmul,
      once: (work, sources, make) => memory.once(work, sources, make),
    };
    for (const node of order) results.set(node.id, this.#compute(node, inputs, results, tools));
    const wanted = outputs ?? Object.keys(signature.outputs);
    return Object.fromEntries(
      wanted.map((name) => {
        const value = results.get(signature.outputs[name]?.id ?? -1);
        if (!value) throw new Error(`signature ${signatureName} has no output ${name}`);
        return [name, value];
      }),
    );
  }

  /** The values of parameters were changed from outside: copies of them are out of date. */
  parametersChanged(): void {
    for (const { data } of this.#parameters.values()) if (data instanceof Float32Array) this.#matmul.changed(data);
  }

  close(): void {
    this.#matmul.close();
  }

  #compute(node: Node, inputs: NamedTensors, results: ReadonlyMap<number, Value>, tools: KernelTools): Value {
    if (node.operation === 'input' || node.operation === 'parameter') {
      const name = textAttribute(node.attributes, 'name');
      const value = node.operation === 'input' ? inputs[name] : this.#parameters.get(name);
      if (value?.dtype === 'float32' || value?.dtype === 'int32') return value;
      throw new Error(`${node.operation} ${name} has no number values`);
    }
    const sources = node.inputs.map((source) => results.get(source.id)!);
    return KERNELS[node.operation as OperationName](sources, node.attributes, tools);
  }
}

/** Nodes in the order to run them. Updates come last: everything else reads parameters as they were. */
function plan(signature: GraphSignature): readonly Node[] {
  const updates = new Set(signature.updates);
  const order = inRunningOrder([...Object.values(signature.outputs), ...signature.updates]);
  return [...order.filter((node) => !updates.has(node)), ...signature.updates];
}
