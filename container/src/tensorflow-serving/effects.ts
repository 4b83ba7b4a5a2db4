/**
 * Whether a call of a model leaves a trace that later calls see, or depends on others: such a call is not made for the
 * sake of warming up, and such a model is not run in several copies.
 */
import { isCallable } from '../engine/native/signatures.ts';
import type { SavedModelSummary, SavedSignature } from '../savedmodel/read-saved-model.ts';
import { ReachedNodes } from './reached-nodes.ts';

/** Operations that change what later runs see, or wait for another run: by these words in their names. */
const HAS_EFFECTS =
  /Assign|Scatter(Nd)?(Update|Add|Sub|Mul|Div|Min|Max)|Apply|LookupTable(Insert|Import|Remove)|Queue|StackP|Barrier|Iterator|Dataset|Mutable|CountUpTo|Print|Write|Save|Stage|Send|Recv|PyFunc|Accumulator|SessionHandle/;
/** Operations that draw numbers, from the state of a generator or a hidden one. */
const DRAWS_NUMBERS =
  /Random|Multinomial|TruncatedNormal|CandidateSampler|SampleDistorted|NonDeterministicInts|^Rng|^Stateful(Standard|Uniform)/;
/** Of those names, operations without effects after all. */
const NO_EFFECTS = /^(TensorArray|Stateless)/;

/** Looks at the operations that run for a signature, those of the functions that it calls included. */
export class Effects {
  readonly #callable: readonly SavedSignature[];
  readonly #reached: ReachedNodes;

  constructor(model: Pick<SavedModelSummary, 'nodes' | 'functions' | 'signatures'>) {
    this.#callable = [...model.signatures].filter(([name]) => isCallable(name)).map(([, signature]) => signature);
    this.#reached = new ReachedNodes(model);
  }

  /** Whether calls of one signature or another leave a trace. */
  get any(): boolean {
    return this.#callable.some((signature) => this.has(signature));
  }

  has(signature: Pick<SavedSignature, 'outputs'>): boolean {
    for (const { op } of this.#reached.of(signature)) if (changesState(op)) return true;
    return false;
  }
}

function changesState(op: string): boolean {
  return (HAS_EFFECTS.test(op) || DRAWS_NUMBERS.test(op)) && !NO_EFFECTS.test(op);
}
