/**
 * Checks an input against its signature before TensorFlow sees it: the binding trusts the shape of a string tensor
 * blindly, and every error inside TensorFlow costs the binding a little memory that it never frees.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { elementCount } from '#core/tensors/tensor.ts';
import type { NamedTensors, Tensor, TensorSpec } from './session.ts';
import { slotsPerValue } from './tensor-rows.ts';

/** @throws TwinvecError InvalidRecord naming the input. */
export function requireInput(name: string, tensor: Tensor | undefined, spec: TensorSpec): Tensor {
  if (tensor === undefined) throw refused(`Input ${quoteForMessage(name)} is missing.`);
  const { dtype, shape, data } = tensor;
  if (dtype !== spec.dtype || !shapeFits(shape, spec.shape)) {
    throw refused(`Input ${quoteForMessage(name)} must be ${describeSpec(spec)}, not ${dtype} [${shape}].`);
  }
  if (elementCount(shape) * slotsPerValue(dtype) !== data.length) {
    throw refused(`Input ${quoteForMessage(name)} has ${data.length} values, which do not fill [${shape}].`);
  }
  return tensor;
}

/** @throws TwinvecError InvalidRecord when an input is given that the signature does not have. */
export function requireKnownInputs(inputs: NamedTensors, known: Readonly<Record<string, TensorSpec>>): void {
  for (const name in inputs) {
    if (!Object.hasOwn(known, name)) {
      throw refused(`There is no input ${quoteForMessage(name)}; the inputs are ${Object.keys(known).join(', ')}.`);
    }
  }
}

function describeSpec({ dtype, shape }: TensorSpec): string {
  return shape ? `${dtype} [${shape.map((size) => (size < 0 ? 'any' : size))}]` : dtype;
}

function shapeFits(shape: readonly number[], spec: readonly number[] | undefined): boolean {
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) return false;
  if (!spec) return true;
  return shape.length === spec.length && shape.every((size, axis) => spec[axis]! < 0 || spec[axis] === size);
}

function refused(message: string): TwinvecError {
  return new TwinvecError('InvalidRecord', message);
}
