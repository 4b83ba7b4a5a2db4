/**
 * What a model says of itself to the codecs: named inputs and outputs under the name of a signature, and which of TF
 * Serving's three methods it is called by.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { TensorSpec } from './tensor.ts';

/** predict takes tensors; classify and regress take tf.Examples and answer with labelled scores and numbers. */
export type InferenceMethod = 'predict' | 'classify' | 'regress';

export interface TensorSignature {
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
}

export type TensorSignatures = ReadonlyMap<string, TensorSignature>;

/** The signature of requests that name none, as TF Serving has it. */
export const DEFAULT_SIGNATURE = 'serving_default';

/** @throws UnknownSignature listing the names that there are */
export function signatureNamed(signatures: TensorSignatures, name: string): TensorSignature {
  const signature = signatures.get(name);
  if (signature) return signature;
  const known = [...signatures.keys()].map(quoteForMessage).slice(0, 8).join(', ');
  throw new TwinvecError(
    'UnknownSignature',
    `Serving signature name: ${quoteForMessage(name)} not found in signature def; the model has ${known || 'none'}`,
  );
}
