/**
 * The random generator against the known answers that its authors publish (Random123, kat_vectors).
 */
import { describe, expect, it } from 'vitest';
import { fillUniform, philox, streamNumber } from '#core/random/philox.ts';
import { fillInitial, SMALL_UNIFORM } from '../../../../container/src/graph/initializers.ts';

const words = (key: readonly [number, number], turn: number, group: number): string => {
  const out = new Uint32Array(4);
  philox(out, { seed: key[0], stream: key[1], turn }, group);
  return Array.from(out, (word) => word.toString(16).padStart(8, '0')).join(' ');
};

describe('Philox4x32-10', () => {
  it('gives the published words for a counter and key of zeros', () => {
    // Act
    const found = words([0, 0], 0, 0);

    // Assess
    expect(found).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  });

  it('draws any piece of a stream without the rest', () => {
    // Prepare
    const stream = { seed: 7, stream: streamNumber('embed_0_weight'), turn: 3 };
    const whole = new Float32Array(1000);
    fillUniform(whole, stream);

    // Act
    const piece = new Float32Array(101);
    fillUniform(piece, stream, 333);

    // Assess
    expect(piece).toEqual(whole.subarray(333, 434));
  });

  it('is uniform: the mean of 100,000 numbers is one half, none is 1', () => {
    // Act
    const values = new Float32Array(100_000);
    fillUniform(values, { seed: 1, stream: 2, turn: 3 });

    // Assess
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
    expect(Math.max(...values.subarray(0, 50_000))).toBeLessThan(1);
  });

  it('gives differently named parameters different values and equal seeds equal ones', () => {
    // Prepare
    const draw = (name: string, seed: number) => {
      const values = new Float32Array(64);
      fillInitial(values, { name, initializer: SMALL_UNIFORM }, seed);
      return values;
    };

    // Act
    const [first, again, otherName, otherSeed] = [draw('a', 1), draw('a', 1), draw('b', 1), draw('a', 2)];

    // Assess
    expect(first).toEqual(again);
    expect(first).not.toEqual(otherName);
    expect(first).not.toEqual(otherSeed);
    expect(Math.max(...first.map(Math.abs))).toBeLessThan(0.01);
  });
});
