/**
 * Which input each column of a CSV body belongs to. One input takes all columns: one for `[-1]`, n for `[-1,n]`, and as
 * many as its values for fixed inner dimensions. Several inputs need names, so `text/csv; header=present` (RFC 4180's
 * parameter): an input of n values has n columns of its name. Order alone could silently swap two inputs.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { FlatInput, toTensors } from '../flat-rows.ts';
import type { RowStore } from '../row-request.ts';
import type { TensorSignature } from '../signature.ts';
import type { NamedTensors } from '../tensor.ts';
import type { NumberColumn, ValueColumn } from '../value-column.ts';

export class CsvLayout implements RowStore {
  readonly #inputs: readonly FlatInput[];
  /** The input of each column; empty while every column is the only input's. */
  #targets: readonly FlatInput[] = [];

  /** @throws InvalidTensor for inputs that rows of fields cannot hold */
  constructor(signature: TensorSignature) {
    this.#inputs = Object.entries(signature.inputs).map(([name, spec]) => new FlatInput(name, spec, 'rows of CSV'));
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

  /** The column of all fields, where they are float32 of the only input; such rows are read in one go. */
  get onlyFloats(): NumberColumn | undefined {
    const [input] = this.#inputs;
    return this.#inputs.length === 1 && input!.spec.dtype === 'float32' ? (input!.column as NumberColumn) : undefined;
  }

  /** The first row decides what the signature leaves open. */
  endFirstRow(columns: number): void {
    const [input] = this.#inputs;
    if (this.#targets.length === 0 && input!.width < 0) input!.width = columns;
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

  #inputNamed(name: string): FlatInput {
    const input = this.#inputs.find((one) => one.name === name);
    if (input) return input;
    const known = this.#inputs.map((one) => quoteForMessage(one.name)).join(', ');
    throw invalid(`the header names ${quoteForMessage(name)}, which is no input; the inputs are ${known}`);
  }
}

function invalid(problem: string): TwinvecError {
  return new TwinvecError('InvalidTensor', `The body: ${problem}`);
}
