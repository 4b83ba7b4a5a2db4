/**
 * A model.tar.gz onto the disk. The archive is foreign: every entry is checked before the first byte is written, and
 * links, devices and names that leave the folder refuse the whole archive (SageMaker refuses links too, spec 1.1).
 */
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import * as tar from 'tar';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';

const MOST_ENTRIES = 100_000;
const MOST_BYTES = 64 * 1024 ** 3;
const LONGEST_NAME_BYTES = 255;
const SET_ID_BITS = 0o6000;

interface Entry {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
}

/**
 * @param name What people call the archive, where it is not the file's own name.
 * @throws TwinvecError InvalidArtifact naming the archive and the entry, or that the file is no archive.
 */
export async function extractArchive(file: string, folder: string, name = path.basename(file)): Promise<void> {
  await checkArchive(file, name);
  await mkdir(folder, { recursive: true });
  await tar.extract({ file, cwd: folder, strict: true, preserveOwner: false }).catch((error: unknown) => {
    throw broken(name, error);
  });
}

async function checkArchive(file: string, name: string): Promise<void> {
  let entries = 0;
  let bytes = 0;
  let problem: string | undefined;
  const onReadEntry = (entry: tar.ReadEntry): void => {
    entries += 1;
    bytes += entry.size;
    const facts = { path: entry.path, type: entry.type, size: entry.size, mode: entry.mode ?? 0 };
    problem ??= entryProblem(facts);
    if (entries > MOST_ENTRIES) problem ??= `it has more than ${MOST_ENTRIES} entries`;
    if (bytes > MOST_BYTES) problem ??= `it unpacks to more than ${MOST_BYTES} bytes`;
  };
  await visitEntries(file, onReadEntry).catch((error: unknown) => {
    throw broken(name, error);
  });
  if (entries === 0) problem ??= 'it is empty, or not a gzip-compressed tar file';
  if (!problem) return;
  throw new TwinvecError('InvalidArtifact', `the model archive ${name} was refused: ${problem}`);
}

/** Also those that the package passes over without a word, such as sparse files: their data would be missing later. */
async function visitEntries(file: string, visit: (entry: tar.ReadEntry) => void): Promise<void> {
  const parser = tar.list({ strict: true, onReadEntry: visit });
  parser.on('ignoredEntry', visit);
  await new Promise<void>((resolve, reject) => {
    parser.on('error', reject);
    parser.on('end', () => resolve());
    createReadStream(file)
      .on('error', reject)
      .on('data', (chunk) => void parser.write(chunk as Buffer))
      .on('end', () => parser.end());
  });
}

function entryProblem(entry: Entry): string | undefined {
  const name = quoteForMessage(entry.path);
  const parts = entry.path.split(/[\\/]/);
  if (path.isAbsolute(entry.path) || /^[A-Za-z]:/.test(entry.path)) return `${name} is an absolute path`;
  if (parts.includes('..')) return `${name} leads out of the model folder`;
  if (parts.some((part) => Buffer.byteLength(part) > LONGEST_NAME_BYTES || part.includes('\0'))) {
    return `${name} is not a usable file name`;
  }
  if (!['File', 'OldFile', 'ContiguousFile', 'Directory'].includes(entry.type)) {
    return `${name} is a ${entry.type}; only files and folders are allowed`;
  }
  if ((entry.mode & SET_ID_BITS) !== 0) return `${name} is setuid or setgid`;
  return undefined;
}

function broken(name: string, cause: unknown): TwinvecError {
  const said = cause instanceof Error ? cause.message : 'unknown cause';
  return new TwinvecError('InvalidArtifact', `the model archive ${name} cannot be read: ${said}`, {
    cause,
  });
}
