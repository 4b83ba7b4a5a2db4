import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc64NvmeBytes, startCrc64Nvme, updateCrc64Nvme } from '#core/crc64-nvme.ts';

function checksumOf(...pieces: readonly Uint8Array[]): string {
  const state = startCrc64Nvme();
  for (const piece of pieces) updateCrc64Nvme(state, piece);
  return Buffer.from(crc64NvmeBytes(state)).toString('hex');
}

/** Bit by bit, as the polynomial is defined. */
function plainChecksumOf(bytes: Uint8Array): string {
  let crc = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x9a6c_9329_ac4b_c9b5n : 0n);
  }
  return (crc ^ 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, '0');
}

describe('CRC-64/NVME', () => {
  it('has the published check value', () => {
    expect(checksumOf(Buffer.from('123456789'))).toBe('ae8b14860a799888');
  });

  it('is the checksum that the polynomial defines, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        expect(checksumOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(plainChecksumOf(bytes));
      }),
    );
  });
});
