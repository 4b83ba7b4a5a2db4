/**
 * Calls that get a model's first, slow run over before a request waits for it: zeros, one row, for signatures of which
 * shapes are known and that leave no trace. The values mean nothing to the model, so a refusal of them means nothing.
 */
import { NUMBER_ARRAYS } from '#core/tensors/number-arrays.ts';
import type { TensorSignatures } from '#core/tensors/signature.ts';
import { elementCount, type NamedTensors, type Tensor, type TensorSpec } from '#core/tensors/tensor.ts';
import type { WarmUpCall } from '../engine/engine-call.ts';
import { slotsPerValue } from '../engine/tensor-rows.ts';
import type { SavedModelSummary, SavedNode, SavedSignature } from '../savedmodel/read-saved-model.ts';

/** Of all inputs of a call: larger ones would cost more at start than they save. */
const MAX_VALUES = 16_777_216;
/** Operations that change what later runs see, or wait for another run: by these words in their names. */
const HAS_EFFECTS =
  /Assign|Scatter(Nd)?(Update|Add|Sub|Mul|Div|Min|Max)|Apply|Random|Multinomial|LookupTable(Insert|Import|Remove)|Queue|StackP|Barrier|Iterator|Dataset|Mutable|CountUpTo|Print|Write|Stage|Send|Recv|PyFunc/;
/** Of those names, operations without effects after all. */
const NO_EFFECTS = /^(TensorArray|Stateless)/;

/** @param signatures as callers see them: an input with an image recipe takes strings, of which there is no zero. */
export function zeroCalls(model: SavedModelSummary, signatures: TensorSignatures): readonly WarmUpCall[] {
  const graph = new Reach(model);
  return [...signatures].flatMap(([name, { inputs }]) => {
    const zeros = zerosOf(inputs);
    const saved = model.signatures.get(name);
    if (!zeros || !saved || graph.hasEffects(saved)) return [];
    return [{ signature: name, inputs: zeros, rows: undefined, takesNonFinite: true, mayFail: true } as const];
  });
}

/** Undefined where a string is asked for, or a shape is open beyond the number of rows. */
function zerosOf(inputs: Readonly<Record<string, TensorSpec>>): NamedTensors | undefined {
  const zeros: Record<string, Tensor> = {};
  let values = 0;
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    if (dtype === 'string' || !shape?.every((size, at) => size >= 0 || at === 0)) return undefined;
    const sizes = shape.map(Math.abs);
    values += elementCount(sizes);
    if (values > MAX_VALUES) return undefined;
    const data = new NUMBER_ARRAYS[dtype](elementCount(sizes) * slotsPerValue(dtype));
    zeros[name] = { dtype, shape: sizes, data } as unknown as Tensor;
  }
  return zeros;
}

/** Which operations run for a signature, those of the functions that it calls included. */
class Reach {
  readonly #nodes: ReadonlyMap<string, SavedNode>;
  readonly #functions: ReadonlyMap<string, readonly SavedNode[]>;

  constructor({ nodes, functions }: SavedModelSummary) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#functions = new Map(functions.map(({ name, nodes: inside }) => [name, inside]));
  }

  hasEffects({ outputs }: SavedSignature): boolean {
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
