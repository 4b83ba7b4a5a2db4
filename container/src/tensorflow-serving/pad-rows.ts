/**
 * Engine calls of a few sizes only, as TensorFlow Serving's allowed_batch_sizes has them: a model then sees few shapes
 * (each new one can cost a compilation or a choice of kernels), and the rows that fill a call up are nobody's.
 */
import type { TensorSignature } from '#core/tensors/signature.ts';
import type { EngineCall } from '../engine/engine-call.ts';
import { joinRows, takeRows } from '../engine/tensor-rows.ts';

/**
 * The call with copies of its last row up to the next of `sizes` (ascending). It stays as it is when it has no rows or
 * more than the last size, or when some input or output of the signature does not count rows in an open first dimension.
 *
 * @param rows first dimension of every input; undefined where they share none
 */
export function padRows(
  call: EngineCall,
  rows: number | undefined,
  signature: TensorSignature,
  sizes: readonly number[],
): EngineCall {
  const size = rows && sizes.find((allowed) => allowed >= rows);
  if (!size || size === rows || !isPaddable(signature)) return call;
  const last = takeRows(call.inputs, rows - 1, rows);
  const padding = size - rows;
  const inputs = joinRows([call.inputs, ...Array.from({ length: padding }, () => last)]);
  return { ...call, inputs, rows: size, padding };
}

function isPaddable({ inputs, outputs }: TensorSignature): boolean {
  return Object.keys(inputs).length > 0 && [inputs, outputs].every(haveOpenRows);
}

function haveOpenRows(tensors: TensorSignature['inputs']): boolean {
  return Object.values(tensors).every(({ shape }) => shape?.[0] === -1);
}
