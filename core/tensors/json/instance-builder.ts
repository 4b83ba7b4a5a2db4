/**
 * Instances of predict, one record after the other: each a value for every input without its first dimension.
 */
import { TwinvecError } from '#core/errors.ts';
import type { ByteCursor } from '#core/json/byte-cursor.ts';
import type { TensorSignature } from '../signature.ts';
import type { NamedTensors, TensorSpec } from '../tensor.ts';
import { InputScanner } from './input-scanner.ts';
import type { RecordBuilder } from './record-builder.ts';
import { inputLabel } from './scan-element.ts';

export class InstanceBuilder implements RecordBuilder {
  readonly #inputs: InputScanner;

  /** @throws InvalidTensor when an input has no dimension for records */
  constructor(signature: TensorSignature) {
    this.#inputs = new InputScanner(signature, instanceShape);
  }

  get inputNames(): readonly string[] {
    return this.#inputs.names;
  }

  scan(cursor: ByteCursor): void {
    this.#inputs.scan(cursor);
  }

  commit(): void {
    this.#inputs.commit();
  }

  rollBack(): void {
    this.#inputs.rollBack();
  }

  finish(rows: number): NamedTensors {
    return this.#inputs.toTensors([rows]);
  }
}

/** The shape of one record: the input's own without its first dimension. */
function instanceShape(name: string, { shape }: TensorSpec): readonly number[] | undefined {
  if (shape?.length !== 0) return shape?.slice(1);
  const problem = 'has no dimension for records; send it in column form, {"inputs": ...}';
  throw new TwinvecError('InvalidTensor', `${inputLabel(name)} ${problem}`);
}
