/**
 * Inputs whose records come as flat lists: fields of a CSV row, values of a feature. How many values one record has by
 * the signature, and the tensor that they become.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { describeShape, type NamedTensors, type Tensor, type TensorSpec } from './tensor.ts';
import { createColumn, type ValueColumn } from './value-column.ts';

/** One input while records are read. */
export class FlatInput {
  readonly name: string;
  readonly spec: TensorSpec;
  readonly column: ValueColumn;
  /** Values of one record; -1 while unknown. */
  width: number;
  #committed = 0;
  #committedWidth: number;

  /** @throws InvalidTensor for a shape that flat lists cannot fill; `format` names them in the message */
  constructor(name: string, spec: TensorSpec, format: string) {
    this.name = name;
    this.spec = spec;
    this.column = createColumn(spec);
    this.width = widthOf(name, spec, format);
    this.#committedWidth = this.width;
  }

  commit(): void {
    this.#committed = this.column.length;
    this.#committedWidth = this.width;
  }

  rollBack(): void {
    this.column.truncate(this.#committed);
    this.width = this.#committedWidth;
  }

  /** @throws InvalidTensor when the signature fixes another number of records */
  toTensor(rows: number): Tensor {
    const { dtype, shape } = this.spec;
    const whole = [rows, ...innerShape(this.spec, Math.max(this.width, 0))];
    const fixed = shape?.[0] ?? -1;
    if (fixed < 0 || fixed === rows) return { dtype, shape: whole, data: this.column.toData() } as Tensor;
    const problem = `Expecting shape ${describeShape(shape)} but got: ${describeShape(whole)}`;
    throw new TwinvecError('InvalidTensor', `input ${quoteForMessage(this.name)}: ${problem}`);
  }
}

export function toTensors(inputs: readonly FlatInput[], rows: number): NamedTensors {
  return Object.fromEntries(inputs.map((input) => [input.name, input.toTensor(rows)]));
}

function widthOf(name: string, { dtype, shape }: TensorSpec, format: string): number {
  const inner = shape?.slice(1);
  if (dtype !== 'complex64') {
    if (!inner || (shape!.length === 2 && inner[0]! < 0)) return -1;
    if (shape!.length > 0 && inner.every((size) => size >= 0))
      return inner.reduce((product, size) => product * size, 1);
  }
  const found = `${dtype} ${describeShape(shape)}`;
  throw new TwinvecError(
    'InvalidTensor',
    `The body: the input ${quoteForMessage(name)} is ${found}, which ${format} cannot hold; send JSON`,
  );
}

function innerShape({ shape }: TensorSpec, width: number): readonly number[] {
  if (shape === undefined) return width === 1 ? [] : [width];
  return shape.slice(1).map((size) => (size < 0 ? width : size));
}
