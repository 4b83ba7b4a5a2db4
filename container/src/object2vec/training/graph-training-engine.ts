/**
 * The training engine over any runner of the training graph: it counts steps, and turns batches into named tensors.
 */
import { countCorrect } from '#core/object2vec/metrics.ts';
import { rowCount, rowOfEachId, type TokenRows } from '#core/object2vec/token-rows.ts';
import type { EngineKind, Float32Tensor, Int32Tensor, NamedTensors } from '../../engine/session.ts';
import type { Parameter } from '../../graph/builder.ts';
import type { Optimizer } from '../../graph/optimizers/optimizer.ts';
import { elementCount } from '../../savedmodel/tensor-shape.ts';
import type { StepOutcome, TrainingBatch, TrainingEngine } from './training-engine.ts';
import { TRAINING } from './training-graph.ts';

/** Holds the parameters and runs signatures of the training graph on them. */
export interface TrainingRunner {
  readonly engine: EngineKind;
  readonly parameters: readonly Parameter[];
  run(signature: string, inputs: NamedTensors): NamedTensors;
  saveWeights(prefix: string): Promise<void>;
  saveState(prefix: string): Promise<void>;
  restoreState(prefix: string): Promise<void>;
  close(): void;
}

/** The learning rate at step 1, 2, 3... when `progress` of the job, 0 to 1, is done. */
export type LearningRate = (step: number, progress: number) => number;

export class GraphTrainingEngine implements TrainingEngine {
  readonly #runner: TrainingRunner;
  readonly #optimizer: Optimizer;
  readonly #rateAt: LearningRate;
  readonly #classes: boolean;
  #steps = 0;

  constructor(runner: TrainingRunner, optimizer: Optimizer, rateAt: LearningRate, labels: 'classes' | 'values') {
    this.#runner = runner;
    this.#optimizer = optimizer;
    this.#rateAt = rateAt;
    this.#classes = labels === 'classes';
  }

  get engine(): EngineKind {
    return this.#runner.engine;
  }

  step({ in0, in1, labels }: TrainingBatch, progress = 0): StepOutcome {
    this.#steps += 1;
    const rate = this.#rateAt(this.#steps, progress);
    const outputs = this.#runner.run(TRAINING.train, {
      ...pairTensors(in0, in1),
      [TRAINING.labels]: this.#classes
        ? ints([labels.length], Int32Array.from(labels))
        : floats([labels.length], labels),
      [TRAINING.step]: ints([], Int32Array.of(this.#steps)),
      [TRAINING.stepSize]: floats([], Float32Array.of(this.#optimizer.stepSizeAt(this.#steps, rate))),
      [TRAINING.rate]: floats([], Float32Array.of(rate)),
    });
    const loss = floatOutput(outputs, TRAINING.loss)[0]!;
    return this.#classes ? { loss, correct: countCorrect(floatOutput(outputs, TRAINING.logits), labels) } : { loss };
  }

  predict(in0: TokenRows, in1: TokenRows): Float32Array {
    return floatOutput(this.#runner.run(TRAINING.predict, pairTensors(in0, in1)), TRAINING.scores);
  }

  saveWeights(prefix: string): Promise<void> {
    return this.#runner.saveWeights(prefix);
  }

  get steps(): number {
    return this.#steps;
  }

  get weightBytes(): number {
    return bytesOf(this.#runner.parameters.filter(({ role }) => role !== 'optimizer_state'));
  }

  get stateBytes(): number {
    return bytesOf(this.#runner.parameters);
  }

  saveState(prefix: string): Promise<void> {
    return this.#runner.saveState(prefix);
  }

  async restoreState(prefix: string, steps: number): Promise<void> {
    await this.#runner.restoreState(prefix);
    this.#steps = steps;
  }

  close(): void {
    this.#runner.close();
  }
}

function bytesOf(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { shape }) => sum + Float32Array.BYTES_PER_ELEMENT * elementCount(shape), 0);
}

/** Both sides of a batch as the flat inputs of the graph. */
function pairTensors(in0: TokenRows, in1: TokenRows): NamedTensors {
  return {
    in0_ids: ints([in0.ids.length], in0.ids),
    in0_rows: ints([in0.ids.length], rowOfEachId(in0)),
    in1_ids: ints([in1.ids.length], in1.ids),
    in1_rows: ints([in1.ids.length], rowOfEachId(in1)),
    rows: ints([], Int32Array.of(rowCount(in0))),
  };
}

function ints(shape: readonly number[], data: Int32Array): Int32Tensor {
  return { dtype: 'int32', shape, data };
}

function floats(shape: readonly number[], data: Float32Array): Float32Tensor {
  return { dtype: 'float32', shape, data };
}

function floatOutput(outputs: NamedTensors, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor?.dtype !== 'float32') throw new Error(`the training graph has no float32 output ${name}`);
  return tensor.data;
}
