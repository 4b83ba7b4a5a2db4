/**
 * Whether a call of a model leaves a trace that later calls see, or depends on others: such a call is not made for the
 * sake of warming up, and such a model is not run in several copies.
 */
import type { SavedModelSummary, SavedNode, SavedSignature } from '../savedmodel/read-saved-model.ts';

/** Operations that change what later runs see, or wait for another run: by these words in their names. */
const HAS_EFFECTS =
  /Assign|Scatter(Nd)?(Update|Add|Sub|Mul|Div|Min|Max)|Apply|Random|Multinomial|LookupTable(Insert|Import|Remove)|Queue|StackP|Barrier|Iterator|Dataset|Mutable|CountUpTo|Print|Write|Stage|Send|Recv|PyFunc/;
/** Of those names, operations without effects after all. */
const NO_EFFECTS = /^(TensorArray|Stateless)/;

/** Looks at the operations that run for a signature, those of the functions that it calls included. */
export class Effects {
  readonly #signatures: readonly SavedSignature[];
  readonly #nodes: ReadonlyMap<string, SavedNode>;
  readonly #functions: ReadonlyMap<string, readonly SavedNode[]>;

  constructor({ nodes, functions, signatures }: SavedModelSummary) {
    this.#signatures = [...signatures.values()];
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#functions = new Map(functions.map(({ name, nodes: inside }) => [name, inside]));
  }

  /** Whether calls of one signature or another leave a trace. */
  get any(): boolean {
    return this.#signatures.some((signature) => this.has(signature));
  }

  has({ outputs }: SavedSignature): boolean {
    const seen = new Set<SavedNode>();
    const waiting = this.#named([...outputs.values()].map(({ node }) => node));
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (changesState(node.op)) return true;
      // Everything in a function counts: what it does for its effects alone is no input of its results.
      const called = [node.op, ...node.calls].flatMap((name) => this.#functions.get(name) ?? []);
      waiting.push(...this.#named(node.inputs), ...called);
    }
    return false;
  }

  #named(tensors: readonly string[]): SavedNode[] {
    return tensors.map((tensor) => this.#nodes.get(nodeOf(tensor))).filter((node) => node !== undefined);
  }
}

function changesState(op: string): boolean {
  return HAS_EFFECTS.test(op) && !NO_EFFECTS.test(op);
}

/** `^control`, `name:1` and `name` to `name`. */
function nodeOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:\d+$/, '');
}
