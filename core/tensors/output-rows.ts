/**
 * Outputs of a model checked for an answer: every output of the signature is there, and in row form each has one row
 * for every good record.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { describeShape, type Tensor } from './tensor.ts';
import type { TensorResponse } from './tensor-request.ts';

export interface NamedOutput {
  readonly name: string;
  readonly tensor: Tensor;
  /** Values of one row, where the first dimension counts rows. */
  readonly rowSize: number;
}

/** The outputs in the order of the signature. @throws Internal when one is missing, which the engine rules out */
export function outputsOf({ signature, outputs }: TensorResponse): NamedOutput[] {
  return Object.keys(signature.outputs).map((name) => {
    const tensor = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    if (!tensor) throw new TwinvecError('Internal', `This is a bug: the engine gave no ${quoteForMessage(name)}`);
    return { name, tensor, rowSize: tensor.shape.slice(1).reduce((product, size) => product * size, 1) };
  });
}

/** The outputs, each of `rows` rows. @throws InvalidEnvelope naming the output that has no rows or other ones */
export function rowOutputsOf(response: TensorResponse, rows: number): NamedOutput[] {
  const outputs = outputsOf(response);
  for (const { name, tensor } of outputs) {
    if (tensor.shape[0] === rows) continue;
    const shape = describeShape(tensor.shape);
    const problem = `Output ${quoteForMessage(name)} has shape ${shape}, which is not one row for each of ${rows} records`;
    throw new TwinvecError('InvalidEnvelope', `${problem}; send the request in column form, {"inputs": ...}`);
  }
  return outputs;
}
