/** The collector of records for a method: instances for predict, examples for the others. */
import type { InferenceMethod, TensorSignature } from '../signature.ts';
import { ExampleBuilder } from './example-builder.ts';
import { InstanceBuilder } from './instance-builder.ts';

/** @throws InvalidTensor when the signature cannot be called by the method in row form */
export function createRecordBuilder(
  signature: TensorSignature,
  method: InferenceMethod,
): InstanceBuilder | ExampleBuilder {
  return method === 'predict' ? new InstanceBuilder(signature) : new ExampleBuilder(signature);
}
