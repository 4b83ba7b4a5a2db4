/**
 * A SavedModel in TensorFlow. Each run is: create the inputs, one blocking native call, copy the outputs, free all.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { decodeSavedModel, readSavedModelBytes } from '../../savedmodel/read-saved-model.ts';
import { rewriteGraph } from '../../savedmodel/rewrite-graph.ts';
import type { NamedTensors, Session, Signature, Tensor, TensorSpec } from '../session.ts';
import { requireInput, requireKnownInputs } from '../tensor-check.ts';
import { type NativeBinding, requireBinding, type TensorInfo } from './binding.ts';
import { CARRIERS, fromCarrier, toCarrier } from './carriers.ts';
import { decideSplit, type Preference, withSplitModel } from './placement.ts';
import { type RewrittenModel, writeRewrittenModel } from './rewritten-model.ts';
import { type NamedSignature, type OfferedSignatures, offeredSignatures } from './signatures.ts';
import { loadFailure, runFailure } from './tensorflow-failure.ts';

/**
 * Opens the model in `savedModelDir`, the folder that holds `saved_model.pb`. Several threads may do so at once; each
 * has its own copy of the variables.
 *
 * @param preference splits the model between GPU and host; without it TensorFlow takes the GPU for everything.
 * @throws TwinvecError EngineUnavailable, InvalidArtifact.
 */
export function openNativeSession(savedModelDir: string, preference?: Preference): Session {
  const binding = requireBinding();
  if (preference && decideSplit(preference, binding.isUsingGpuDevice())) {
    return withSplitModel(savedModelDir, preference.signatures, (folder) => openFolder(binding, folder));
  }
  return openFolder(binding, savedModelDir);
}

function openFolder(binding: NativeBinding, savedModelDir: string): Session {
  const bytes = readSavedModelBytes(savedModelDir);
  const summary = decodeSavedModel(bytes);
  const offered = offeredSignatures(summary);
  const rewrites = offered.rewrite ? [offered.rewrite] : [];
  const rewritten =
    rewrites.length === 0
      ? undefined
      : writeRewrittenModel(savedModelDir, rewriteGraph(bytes, summary.metaGraph, rewrites));
  try {
    const model = binding.loadSavedModel(rewritten?.dir ?? savedModelDir, summary.tags.join(','));
    rewritten?.loaded(summary.hasAssets);
    return new NativeSession(binding, model, offered, rewritten);
  } catch (cause) {
    rewritten?.remove();
    throw loadFailure(cause);
  }
}

/** Everything about one signature and one choice of its outputs that does not change between runs. */
interface RunPlan {
  readonly inputs: readonly (readonly [name: string, spec: TensorSpec])[];
  readonly inputNodes: string;
  readonly outputs: readonly (readonly [name: string, spec: TensorSpec])[];
  readonly outputNodes: string;
  readonly signature: Signature;
}

class NativeSession implements Session {
  readonly engine = 'tensorflow';
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly #binding: NativeBinding;
  readonly #offered: OfferedSignatures;
  readonly #plans = new Map<string, RunPlan>();
  readonly #rewritten: RewrittenModel | undefined;
  #model: number | undefined;

  constructor(
    binding: NativeBinding,
    model: number,
    offered: OfferedSignatures,
    rewritten: RewrittenModel | undefined,
  ) {
    this.#binding = binding;
    this.#model = model;
    this.#offered = offered;
    this.#rewritten = rewritten;
    this.signatures = new Map([...offered.usable].map(([name, { signature }]) => [name, signature]));
  }

  run(signature: string, inputs: NamedTensors, outputs?: readonly string[]): NamedTensors {
    if (this.#model === undefined) throw new Error('This is a bug: the session was used after it was closed');
    const plan = this.#plan(signature, outputs);
    requireKnownInputs(inputs, plan.signature.inputs);
    const checked = plan.inputs.map(([name, spec]) => requireInput(name, inputs[name], spec));
    const tensors: number[] = [];
    try {
      for (const input of checked) tensors.push(createTensor(this.#binding, input));
      const results = this.#binding.runSavedModel(this.#model, tensors.slice(), plan.inputNodes, plan.outputNodes);
      for (const { id } of results) tensors.push(id);
      return this.#readOutputs(plan, results);
    } catch (cause) {
      throw runFailure(signature, cause);
    } finally {
      for (const id of tensors) this.#binding.deleteTensor(id);
    }
  }

  close(): void {
    if (this.#model === undefined) return;
    this.#binding.deleteSavedModel(this.#model);
    this.#model = undefined;
    this.#rewritten?.remove();
  }

  #readOutputs(plan: RunPlan, results: readonly TensorInfo[]): NamedTensors {
    const named: Record<string, Tensor> = {};
    plan.outputs.forEach(([name, { dtype }], index) => {
      const { id, shape } = results[index]!;
      // The binding's array type follows from the type in the graph, which is that of the carrier.
      const carried = { dtype: CARRIERS[dtype].dtype, shape, data: this.#binding.tensorDataSync(id) };
      named[name] = fromCarrier(dtype, carried as Parameters<typeof fromCarrier>[1]);
    });
    return named;
  }

  #plan(signature: string, outputs: readonly string[] | undefined): RunPlan {
    const key = outputs === undefined ? signature : `${signature}\n${outputs.join('\n')}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = makePlan(this.#requireSignature(signature), outputs);
    this.#plans.set(key, plan);
    return plan;
  }

  #requireSignature(name: string): NamedSignature {
    const found = this.#offered.usable.get(name);
    if (found !== undefined) return found;
    const obstacle = this.#offered.unusable.get(name);
    if (obstacle !== undefined) throw new TwinvecError('InvalidArtifact', `Signature ${name} cannot run: ${obstacle}.`);
    const names = [...this.signatures.keys()].join(', ') || 'none';
    throw new TwinvecError('NotFound', `The model has no signature ${quoteForMessage(name)}; it has ${names}.`);
  }
}

function makePlan({ signature, inputNodes, outputNodes }: NamedSignature, outputs?: readonly string[]): RunPlan {
  const outputNames = outputs ?? Object.keys(signature.outputs);
  for (const name of outputNames) {
    if (!outputNodes.has(name)) throw new TwinvecError('NotFound', `There is no output ${quoteForMessage(name)}.`);
  }
  const inputNames = [...inputNodes.keys()];
  return {
    signature,
    inputs: inputNames.map((name) => [name, signature.inputs[name]!] as const),
    inputNodes: inputNames.map((name) => inputNodes.get(name)).join(','),
    outputs: outputNames.map((name) => [name, signature.outputs[name]!] as const),
    outputNodes: outputNames.map((name) => outputNodes.get(name)).join(','),
  };
}

function createTensor(binding: NativeBinding, tensor: Tensor): number {
  const { dtype, shape, data } = toCarrier(tensor);
  if (dtype === 'string') return binding.createTensor(shape, binding.TF_STRING, data);
  if (dtype === 'int32') return binding.createTensor(shape, binding.TF_INT32, unaligned(data, Int32Array));
  return binding.createTensor(shape, binding.TF_FLOAT, unaligned(data, Float32Array));
}

/** Array memory starts at a multiple of this. */
const ARRAY_ALIGNMENT_BYTES = 8;

/**
 * The same values at an address that TensorFlow cannot use in place (it wants multiples of 64), so that it always
 * copies them. Otherwise chance decides whether a variable that the graph fills from an input shares memory with the
 * caller's array, and is changed through it, or freed by TensorFlow on a thread where JavaScript memory must not be.
 */
function unaligned<T extends Float32Array | Int32Array>(
  data: T,
  TypedArray: new (buffer: ArrayBuffer, byteOffset: number, length: number) => T,
): T {
  if (data.byteOffset % ARRAY_ALIGNMENT_BYTES === 4) return data;
  const copy = new TypedArray(new ArrayBuffer(data.byteLength + 4), 4, data.length);
  copy.set(data);
  return copy;
}
