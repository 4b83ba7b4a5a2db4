/**
 * What a job's weights take in memory, known before anything is read: a network that cannot fit is refused with figures
 * instead of being killed by the system hours later.
 */
import { TwinvecError } from '#core/errors.ts';
import { formatBytes } from '#core/terminal/format.ts';
import type { Graph } from '../../graph/graph.ts';
import { memoryOfProcess } from '../../process-memory.ts';

export interface TrainingMemory {
  readonly weights: number;
  /** What the optimiser remembers of the weights. */
  readonly optimizer: number;
  /** TensorFlow copies a table while it is written to a file. */
  readonly copy: number;
}

/** Bytes; without the activations of a batch, the engine's own memory and the data. */
export function trainingMemory({ parameters }: Graph): TrainingMemory {
  const bytesOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 4);
  const total = (role: string): number =>
    parameters.filter((one) => one.role === role).reduce((sum, { shape }) => sum + bytesOf(shape), 0);
  return {
    weights: total('weight'),
    optimizer: total('optimizer_state'),
    copy: parameters.reduce((largest, { shape }) => Math.max(largest, bytesOf(shape)), 0),
  };
}

export interface MachineMemory {
  /** Bytes that the process may use at most. */
  readonly whole: number;
  /** Bytes that are free for it now. */
  readonly free: number;
}

export const thisMachine = (): MachineMemory => ({ whole: memoryOfProcess(), free: process.availableMemory() });

/**
 * @returns a warning when the memory is there and others use too much of it
 * @throws TwinvecError OutOfMemory when the network can never fit
 */
export function checkTrainingMemory(graph: Graph, { whole, free }: MachineMemory): string | undefined {
  const { weights, optimizer, copy } = trainingMemory(graph);
  const needed = weights + optimizer + copy;
  if (needed <= Math.min(whole, free)) return undefined;
  const parts = `weights ${formatBytes(weights)}, optimizer ${formatBytes(optimizer)}, saving ${formatBytes(copy)}`;
  const advice =
    'Use a smaller vocabulary or enc_dim, tied_token_embedding_weight, optimizer sgd, or a machine with more memory.';
  if (needed <= whole) {
    return `Training needs about ${formatBytes(needed)} of memory (${parts}) and only ${formatBytes(free)} are free now.`;
  }
  throw new TwinvecError(
    'OutOfMemory',
    `Training needs about ${formatBytes(needed)} of memory (${parts}); there are ${formatBytes(whole)}. ${advice}`,
  );
}
