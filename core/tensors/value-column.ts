/**
 * Growing storage for the values of one tensor while its size is not known yet; one class for each way that JavaScript
 * holds values. Codecs append, batch mode takes back what a bad record left, and the end is one typed array.
 */
import { checkIfImage } from '#core/images/image-header.ts';
import { freeNow } from '#core/memory/free-now.ts';
import { NUMBER_ARRAYS } from './number-arrays.ts';
import { fitsWide, NUMBER_FITS, type NumberDType, type NumberFit, type WideDType } from './number-fit.ts';
import type { TensorOf, TensorSpec } from './tensor.ts';

const FIRST_CAPACITY = 64;

type NumberArray = TensorOf<NumberDType>['data'];

/** Numbers that a double holds exactly. */
export class NumberColumn {
  readonly dtype: NumberDType;
  /** Valid up to `length`. Reserving may replace it. */
  values: NumberArray;
  length = 0;
  readonly #fit: NumberFit;

  constructor(dtype: NumberDType) {
    this.dtype = dtype;
    this.values = new NUMBER_ARRAYS[dtype](FIRST_CAPACITY);
    this.#fit = NUMBER_FITS[dtype];
  }

  /** Makes sure that `count` more values fit. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.values.length) return;
    const larger = new NUMBER_ARRAYS[this.dtype](Math.max(needed, this.values.length * 2));
    larger.set(this.values.subarray(0, this.length));
    freeNow(this.values);
    this.values = larger;
  }

  /** False, and nothing appended, when the type cannot hold the value. */
  append(value: number | bigint): boolean {
    const fitted = this.#fit(Number(value));
    if (fitted === undefined) return false;
    if (this.length === this.values.length) this.reserve(1);
    this.values[this.length++] = fitted;
    return true;
  }

  truncate(length: number): void {
    this.length = length;
  }

  toData(): NumberArray {
    return this.length === this.values.length ? this.values : this.values.slice(0, this.length);
  }
}

/** Integers of 64 bits. Numbers of up to 2^53 go in as two halves, without a BigInt for each. */
export class WideColumn {
  readonly dtype: WideDType;
  length = 0;
  #words = new Uint32Array(2 * FIRST_CAPACITY);

  constructor(dtype: WideDType) {
    this.dtype = dtype;
  }

  reserve(count: number): void {
    const needed = 2 * (this.length + count);
    if (needed <= this.#words.length) return;
    const larger = new Uint32Array(Math.max(needed, this.#words.length * 2));
    larger.set(this.#words.subarray(0, 2 * this.length));
    this.#words = larger;
  }

  append(value: number | bigint): boolean {
    if (2 * this.length === this.#words.length) this.reserve(1);
    const at = 2 * this.length;
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || (value < 0 && this.dtype === 'uint64')) return false;
      this.#words[at] = value;
      this.#words[at + 1] = Math.floor(value / 2 ** 32);
    } else {
      if (!fitsWide(this.dtype, value)) return false;
      this.#words[at] = Number(value & 0xffff_ffffn);
      this.#words[at + 1] = Number((value >> 32n) & 0xffff_ffffn);
    }
    this.length++;
    return true;
  }

  truncate(length: number): void {
    this.length = length;
  }

  toData(): BigInt64Array | BigUint64Array {
    const { buffer } = this.#words.slice(0, 2 * this.length);
    return this.dtype === 'int64' ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
  }
}

export class StringColumn {
  readonly dtype = 'string';
  readonly #values: Uint8Array[] = [];
  readonly #mayBeImages: boolean;

  constructor(mayBeImages = false) {
    this.#mayBeImages = mayBeImages;
  }

  get length(): number {
    return this.#values.length;
  }

  /**
   * Keeps bytes of its own: a view of a body would drag the whole body along to every thread that it is sent to.
   * @throws PayloadTooLarge, InvalidImage for an image that no model should be made to decode
   */
  append(value: Uint8Array): void {
    if (this.#mayBeImages) checkIfImage(value);
    this.#values.push(value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value));
  }

  truncate(length: number): void {
    this.#values.length = length;
  }

  toData(): readonly Uint8Array[] {
    return this.#values;
  }
}

export type ValueColumn = NumberColumn | WideColumn | StringColumn;

export function createColumn({ dtype, mayBeImages }: Pick<TensorSpec, 'dtype' | 'mayBeImages'>): ValueColumn {
  if (dtype === 'string') return new StringColumn(mayBeImages);
  return dtype === 'int64' || dtype === 'uint64' ? new WideColumn(dtype) : new NumberColumn(dtype);
}
