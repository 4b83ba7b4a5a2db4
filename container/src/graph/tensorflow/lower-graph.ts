/**
 * Turns a graph of ours into a TensorFlow GraphDef with one signature for each of ours.
 */
import { attr } from '../../savedmodel/attributes.ts';
import { GraphDefBuilder, type GraphVariable } from '../../savedmodel/graph-def.ts';
import type { SavedModelParts, SignatureEndpoints, TensorEndpoint } from '../../savedmodel/saved-model.ts';
import { type Graph, type GraphSignature, inRunningOrder } from '../graph.ts';
import { type Node, textAttribute } from '../node.ts';
import type { OperationName } from '../operations/table.ts';
import { NodeLowering } from './lowering.ts';
import { LOWERINGS } from './operations/table.ts';

export interface LoweredGraph {
  readonly graph: GraphDefBuilder;
  readonly variables: ReadonlyMap<string, GraphVariable>;
  readonly signatures: SavedModelParts['signatures'];
}

/** Weights become variables that loading restores; an optimiser's memory becomes variables that it does not. */
export function lowerGraph({ parameters, signatures }: Graph): LoweredGraph {
  const graph = new GraphDefBuilder();
  const variables = new Map(
    parameters.map(({ name, shape, role }) => [name, graph.variable({ name, shape, restored: role === 'weight' })]),
  );
  const lowered = new GraphLowering(graph, variables);
  return {
    graph,
    variables,
    signatures: Object.fromEntries(
      [...signatures].map(([name, signature]) => [name, lowered.signature(name, signature)]),
    ),
  };
}

class GraphLowering {
  readonly #graph: GraphDefBuilder;
  readonly #variables: ReadonlyMap<string, GraphVariable>;
  readonly #tensors = new Map<number, string>();
  readonly #shared = new Map<string, string>();

  constructor(graph: GraphDefBuilder, variables: ReadonlyMap<string, GraphVariable>) {
    this.#graph = graph;
    this.#variables = variables;
  }

  signature(name: string, { inputs, outputs, updates }: GraphSignature): SignatureEndpoints {
    const sources = updates.flatMap((update) => update.inputs);
    for (const node of inRunningOrder([...Object.values(outputs), ...sources])) this.#lower(node);
    const done = this.#update(name, updates, [...sources, ...Object.values(outputs)]);
    return {
      inputs: Object.fromEntries(Object.entries(inputs).map(([key, node]) => [key, endpoint(this.#lower(node), node)])),
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([key, node]) => {
          const tensor = this.#tools(`${name}/${key}`).node('Identity', [this.#lower(node), ...done], {
            T: attr.type(node.type),
          });
          return [key, endpoint(tensor, node)];
        }),
      ),
    };
  }

  /** Control inputs for what must come after all updates. */
  #update(name: string, updates: readonly Node[], reads: readonly Node[]): string[] {
    if (updates.length === 0) return [];
    const computed = reads
      .filter((node) => node.operation !== 'parameter')
      .map((node) => controlInput(this.#lower(node)));
    const barrier = this.#graph.node('NoOp', `${name}/reads_done`, [...new Set(computed)]);
    return updates.map((node) => {
      const tools = this.#tools(`${name}/${node.operation}`, [`^${barrier}`]);
      return controlInput(LOWERINGS[node.operation as OperationName](tools, this.#inputs(node), node));
    });
  }

  #lower(node: Node): string {
    const known = this.#tensors.get(node.id);
    if (known) return known;
    const tensor = this.#make(node);
    this.#tensors.set(node.id, tensor);
    return tensor;
  }

  #make(node: Node): string {
    if (node.operation === 'input') {
      return this.#graph.placeholder(`inputs/${textAttribute(node.attributes, 'name')}`, node.type, sizes(node));
    }
    if (node.operation === 'parameter') {
      const variable = this.#variables.get(textAttribute(node.attributes, 'name'));
      if (!variable) throw new Error(`parameter ${node.attributes.name} is not one of the graph's`);
      return this.#graph.read(variable);
    }
    return LOWERINGS[node.operation as OperationName](this.#tools(node.operation), this.#inputs(node), node);
  }

  #inputs(node: Node): string[] {
    return node.inputs.map((source) => this.#lower(source));
  }

  #tools(scope: string, afterReads: readonly string[] = []): NodeLowering {
    return new NodeLowering(this.#graph, scope, this.#variables, this.#shared, (node) => this.#lower(node), afterReads);
  }
}

function endpoint(tensor: string, node: Node): TensorEndpoint {
  return { node: tensor.includes(':') ? tensor : `${tensor}:0`, dtype: node.type, shape: sizes(node) };
}

/** Sizes that only running tells are -1. */
function sizes(node: Node): number[] {
  return node.shape.map((size) => (typeof size === 'number' ? size : -1));
}

function controlInput(tensor: string): string {
  return `^${tensor.split(':')[0]}`;
}
