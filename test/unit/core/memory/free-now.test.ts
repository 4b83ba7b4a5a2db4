/** Memory is given back only by its one user: arrays that share it with others are left alone. */
import { describe, expect, it } from 'vitest';
import { freeNow } from '#core/memory/free-now.ts';

describe('freeing an array', () => {
  it('leaves it empty, and its memory is gone before any garbage collection', () => {
    // Prepare
    const before = process.memoryUsage().arrayBuffers;
    const values = new Float32Array(16 * 1024 * 1024);

    // Act
    freeNow(values);

    // Assess
    expect(values.length).toBe(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(values.BYTES_PER_ELEMENT * 1024 * 1024);
  });

  it.each([
    ['a view of a larger one', () => new Uint8Array(100_000).subarray(1)],
    ['a small one', () => new Uint8Array(100)],
    ['one in shared memory', () => new Uint8Array(new SharedArrayBuffer(100_000))],
    ['one of memory from a pool', () => Buffer.from('pooled')],
  ])('does nothing to %s', (_, make) => {
    const array = make();
    const { length } = array;
    freeNow(array);
    expect(array.length).toBe(length);
  });

  it('can be done twice', () => {
    const values = new Uint8Array(100_000);
    freeNow(values);
    expect(() => freeNow(values)).not.toThrow();
  });
});
