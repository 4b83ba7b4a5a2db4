/**
 * Gives equal token sequences the same number and different ones different numbers, in one pass over the channel and
 * without a string or object per row. Sequences count as equal when 64 bits of hash are: comparing contents would read
 * a channel that is in a file at random places, once for each repetition. See decision 0006 for what a collision does.
 */
import type { Dataset } from './dataset.ts';
import type { Side } from './row-index.ts';

/** Rows that are read and hashed together. */
const PART_ROWS = 1024;

/** For each row of the channels, one after the other, the number of the first row with the same ids on that side. */
export function numberSequences(channels: readonly Dataset[], side: Side): Int32Array {
  const rows = channels.reduce((sum, channel) => sum + channel.rows, 0);
  const hashes = new Int32Array(2 * rows);
  let before = 0;
  for (const channel of channels) {
    hashSequences(channel, side, hashes.subarray(2 * before));
    before += channel.rows;
  }
  const slots = new Int32Array(tableSize(rows)).fill(-1);
  const mask = slots.length - 1;
  const numbers = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [low, high] = [hashes[2 * row]!, hashes[2 * row + 1]!];
    let slot = low & mask;
    while (slots[slot] !== -1 && (hashes[2 * slots[slot]!] !== low || hashes[2 * slots[slot]! + 1] !== high)) {
      slot = (slot + 1) & mask;
    }
    if (slots[slot] === -1) slots[slot] = row;
    numbers[row] = slots[slot]!;
  }
  return numbers;
}

/** A power of two that is at least twice the entries, so that probes stay short. */
export function tableSize(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(entries, 1) * 2));
}

/** Two words for each row. */
function hashSequences(dataset: Dataset, side: Side, hashes: Int32Array): void {
  for (let from = 0; from < dataset.rows; from += PART_ROWS) {
    const rows = Int32Array.from({ length: Math.min(PART_ROWS, dataset.rows - from) }, (_, k) => from + k);
    const { ids, offsets } = dataset.gather(rows, rows)[side === 0 ? 'in0' : 'in1'];
    for (let k = 0; k < rows.length; k++) {
      hashes[2 * (from + k)] = hash(ids, offsets[k]!, offsets[k + 1]!, 0xcc9e2d51, 0x1b873593);
      hashes[2 * (from + k) + 1] = hash(ids, offsets[k]!, offsets[k + 1]!, 0x239b961b, 0xab0e9789);
    }
  }
}

/** MurmurHash3 (Austin Appleby, public domain) for 32-bit words; other multipliers make an independent hash. */
function hash(ids: Int32Array, from: number, to: number, multiplier0: number, multiplier1: number): number {
  let mixed = multiplier1;
  for (let at = from; at < to; at++) {
    const word = Math.imul(ids[at]!, multiplier0);
    mixed ^= Math.imul((word << 15) | (word >>> 17), multiplier1);
    mixed = (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
  }
  mixed ^= to - from;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
