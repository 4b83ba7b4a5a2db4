/** The checksums that S3 clients send with a body, or after it, and want back when they read. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c } from '#core/crc32c.ts';
import { crc64NvmeBytes, startCrc64Nvme, updateCrc64Nvme } from '#core/crc64-nvme.ts';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a COMPOSITE one, with `-` and the number of parts. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** COMPOSITE is the checksum of the parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** Base64. */
  digest(): string;
}

const ALGORITHMS = {
  CRC32: () => overWords(crc32),
  CRC32C: () => overWords(crc32c),
  CRC64NVME: overCrc64,
  SHA1: () => overHash('sha1'),
  SHA256: () => overHash('sha256'),
} satisfies Record<string, () => RunningChecksum>;

export type ChecksumAlgorithm = keyof typeof ALGORITHMS;

export const CHECKSUM_ALGORITHMS = Object.keys(ALGORITHMS) as ChecksumAlgorithm[];

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  return ALGORITHMS[algorithm]();
}

/** `name` in any case; undefined when it is none of those that are known here. */
export function checksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** @param values The parts' checksums, base64. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, values: readonly string[]): Checksum {
  const running = startChecksum(algorithm);
  for (const value of values) running.update(Buffer.from(value, 'base64'));
  return { algorithm, value: `${running.digest()}-${values.length}`, type: 'COMPOSITE' };
}

function overWords(next: (bytes: Uint8Array, previous: number) => number): RunningChecksum {
  let value = 0;
  return {
    update(bytes) {
      value = next(bytes, value);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes.toString('base64');
    },
  };
}

function overCrc64(): RunningChecksum {
  const state = startCrc64Nvme();
  return {
    update: (bytes) => updateCrc64Nvme(state, bytes),
    digest: () => Buffer.from(crc64NvmeBytes(state)).toString('base64'),
  };
}

function overHash(name: string): RunningChecksum {
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
}
