/**
 * Calls that get a model's first, slow run over before a request waits for it: zeros, one row, for signatures of which
 * shapes are known and that leave no trace. The values mean nothing to the model, so a refusal of them means nothing.
 */
import { NUMBER_ARRAYS } from '#core/tensors/number-arrays.ts';
import type { TensorSignatures } from '#core/tensors/signature.ts';
import { elementCount, type NamedTensors, type Tensor, type TensorSpec } from '#core/tensors/tensor.ts';
import type { WarmUpCall } from '../engine/engine-call.ts';
import { slotsPerValue } from '../engine/tensor-rows.ts';
import type { SavedModelSummary } from '../savedmodel/read-saved-model.ts';
import { Effects } from './effects.ts';

/** Of all inputs of a call: larger ones would cost more at start than they save. */
const MAX_VALUES = 16_777_216;
/** @param signatures as callers see them: an input with an image recipe takes strings, of which there is no zero. */
export function zeroCalls(model: SavedModelSummary, signatures: TensorSignatures): readonly WarmUpCall[] {
  const effects = new Effects(model);
  return [...signatures].flatMap(([name, { inputs }]) => {
    const zeros = zerosOf(inputs);
    const saved = model.signatures.get(name);
    if (!zeros || !saved || effects.has(saved)) return [];
    return [{ signature: name, inputs: zeros, rows: undefined, takesNonFinite: true, mayFail: true } as const];
  });
}

/** Undefined where a string is asked for, or a shape is open beyond the number of rows. */
function zerosOf(inputs: Readonly<Record<string, TensorSpec>>): NamedTensors | undefined {
  const zeros: Record<string, Tensor> = {};
  let values = 0;
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    if (dtype === 'string' || !shape?.every((size, at) => size >= 0 || at === 0)) return undefined;
    const sizes = shape.map(Math.abs);
    values += elementCount(sizes);
    if (values > MAX_VALUES) return undefined;
    const data = new NUMBER_ARRAYS[dtype](elementCount(sizes) * slotsPerValue(dtype));
    zeros[name] = { dtype, shape: sizes, data } as unknown as Tensor;
  }
  return zeros;
}
