/** Initial values stream in pieces, with given rows in their places, whichever pieces a row lies in. */
import { expect, it } from 'vitest';
import {
  type GivenRows,
  initialPieces,
  initialValue,
} from '../../../../container/src/object2vec/training/initial-weights.ts';

const PIECE = 1024 * 1024;

it('has every given row in its place, also across the edge of two pieces', () => {
  // Prepare: rows of 1000 do not divide a piece, so row 1048 lies in two
  const [rows, width] = [2100, 1000];
  const parameter = { name: 't', shape: [rows, width], initializer: { kind: 'zeros' }, role: 'weight' } as const;
  const chosen = new Set([0, 1, 1047, 1048, 1049, 2099]);
  const given: GivenRows = {
    width,
    row: (id) => (chosen.has(id) ? Float32Array.from({ length: width }, (_, i) => id + i / width) : undefined),
  };

  // Act
  const pieces = [...initialPieces(parameter, 1, given)];
  const whole = initialValue(parameter, 1, given);

  // Assess
  expect(pieces.map(({ length }) => length)).toEqual([PIECE, PIECE, rows * width - 2 * PIECE]);
  const joined = new Float32Array(rows * width);
  for (const [i, piece] of pieces.entries()) joined.set(piece, i * PIECE);
  expect(joined).toEqual(whole);
  for (let id = 0; id < rows; id++) {
    expect(whole.slice(id * width, (id + 1) * width)).toEqual(given.row(id) ?? new Float32Array(width));
  }
});
