import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../../../container/src/engine/session.ts';
import {
  allTransferables,
  hasFiniteValues,
  hasRows,
  joinRows,
  takeRows,
  transferables,
} from '../../../../container/src/engine/tensor-rows.ts';

function tensorsOf(rows: number, width: number): NamedTensors {
  const values = Array.from({ length: rows * width }, (_, i) => i);
  return {
    floats: { dtype: 'float32', shape: [rows, width], data: Float32Array.from(values) },
    ints: { dtype: 'int32', shape: [rows], data: Int32Array.from({ length: rows }, (_, i) => i) },
    texts: { dtype: 'string', shape: [rows, 1], data: values.slice(0, rows).map((value) => Uint8Array.of(value)) },
  };
}

describe('rows of tensors', () => {
  it('taken apart anywhere and joined again are the same tensors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5 }), fc.nat(), (rows, width, cut) => {
        // Prepare
        const whole = tensorsOf(rows, width);
        const middle = cut % (rows + 1);

        // Act
        const joined = joinRows([takeRows(whole, 0, middle), takeRows(whole, middle, rows)]);

        // Assess
        expect(joined).toEqual(whole);
        expect(hasRows(joined, rows)).toBe(true);
      }),
    );
  });

  it('of another number are noticed', () => {
    // Prepare
    const tensors = tensorsOf(3, 2);

    // Act
    const verdicts = [2, 3, 4].map((rows) => hasRows(tensors, rows));

    // Assess
    expect(verdicts).toEqual([false, true, false]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('with %d are not finite', (value) => {
    // Prepare: values whose sum overflows float32 are finite all the same
    const data = Float32Array.of(3e38, 3e38, -0, 1e-45);
    const withValue = Float32Array.of(...data, value);

    // Act
    const verdicts = [data, withValue].map((floats) =>
      hasFiniteValues({ x: { dtype: 'float32', shape: [floats.length], data: floats } }),
    );

    // Assess
    expect(verdicts).toEqual([true, false]);
  });

  it('move to another thread only when their memory is theirs alone', () => {
    // Prepare
    const whole = tensorsOf(4, 2);

    // Act
    const moved = [transferables(whole).length, transferables(takeRows(whole, 0, 2)).length];

    // Assess
    expect(moved).toEqual([2, 0]);
  });

  it('move with their long strings when nobody needs them any more, short and shared ones are copied', () => {
    // Prepare
    const long = new Uint8Array(20_000).fill(7);
    const shared = new Uint8Array(100_000).subarray(0, 20_000);
    const texts = { dtype: 'string', shape: [4], data: [long, long, shared, Uint8Array.of(1)] } as const;
    const all = { ...tensorsOf(4, 3), texts };

    // Act
    const moved = allTransferables(all);
    const received = structuredClone(all, { transfer: moved });

    // Assess
    expect(moved).toHaveLength(3);
    expect(received.texts.data.map(({ byteLength }) => byteLength)).toEqual([20_000, 20_000, 20_000, 1]);
    expect(received.texts.data[0]![0]).toBe(7);
    expect([long.byteLength, shared.byteLength]).toEqual([0, 20_000]);
  });
});
