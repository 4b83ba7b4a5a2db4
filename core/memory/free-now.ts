/**
 * Gives the memory of a large array back at once. Left to the garbage collector, the bytes of bodies and tensors make it
 * run every few dozen requests for nothing but them, which was seen to cost a fifth of the server's processor time.
 */

import type { NamedTensors } from '#core/tensors/tensor.ts';

/** Below this, giving back costs more than it saves. */
const WORTHWHILE_BYTES = 4096;

/**
 * The array is empty afterwards, and so is every other view of its memory: only its last user may call this. Does
 * nothing for small arrays and for those that share their memory with others.
 */
export function freeNow({ buffer, byteLength }: ArrayBufferView): void {
  if (byteLength < WORTHWHILE_BYTES || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** The same for all arrays of tensors but those of strings, each of which may be a view of something else. */
export function freeTensorsNow(tensors: NamedTensors): void {
  for (const { dtype, data } of Object.values(tensors)) if (dtype !== 'string') freeNow(data);
}
