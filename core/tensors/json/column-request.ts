/**
 * Column form: `"inputs"` holds whole tensors, one for each input, or that of the only input without its name.
 */
import type { ByteCursor } from '#core/json/byte-cursor.ts';
import type { TensorSignature } from '../signature.ts';
import type { NamedTensors } from '../tensor.ts';
import type { TensorRequest } from '../tensor-request.ts';
import { InputScanner } from './input-scanner.ts';

/** The request whose tensors start at the cursor. @throws InvalidTensor, UnknownField, DuplicateKey, MalformedJson */
export function columnRequest(cursor: ByteCursor, signatureName: string, signature: TensorSignature): TensorRequest {
  const scanner = new InputScanner(signature, (_, { shape }) => shape);
  scanner.scan(cursor);
  const inputs = scanner.toTensors([]);
  return { signatureName, inputs, form: 'column', rows: commonRows(inputs), failures: [] };
}

/** The first dimension that all tensors share; undefined when they do not. */
export function commonRows(tensors: NamedTensors): number | undefined {
  const [first, ...others] = Object.values(tensors).map(({ shape }) => shape[0]);
  return others.every((rows) => rows === first) ? first : undefined;
}
