/**
 * A full disk in the words of whoever has to make room: what was being written, where, and how much it takes. Node.js and
 * TensorFlow report it each in its own way.
 */
import { statfs } from 'node:fs/promises';
import { TwinvecError } from '#core/errors.ts';
import { formatBytes } from '#core/terminal/format.ts';

const FULL_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const FULL_TEXT = /No space left on device|Disk quota exceeded|File too large/i;

export interface Storage {
  /** For the message: `a checkpoint`. */
  readonly what: string;
  /** An existing folder. */
  readonly dir: string;
  /** About how many bytes are written. */
  readonly bytes: number;
}

/**
 * Passes on what `write` answers or throws, except that a full disk becomes a TwinvecError DiskFull.
 * @param write removes what it wrote in part before it throws, so that the free space that is named is right
 */
export async function whileWriting<T>({ what, dir, bytes }: Storage, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause;
    const free = await statfs(dir).then(
      ({ bavail, bsize }) => ` and ${formatBytes(bavail * bsize)} of the disk are free`,
      () => '',
    );
    const message = `The disk is full: ${what} takes about ${formatBytes(bytes)} in ${dir}${free}. Give the job a larger volume.`;
    throw new TwinvecError('DiskFull', message, { cause });
  }
}

function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || (thrown instanceof TwinvecError && thrown.code === 'DiskFull')) return false;
  if (FULL_CODES.has((thrown as NodeJS.ErrnoException).code ?? '') || FULL_TEXT.test(thrown.message)) return true;
  return isDiskFull(thrown.cause);
}
