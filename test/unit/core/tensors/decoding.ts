/** Short ways to decode request bodies in tests. */
import { parseContentType } from '#core/http/content-type.ts';
import { decodeTensors } from '#core/tensors/codec.ts';
import type { TensorSignature, TensorSignatures } from '#core/tensors/signature.ts';
import type { TensorSpec } from '#core/tensors/tensor.ts';
import type { TensorDecodeOptions, TensorRequest } from '#core/tensors/tensor-request.ts';

export const OPTIONS: TensorDecodeOptions = {
  method: 'predict',
  maxRecords: 1000,
  tolerateBadRecords: false,
};
export const BATCH: TensorDecodeOptions = { ...OPTIONS, tolerateBadRecords: true, binaryRecords: 'framed' };

/** A model with these inputs under `serving_default`. */
export function modelOf(
  inputs: Record<string, TensorSpec>,
  outputs: Record<string, TensorSpec> = {},
): TensorSignatures {
  return new Map<string, TensorSignature>([['serving_default', { inputs, outputs }]]);
}

/** Rows of `width` floats under the name x. */
export const FLOATS = modelOf({ x: { dtype: 'float32', shape: [-1, 3] } });
export const SCALARS = modelOf({ x: { dtype: 'float32', shape: [-1] } });

export function decode(
  body: string | Uint8Array,
  signatures: TensorSignatures,
  contentType = 'application/json',
  options: Partial<TensorDecodeOptions> = {},
): TensorRequest {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return decodeTensors(bytes, parseContentType(contentType), signatures, { ...OPTIONS, ...options });
}

/** Shape and values of an input, values of any type as plain JavaScript. */
export function valuesOf(request: TensorRequest, name = 'x'): { shape: readonly number[]; values: unknown[] } {
  const { shape, data } = request.inputs[name]!;
  const values = Array.from(data as ArrayLike<unknown>, (value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
  );
  return { shape, values };
}
