/**
 * One call of one signature, as it travels to an engine worker and back.
 */
import type { NamedTensors } from './session.ts';

export interface EngineCall {
  readonly signature: string;
  readonly inputs: NamedTensors;
  /** Outputs to fetch; all when absent. */
  readonly outputs?: readonly string[];
  /**
   * First dimension of every output. Anything else is a broken model, and nobody gets another's row. Undefined for the
   * call of one whole request, whose outputs need not be rows.
   */
  readonly rows: number | undefined;
  /** How many of `rows`, at the end, belong to nobody and are cut from the outputs. */
  readonly padding?: number;
  /** NaN and infinity are answers like any other. */
  readonly takesNonFinite?: true;
}

export interface WarmUpCall extends EngineCall {
  /** Its values are our invention: a model that refuses them is not broken, and the log says so. */
  readonly mayFail?: true;
}

export interface EngineResult {
  readonly outputs: NamedTensors;
  /** False when some output holds NaN or infinity; the owner of those rows is found only then. */
  readonly finite: boolean;
  /** Time inside the engine. */
  readonly inferenceMs: number;
}

/** Anything that runs engine calls: the worker pool, or a session in the same thread in tests. */
export interface EngineRunner {
  /** True while a call sent now starts at once or as soon as the running one ends. */
  hasSlot(): boolean;
  /** Rejects with a TwinvecError: EngineLost, ModelFailed, OutOfMemory. */
  run(call: EngineCall): Promise<EngineResult>;
  /** Called whenever a slot may have become free. */
  onSlot: () => void;
}
