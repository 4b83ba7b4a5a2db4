/**
 * One JSON record in one file, whole or not at all: written beside, flushed, renamed. Synchronous, so that the state in
 * memory and on disk change together and no request sees one without the other; records are small and changes are rare.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TwinvecError } from '#core/errors.ts';

/** How a file is called while it is written. What is left of one is dropped at the next start. */
export const PARTIAL = '.partial';

/**
 * A process that is killed leaves the old record or the new one. A power cut may take back the last seconds, but never
 * leaves half a record.
 *
 * @throws TwinvecError DiskFull, or the system's error; the old record is then still there.
 */
export function writeRecord(file: string, record: unknown): void {
  const partial = file + PARTIAL;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const open = openSync(partial, 'w');
    try {
      // Writes on after a short write, as a disk that is filling up gives.
      writeFileSync(open, `${JSON.stringify(record, undefined, 2)}\n`);
      fsyncSync(open);
    } finally {
      closeSync(open);
    }
    renameSync(partial, file);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw notWritten(file, cause as NodeJS.ErrnoException);
  }
}

/** @throws SyntaxError or the system's error. */
export function readRecord(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function notWritten(file: string, cause: NodeJS.ErrnoException): Error {
  const message = `The state of the local service could not be written to ${file} (${cause.code}). Nothing was changed.`;
  if (cause.code !== 'ENOSPC' && cause.code !== 'EDQUOT') return new Error(message, { cause });
  return new TwinvecError('DiskFull', `${message} Make room on that disk.`, { cause });
}
