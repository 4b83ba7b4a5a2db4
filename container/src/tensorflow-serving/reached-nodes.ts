/**
 * Which nodes of a SavedModel run when a signature is called: a graph also holds what only loading runs, such as a
 * saver's nodes, and what nothing runs any more.
 */
import type { SavedModelSummary, SavedNode, SavedSignature } from '../savedmodel/read-saved-model.ts';

export class ReachedNodes {
  readonly #nodes: ReadonlyMap<string, SavedNode>;
  readonly #functions: ReadonlyMap<string, readonly SavedNode[]>;

  constructor({ nodes, functions }: Pick<SavedModelSummary, 'nodes' | 'functions'>) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#functions = new Map(functions.map(({ name, nodes: inside }) => [name, inside]));
  }

  /** Each node once: those that the outputs need, and everything in the functions that they call. */
  *of({ outputs }: Pick<SavedSignature, 'outputs'>): Generator<SavedNode> {
    const seen = new Set<SavedNode>();
    const inGraph = this.#named([...outputs.values()].map(({ node }) => node));
    const inFunctions: SavedNode[] = [];
    for (;;) {
      const outer = inGraph.pop();
      const node = outer ?? inFunctions.pop();
      if (!node) return;
      if (seen.has(node)) continue;
      seen.add(node);
      yield node;
      // Inputs within a function are names of its own, and all of a function runs: what it does for its effects alone
      // is no input of its results.
      if (outer) inGraph.push(...this.#named(node.inputs));
      inFunctions.push(...[node.op, ...node.calls].flatMap((name) => this.#functions.get(name) ?? []));
    }
  }

  #named(tensors: readonly string[]): SavedNode[] {
    return tensors.map((tensor) => this.#nodes.get(nodeOf(tensor))).filter((node) => node !== undefined);
  }
}

/** `^control`, `name:1` and `name` to `name`. */
function nodeOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:\d+$/, '');
}
