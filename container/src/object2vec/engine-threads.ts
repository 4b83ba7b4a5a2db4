/**
 * How many threads TensorFlow should use within one operation for a network. A bilstm layer is hundreds of small products
 * one after the other, and TensorFlow waits for all threads at each; its two directions do not wait for each other.
 */
import { availableParallelism } from 'node:os';
import type { TensorFlowThreads } from '../engine/native/environment.ts';

/** Of a layer, each a chain of operations that TensorFlow runs on a thread of its own. */
const DIRECTIONS = 2;

/** Names of encoders: `enc0_network` and `enc1_network`, whose `enc0` is the other's. */
export type EncoderNetworks = readonly (string | undefined)[];

/**
 * One thread within an operation where the directions alone keep all cores busy (bench/results/encoders.md: 0.62 x the
 * time on two cores); else TensorFlow's choice, which is all cores.
 */
export function engineThreads(networks: EncoderNetworks, cores = availableParallelism()): TensorFlowThreads {
  const isChains = networks.includes('bilstm') && cores <= DIRECTIONS;
  return { interOpThreads: undefined, intraOpThreads: isChains ? 1 : undefined };
}
