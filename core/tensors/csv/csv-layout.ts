/**
 * Which input each column of a CSV body belongs to. One input takes all columns: one for `[-1]`, n for `[-1,n]`, and as
 * many as its values for fixed inner dimensions. Several inputs need names, so `text/csv; header=present` (RFC 4180's
 * parameter): an input of n values has n columns of its name. Order alone could silently swap two inputs.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { TensorSignature } from '../signature.ts';
import { describeShape, type NamedTensors, type Tensor, type TensorSpec } from '../tensor.ts';
import { createColumn, type ValueColumn } from '../value-column.ts';

interface CsvInput {
  readonly name: string;
  readonly spec: TensorSpec;
  readonly column: ValueColumn;
  /** Values of one row; -1 while unknown. */
  width: number;
  committed: number;
}

export class CsvLayout {
  readonly #inputs: readonly CsvInput[];
  /** The input of each column; empty while every column is the only input's. */
  #targets: readonly CsvInput[] = [];

  /** @throws InvalidTensor for inputs that rows of fields cannot hold */
  constructor(signature: TensorSignature) {
    this.#inputs = Object.entries(signature.inputs).map(([name, spec]) => ({
      name,
      spec,
      column: createColumn(spec.dtype),
      width: widthOf(name, spec),
      committed: 0,
    }));
  }

  /** Whether columns can only be told apart by a header. */
  get needsHeader(): boolean {
    return this.#inputs.length !== 1;
  }

  /** Columns of a row; -1 while unknown. */
  get columns(): number {
    return this.#targets.length > 0 ? this.#targets.length : this.#inputs[0]!.width;
  }

  /** The header names the inputs; that of an only input may name its columns as it likes. @throws InvalidTensor */
  takeHeader(names: readonly string[]): void {
    if (!this.needsHeader) {
      this.endFirstRow(names.length);
      return;
    }
    this.#targets = names.map((name) => this.#inputNamed(name));
    for (const input of this.#inputs) {
      const columns = this.#targets.filter((target) => target === input).length;
      if (columns === 0 || (input.width >= 0 && columns !== input.width)) {
        const wanted = input.width < 0 ? 'at least 1' : input.width;
        throw invalid(
          `the input ${quoteForMessage(input.name)} has ${columns} columns of its name and takes ${wanted}`,
        );
      }
      input.width = columns;
    }
  }

  columnAt(index: number): ValueColumn | undefined {
    if (this.#targets.length > 0) return this.#targets[index]?.column;
    return this.needsHeader ? undefined : this.#inputs[0]!.column;
  }

  /** The first row decides what the signature leaves open. */
  endFirstRow(columns: number): void {
    const [input] = this.#inputs;
    if (this.#targets.length === 0 && input!.width < 0) input!.width = columns;
  }

  commit(): void {
    for (const input of this.#inputs) input.committed = input.column.length;
  }

  rollBack(): void {
    for (const { column, committed } of this.#inputs) column.truncate(committed);
  }

  finish(rows: number): NamedTensors {
    return Object.fromEntries(
      this.#inputs.map(({ name, spec, column, width }) => {
        const shape = [rows, ...innerShape(spec, Math.max(width, 0))];
        const fixed = spec.shape?.[0] ?? -1;
        if (fixed >= 0 && fixed !== rows) {
          throw invalid(`Expecting shape ${describeShape(spec.shape)} but got: ${describeShape(shape)}`);
        }
        return [name, { dtype: spec.dtype, shape, data: column.toData() } as Tensor];
      }),
    );
  }

  #inputNamed(name: string): CsvInput {
    const input = this.#inputs.find((one) => one.name === name);
    if (input) return input;
    const known = this.#inputs.map((one) => quoteForMessage(one.name)).join(', ');
    throw invalid(`the header names ${quoteForMessage(name)}, which is no input; the inputs are ${known}`);
  }
}

function widthOf(name: string, { dtype, shape }: TensorSpec): number {
  if (dtype === 'complex64') throw invalid(`the input ${quoteForMessage(name)} is complex; CSV has no complex numbers`);
  if (shape === undefined) return -1;
  const open = shape.length === 2 && shape[1]! < 0;
  if (open) return -1;
  if (shape.length > 0 && shape.slice(1).every((size) => size >= 0)) {
    return shape.slice(1).reduce((product, size) => product * size, 1);
  }
  throw invalid(
    `the input ${quoteForMessage(name)} is ${describeShape(shape)}, which rows of CSV cannot hold; send JSON`,
  );
}

function innerShape({ shape }: TensorSpec, width: number): readonly number[] {
  if (shape === undefined) return width === 1 ? [] : [width];
  return shape.slice(1).map((size) => (size < 0 ? width : size));
}

function invalid(problem: string): TwinvecError {
  return new TwinvecError('InvalidTensor', `The body: ${problem}`);
}
