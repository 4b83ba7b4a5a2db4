/**
 * Nested JSON lists into flat values and a shape, one input of a signature: the first value sets what the signature
 * leaves open, and every later one must be the same. Read once, straight from the bytes.
 */
import { TwinvecError } from '#core/errors.ts';
import { BYTE, type ByteCursor, expectByte, skipWhitespace, takeByte } from '#core/json/byte-cursor.ts';
import { skipValue } from '#core/json/value-scanner.ts';
import { LIMITS } from '#core/limits.ts';
import { type DType, describeShape, type Tensor, type TensorSpec } from '../tensor.ts';
import { createColumn, type NumberColumn, type ValueColumn } from '../value-column.ts';
import { type ElementPlace, elementScanner, inputLabel, type ScanElement, scanFloat32Run } from './scan-element.ts';

const COMPLEX_PARTS = 2;
/** Arrays and objects around a value: envelope, instances, instance. */
const DEPTH_AROUND = 3;

export class TensorScanner implements ElementPlace {
  readonly name: string;
  readonly dtype: DType;
  readonly column: ValueColumn;
  readonly #scanElement: ScanElement;
  readonly #wanted: readonly number[] | undefined;
  /** Length of the lists at each level of nesting; -1 while unknown. */
  #sizes: number[];
  /** Level of the values themselves: the number of dimensions; -1 while unknown. */
  #leafLevel: number;
  #committed: { readonly sizes: readonly number[]; readonly leafLevel: number; readonly length: number };
  /** Values of the list that is open at each level, for messages. */
  readonly #counts: number[] = [];
  #level = 0;
  #runStart = -1;

  /** `shape` is that of one scanned value; undefined where anything goes. */
  constructor(name: string, spec: TensorSpec, shape: readonly number[] | undefined) {
    const { dtype } = spec;
    this.name = name;
    this.dtype = dtype;
    this.column = createColumn(spec);
    this.#scanElement = elementScanner(dtype);
    this.#wanted = shape;
    // A complex number is a list of two.
    const levels = shape && dtype === 'complex64' ? [...shape, COMPLEX_PARTS] : shape;
    this.#sizes = [...(levels ?? [])];
    this.#leafLevel = levels?.length ?? -1;
    this.#committed = { sizes: [...this.#sizes], leafLevel: this.#leafLevel, length: 0 };
  }

  /** @throws InvalidTensor, MalformedJson, NestingTooDeep; {@link rollBack} takes back what was read before */
  scan(cursor: ByteCursor): void {
    this.#level = 0;
    this.#runStart = -1;
    this.#scanLevel(cursor, 0);
  }

  /** Keeps what was scanned. */
  commit(): void {
    const { sizes, leafLevel } = this.#committed;
    const settled = leafLevel >= 0 && sizes.every((size) => size >= 0);
    this.#committed = {
      sizes: settled ? sizes : [...this.#sizes],
      leafLevel: this.#leafLevel,
      length: this.column.length,
    };
  }

  rollBack(): void {
    const { sizes, leafLevel, length } = this.#committed;
    this.#sizes = [...sizes];
    this.#leafLevel = leafLevel;
    this.column.truncate(length);
  }

  /** The values as a tensor of `[...outer, ...shape of one value]`. @throws InvalidTensor for complex numbers not in pairs */
  toTensor(outer: readonly number[]): Tensor {
    const shape = this.#sizes.slice(0, Math.max(this.#leafLevel, 0)).map((size) => Math.max(size, 0));
    if (this.dtype === 'complex64' && shape.pop() !== COMPLEX_PARTS) {
      throw new TwinvecError('InvalidTensor', `${inputLabel(this.name)}: a complex number is a list [real, imaginary]`);
    }
    return { dtype: this.dtype, shape: [...outer, ...shape], data: this.column.toData() } as Tensor;
  }

  describe(cursor: ByteCursor): string {
    const indices = this.#counts.slice(0, this.#level);
    if (this.#runStart >= 0) indices[this.#level - 1] = this.column.length - this.#runStart;
    return `${cursor.place()}, ${inputLabel(this.name)}${indices.map((index) => `[${index}]`).join('')}`;
  }

  #scanLevel(cursor: ByteCursor, level: number): void {
    skipWhitespace(cursor);
    if (cursor.peek() !== BYTE.openBracket || level === this.#leafLevel) {
      this.#enterLeaf(cursor, level);
      this.#scanElement(cursor, this.column, this);
      return;
    }
    if (level + DEPTH_AROUND >= LIMITS.jsonDepth.value) throw this.#tooDeep(cursor);
    cursor.at++;
    const count = takeByte(cursor, BYTE.closeBracket) ? this.#emptyList(level) : this.#scanItems(cursor, level);
    this.#endList(cursor, level, count);
  }

  /** The items of a list that has some, up to and with its closing bracket. */
  #scanItems(cursor: ByteCursor, level: number): number {
    this.#level = level + 1;
    this.#counts[level] = 0;
    skipWhitespace(cursor);
    let count = 0;
    if (cursor.peek() !== BYTE.openBracket || level + 1 === this.#leafLevel) {
      this.#enterLeaf(cursor, level + 1);
      count = this.#scanRun(cursor);
    } else {
      do {
        this.#scanLevel(cursor, level + 1);
        this.#level = level + 1;
        this.#counts[level] = ++count;
      } while (takeByte(cursor, BYTE.comma));
    }
    expectByte(cursor, BYTE.closeBracket, 'a comma or ]');
    return count;
  }

  #scanRun(cursor: ByteCursor): number {
    const { column } = this;
    this.#runStart = column.length;
    if (this.dtype === 'float32') scanFloat32Run(cursor, column as NumberColumn, this);
    else {
      do {
        this.#scanElement(cursor, column, this);
      } while (takeByte(cursor, BYTE.comma));
    }
    const count = column.length - this.#runStart;
    this.#runStart = -1;
    return count;
  }

  #emptyList(level: number): number {
    if (this.#leafLevel < 0) this.#leafLevel = level + 1;
    return 0;
  }

  #endList(cursor: ByteCursor, level: number, count: number): void {
    const size = this.#sizes[level] ?? -1;
    if (size < 0) {
      this.#sizes[level] = count;
      return;
    }
    if (size === count) return;
    this.#level = level;
    throw this.#invalid(
      cursor,
      `Encountered list at unexpected size: ${count} at level: ${level} expected size: ${size}`,
    );
  }

  #enterLeaf(cursor: ByteCursor, level: number): void {
    if (level === this.#leafLevel) return;
    const size = this.#sizes[level] ?? -1;
    if (this.#leafLevel < 0 && size < 0) {
      this.#leafLevel = level;
      return;
    }
    const where = this.describe(cursor);
    const from = cursor.at;
    skipValue(cursor, level, 'non-finite');
    const wanted = size < 0 ? 'a list' : `a list of ${size}`;
    const problem = `${where}: expected ${wanted}, found ${cursor.quote(from, cursor.at)}${this.#takes()}`;
    throw new TwinvecError('InvalidTensor', problem, cursor.errorPlace());
  }

  #takes(): string {
    return this.#wanted ? `; one value of the input is ${this.dtype} ${describeShape(this.#wanted)}` : '';
  }

  #invalid(cursor: ByteCursor, problem: string): TwinvecError {
    return new TwinvecError(
      'InvalidTensor',
      `${this.describe(cursor)}: ${problem}${this.#takes()}`,
      cursor.errorPlace(),
    );
  }

  #tooDeep(cursor: ByteCursor): TwinvecError {
    const problem = `${cursor.place()}: nested deeper than ${LIMITS.jsonDepth.value} levels`;
    return new TwinvecError('NestingTooDeep', problem, cursor.errorPlace());
  }
}
