/**
 * Features by name into the inputs of a signature: the kind that the type takes, and as many values as one record has.
 * No defaults: a missing feature is an error with its record (spec faults F6).
 */

import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { RecordFeature, RecordFeatures } from '#core/examples/record-reader.ts';
import { FlatInput, toTensors } from '../flat-rows.ts';
import { isFloat } from '../number-fit.ts';
import type { RowStore } from '../row-request.ts';
import type { TensorSignature } from '../signature.ts';
import type { DType, NamedTensors } from '../tensor.ts';
import { StringColumn, type ValueColumn } from '../value-column.ts';

export class FeatureRows implements RowStore {
  readonly #inputs: readonly FlatInput[];

  /** @throws InvalidTensor for inputs that lists of values cannot fill */
  constructor(signature: TensorSignature) {
    this.#inputs = Object.entries(signature.inputs).map(([name, spec]) => new FlatInput(name, spec, 'a flat list'));
  }

  /** `onlyName`: what the feature of an only input may also be called. */
  add(features: RecordFeatures, record: number, onlyName?: string): void {
    for (const input of this.#inputs) {
      const other = this.#inputs.length === 1 && onlyName !== undefined ? features.get(onlyName) : undefined;
      const feature = features.get(input.name) ?? other;
      if (!feature) throw invalid(record, input, `is missing; the record has ${namesOf(features)}`);
      appendFeature(input, feature, record);
    }
  }

  commit(): void {
    for (const input of this.#inputs) input.commit();
  }

  rollBack(): void {
    for (const input of this.#inputs) input.rollBack();
  }

  finish(rows: number): NamedTensors {
    return toTensors(this.#inputs, rows);
  }
}

function appendFeature(input: FlatInput, feature: RecordFeature, record: number): void {
  const { column } = input;
  const wanted = kindOf(column.dtype);
  if (feature.kind !== wanted && feature.kind !== 'none') {
    throw invalid(record, input, `is a ${feature.kind} list, and ${column.dtype} takes a ${wanted} list`);
  }
  const values = valuesOf(input, feature, record);
  if (input.width < 0) input.width = values.length;
  if (values.length !== input.width) {
    throw invalid(record, input, `has ${values.length} values, where ${input.width} are due`);
  }
  for (let index = 0; index < values.length; index++) {
    if (appendValue(column, values[index]!)) continue;
    throw invalid(record, input, `holds ${values[index]} at ${index}, which is out of the range of ${column.dtype}`);
  }
}

function appendValue(column: ValueColumn, value: number | bigint | Uint8Array): boolean {
  if (!(column instanceof StringColumn)) return column.append(value as number | bigint);
  column.append(value as Uint8Array);
  return true;
}

function valuesOf(input: FlatInput, feature: RecordFeature, record: number): ArrayLike<number | bigint | Uint8Array> {
  if (feature.kind === 'none') return [];
  return feature.sparse ? densify(input, feature, record) : feature.values;
}

/** A sparse vector in full. Its size must be that of the input, so that no record can ask for more memory. */
function densify(input: FlatInput, feature: RecordFeature, record: number): (number | bigint)[] {
  const { keys, size } = feature.sparse!;
  const values = feature.kind === 'float' || feature.kind === 'int64' ? feature.values : [];
  if (input.width < 0) throw invalid(record, input, 'is sparse, and the model does not fix its size');
  if (size !== BigInt(input.width))
    throw invalid(record, input, `is sparse of size ${size}, where ${input.width} are due`);
  if (keys.length !== values.length) {
    throw invalid(record, input, `has ${keys.length} keys for ${values.length} values`);
  }
  const zero = feature.kind === 'int64' ? 0n : 0;
  const dense: (number | bigint)[] = new Array(input.width).fill(zero);
  keys.forEach((key, index) => {
    if (key < 0n || key >= size) throw invalid(record, input, `has the key ${key}, which is not less than ${size}`);
    dense[Number(key)] = values[index]!;
  });
  return dense;
}

function kindOf(dtype: DType): 'bytes' | 'float' | 'int64' {
  if (dtype === 'string') return 'bytes';
  return isFloat(dtype) ? 'float' : 'int64';
}

function namesOf(features: RecordFeatures): string {
  const names = [...features.keys()].slice(0, 8).map(quoteForMessage).join(', ');
  return names || 'no features';
}

function invalid(record: number, { name }: FlatInput, problem: string): TwinvecError {
  const message = `Record ${record}: feature ${quoteForMessage(name)} ${problem}`;
  return new TwinvecError('InvalidTensor', message, { record });
}
