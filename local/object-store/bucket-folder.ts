/**
 * The keys of one bucket's folder in S3's order, read from the disk, which is the truth: files that a person puts there
 * are objects. A folder is read again when it has changed since.
 */
import { type BigIntStats, type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { compareKeys, lowerBound } from './key-order.ts';
import { BESIDE_FOLDER, readFileName, readFolderName } from './key-path.ts';

export interface FoundFile {
  readonly key: string;
  readonly file: string;
}

interface Entry {
  /** Its part of the key; a folder's ends in `/`, so that entries sort as the keys below them do. */
  readonly text: string;
  /** Relative to the folder. */
  readonly file: string;
  readonly isFolder: boolean;
}

interface Reading {
  readonly entries: readonly Entry[];
  readonly changedNs: bigint;
  readonly readAt: number;
}

/** S3's longest key; also ends a walk through links that lead in a circle. */
export const LONGEST_KEY_BYTES = 1024;
/** A change so soon after a reading may carry the same time stamp. */
const SAME_STAMP_MS = 50;
/** For the second and further pages of a listing, so that a folder that grows is not read again for each. */
const FRESH_ENOUGH_MS = 5000;
const KEPT_READINGS = 256;

export interface BucketFolder {
  /** Files whose key starts with `prefix` and comes after `after`, in order, as they are needed. */
  walk(prefix: string, after: string, furtherPage: boolean): Generator<FoundFile>;
}

export function openBucketFolder(root: string): BucketFolder {
  const readings = new Map<string, Reading>();

  function read(folder: string, furtherPage: boolean): readonly Entry[] {
    const known = readings.get(folder);
    if (known && furtherPage && Date.now() - known.readAt < FRESH_ENOUGH_MS) return known.entries;
    const stats = statSync(folder, { bigint: true, throwIfNoEntry: false });
    if (!stats) return [];
    if (known && isCurrent(known, stats)) return known.entries;
    const readAt = Date.now();
    const entries = readEntries(folder);
    readings.delete(folder);
    if (readings.size >= KEPT_READINGS) readings.delete(readings.keys().next().value!);
    readings.set(folder, { entries, changedNs: stats.mtimeNs, readAt });
    return entries;
  }

  function* walk(folder: string, above: string, prefix: string, after: string, further: boolean): Generator<FoundFile> {
    if (above.length > LONGEST_KEY_BYTES) return;
    const entries = read(folder, further);
    const from = Math.max(startOf(entries, above, prefix), startOf(entries, above, after));
    for (let index = from; index < entries.length; index++) {
      const entry = entries[index]!;
      const key = above + entry.text;
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) {
        if (compareKeys(key, prefix) > 0) return;
        continue;
      }
      if (entry.isFolder) yield* walk(`${folder}/${entry.file}`, key, prefix, after, further);
      else if (key.startsWith(prefix) && (after === '' || compareKeys(key, after) > 0)) {
        yield { key, file: `${folder}/${entry.file}` };
      }
    }
  }

  return { walk: (prefix, after, furtherPage) => walk(root, '', prefix, after, furtherPage) };
}

/** The entry at which keys of at least `bound` start: one before the first that sorts later may be its folder. */
function startOf(entries: readonly Entry[], above: string, bound: string): number {
  if (!bound.startsWith(above)) return compareKeys(bound, above) < 0 ? 0 : entries.length;
  return Math.max(0, lowerBound(entries, bound.slice(above.length), (entry) => entry.text) - 1);
}

function isCurrent(reading: Reading, stats: BigIntStats): boolean {
  const stampMs = Number(reading.changedNs / 1_000_000n);
  return reading.changedNs === stats.mtimeNs && reading.readAt - stampMs > SAME_STAMP_MS;
}

function readEntries(folder: string): readonly Entry[] {
  const entries = new Map<string, Entry>();
  addEntries(folder, '', '', entries);
  return [...entries.values()].sort((a, b) => compareKeys(a.text, b.text));
}

/** @param within Where a long name goes on: the folders below `folder`, each with the text that it stands for. */
function addEntries(folder: string, within: string, text: string, entries: Map<string, Entry>): void {
  for (const found of readFolder(path.join(folder, within))) {
    const file = within + found.name;
    if (isFolder(folder, file, found)) {
      const name = readFolderName(found.name);
      if (name.goesOn) addEntries(folder, `${file}/`, text + name.text, entries);
      else entries.set(`${text}${name.text}/`, { text: `${text}${name.text}/`, file, isFolder: true });
      continue;
    }
    const name = text + readFileName(found.name);
    if (found.name.endsWith(BESIDE_FOLDER) && entries.get(name)) continue;
    entries.set(name, { text: name, file, isFolder: false });
  }
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isFolder(folder: string, file: string, found: Dirent): boolean {
  if (!found.isSymbolicLink()) return found.isDirectory();
  return statSync(path.join(folder, file), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
