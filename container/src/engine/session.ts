/**
 * The one interface between Twinvec and whatever computes: a loaded model with named signatures over named tensors.
 * The native session (TensorFlow) and the fallback session (JavaScript and WebAssembly) both implement it.
 */
import type { NamedTensors, TensorOf, TensorSpec } from '#core/tensors/tensor.ts';

export type { DType, NamedTensors, Tensor, TensorSpec } from '#core/tensors/tensor.ts';

export type Float32Tensor = TensorOf<'float32'>;
export type Int32Tensor = TensorOf<'int32'>;

export interface Signature {
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
}

export interface Session {
  readonly engine: EngineKind;
  readonly signatures: ReadonlyMap<string, Signature>;
  /** One blocking call; `outputs` picks some of the signature's outputs (all by default). */
  run(signature: string, inputs: NamedTensors, outputs?: readonly string[]): NamedTensors;
  /** Frees the model. Using the session afterwards is a bug. */
  close(): void;
}

export type EngineKind = 'tensorflow' | 'js';
/** `TWINVEC_ENGINE`: `auto` takes TensorFlow when it is there and says so in one line when it is not. */
export type EngineChoice = EngineKind | 'auto';
