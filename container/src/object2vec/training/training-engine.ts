/**
 * What the training loop needs from whatever computes. Both back ends of the graph implement it.
 */
import type { TokenRows } from '#core/object2vec/token-rows.ts';
import type { EngineKind } from '../../engine/session.ts';

export interface TrainingBatch {
  readonly in0: TokenRows;
  readonly in1: TokenRows;
  /** One per row: the class index for softmax, the value for regression. */
  readonly labels: Float32Array;
}

export interface StepOutcome {
  /** The batch's mean cross-entropy or squared error, before the step. */
  readonly loss: number;
  /** Rows whose class the network found before the step, with dropout as in the loss; absent for regression. */
  readonly correct?: number;
}

export interface TrainingEngine {
  readonly engine: EngineKind;
  /**
   * One optimiser step: one native call.
   * @param progress the part of the job that is done, 0 to 1, which a learning rate's schedule follows; 0 by default
   */
  step(batch: TrainingBatch, progress?: number): StepOutcome;
  /** Forward only, without dropout: [rows x output width], probabilities or predicted values. */
  predict(in0: TokenRows, in1: TokenRows): Float32Array;
  /** Writes the weights (not the optimiser's state) as a TensorFlow bundle: `<prefix>.index` and `<prefix>.data-*`. */
  saveWeights(prefix: string): Promise<void>;
  /** Steps that the weights have behind them. */
  readonly steps: number;
  /** About the size of what `saveWeights` and `saveState` write. */
  readonly weightBytes: number;
  readonly stateBytes: number;
  /** Writes all that a step changes, weights and the optimiser's memory, as a TensorFlow bundle. */
  saveState(prefix: string): Promise<void>;
  /**
   * Goes on from what `saveState` of either engine wrote after so many steps, as if it had made those steps itself.
   * @throws TwinvecError InvalidArtifact when the bundle is not of this network and optimiser
   */
  restoreState(prefix: string, steps: number): Promise<void>;
  close(): void;
}
