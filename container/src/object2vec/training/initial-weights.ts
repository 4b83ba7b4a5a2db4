/**
 * The values that training starts from, the same for every engine: a pure function of the parameter's name and the seed,
 * but for the rows of tables that are given.
 */
import type { Parameter } from '../../graph/builder.ts';
import { fillInitial } from '../../graph/initializers.ts';

/** Elements of one piece: 4 MiB. */
const PIECE = 1024 * 1024;

/** Rows of a table that are known before training, such as pretrained vectors. */
export interface GivenRows {
  readonly width: number;
  /** Undefined where the table's own initial value stays. */
  row(index: number): Float32Array | undefined;
}

export function initialValue(parameter: Parameter, seed: number, given?: GivenRows): Float32Array {
  const values = new Float32Array(elementCount(parameter));
  fillInitial(values, parameter, seed);
  if (given) putGivenRows(values, 0, given);
  return values;
}

/** The same values piece by piece: a table of any size passes through a small buffer. */
export function* initialPieces(parameter: Parameter, seed: number, given?: GivenRows): Generator<Float32Array> {
  const count = elementCount(parameter);
  for (let start = 0; start < count; start += PIECE) {
    const piece = new Float32Array(Math.min(PIECE, count - start));
    fillInitial(piece, parameter, seed, start);
    if (given) putGivenRows(piece, start, given);
    yield piece;
  }
}

/** @param piece elements `start` and after of a table; a row may lie in two pieces */
function putGivenRows(piece: Float32Array, start: number, given: GivenRows): void {
  const { width } = given;
  const end = start + piece.length;
  for (let r = Math.floor(start / width); r * width < end; r++) {
    const values = given.row(r);
    if (!values) continue;
    const from = Math.max(0, start - r * width);
    piece.set(values.subarray(from, Math.min(width, end - r * width)), r * width + from - start);
  }
}

function elementCount({ shape }: Parameter): number {
  return shape.reduce((product, size) => product * size, 1);
}
