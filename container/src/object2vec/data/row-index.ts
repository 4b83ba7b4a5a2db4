/**
 * Where each row of a channel lies, in a few bytes a row: the lengths of its two sequences, and the place of every
 * sixteenth row. Ids of all rows lie one after the other, each row's in0 before its in1; places are doubles, so that a
 * channel may have more than 2^31 ids.
 */
export type Side = 0 | 1;

/** Rows from one known place to the next. */
const STRIDE = 16;
const FIRST_ROWS = 1024;

export class RowIndex {
  /** No sequence is longer than LIMITS.sequenceLength, which a 16-bit number holds. */
  #lengths: readonly [Uint16Array, Uint16Array] = [new Uint16Array(FIRST_ROWS), new Uint16Array(FIRST_ROWS)];
  #starts = new Float64Array(FIRST_ROWS / STRIDE);
  #rows = 0;
  #ids = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Ids of all rows, both sides. */
  get ids(): number {
    return this.#ids;
  }

  get byteLength(): number {
    const [one, other] = this.#lengths;
    return one.byteLength + other.byteLength + this.#starts.byteLength;
  }

  add(length0: number, length1: number): void {
    const row = this.#rows;
    if (row === this.#lengths[0].length) this.#resize(row * 2);
    if (row % STRIDE === 0) this.#starts[row / STRIDE] = this.#ids;
    this.#lengths[0][row] = length0;
    this.#lengths[1][row] = length1;
    this.#ids += length0 + length1;
    this.#rows += 1;
  }

  /** Gives back what growing held in advance. */
  trim(): void {
    this.#resize(this.#rows);
  }

  lengthOf(side: Side, row: number): number {
    return this.#lengths[side][row]!;
  }

  /** The number of ids before those of a row's side. */
  placeOf(side: Side, row: number): number {
    const [lengths0, lengths1] = this.#lengths;
    let place = this.#starts[Math.floor(row / STRIDE)]!;
    for (let before = row - (row % STRIDE); before < row; before++) place += lengths0[before]! + lengths1[before]!;
    return side === 0 ? place : place + lengths0[row]!;
  }

  #resize(rows: number): void {
    const [one, other] = this.#lengths;
    this.#lengths = [resized(one, rows), resized(other, rows)];
    const starts = new Float64Array(Math.ceil(rows / STRIDE));
    starts.set(this.#starts.subarray(0, starts.length));
    this.#starts = starts;
  }
}

function resized(array: Uint16Array, length: number): Uint16Array {
  const other = new Uint16Array(length);
  other.set(array.subarray(0, length));
  return other;
}
