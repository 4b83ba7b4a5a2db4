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
  /** The folder's time stamp, or undefined when folders below it are part of the reading too. */
  readonly changedNs: bigint | undefined;
  readonly readAtMs: number;
  /** When it was last seen to be unchanged. */
  checkedAtMs: number;
}

/** S3's longest key; also ends a walk through links that lead in a circle. */
export const LONGEST_KEY_BYTES = 1024;
/** A change so soon after a reading may carry the same time stamp. */
const SAME_STAMP_MS = 50;
const KEPT_READINGS = 256;

export interface BucketFolder {
  /**
   * Files whose key starts with `prefix` and comes after `after`, in order, as they are needed.
   *
   * @param sinceMs Folders are seen as they were at some time after this one.
   */
  walk(prefix: string, after: string, sinceMs: number): Generator<FoundFile>;
}

export function openBucketFolder(root: string): BucketFolder {
  const readings = new Map<string, Reading>();

  function read(folder: string, sinceMs: number): readonly Entry[] {
    const known = readings.get(folder);
    if (known && known.checkedAtMs > sinceMs) return known.entries;
    const stats = statSync(folder, { bigint: true, throwIfNoEntry: false });
    if (!stats) return [];
    const nowMs = Date.now();
    if (known && isCurrent(known, stats)) {
      known.checkedAtMs = nowMs;
      return known.entries;
    }
    const { entries, isWhole } = readEntries(folder);
    readings.delete(folder);
    if (readings.size >= KEPT_READINGS) readings.delete(readings.keys().next().value!);
    const changedNs = isWhole ? stats.mtimeNs : undefined;
    readings.set(folder, { entries, changedNs, readAtMs: nowMs, checkedAtMs: nowMs });
    return entries;
  }

  function* walk(folder: string, above: string, prefix: string, after: string, sinceMs: number): Generator<FoundFile> {
    if (above.length > LONGEST_KEY_BYTES) return;
    const entries = read(folder, sinceMs);
    const from = Math.max(startOf(entries, above, prefix), startOf(entries, above, after));
    for (let index = from; index < entries.length; index++) {
      const entry = entries[index]!;
      const key = above + entry.text;
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) {
        if (compareKeys(key, prefix) > 0) return;
        continue;
      }
      if (entry.isFolder) yield* walk(`${folder}/${entry.file}`, key, prefix, after, sinceMs);
      else if (key.startsWith(prefix) && (after === '' || compareKeys(key, after) > 0)) {
        yield { key, file: `${folder}/${entry.file}` };
      }
    }
  }

  return { walk: (prefix, after, sinceMs) => walk(root, '', prefix, after, sinceMs) };
}

/** The entry at which keys of at least `bound` start: one before the first that sorts later may be its folder. */
function startOf(entries: readonly Entry[], above: string, bound: string): number {
  if (!bound.startsWith(above)) return compareKeys(bound, above) < 0 ? 0 : entries.length;
  return Math.max(0, lowerBound(entries, bound.slice(above.length), (entry) => entry.text) - 1);
}

function isCurrent({ changedNs, readAtMs }: Reading, stats: BigIntStats): boolean {
  return changedNs === stats.mtimeNs && readAtMs - Number(changedNs / 1_000_000n) > SAME_STAMP_MS;
}

function readEntries(folder: string): { readonly entries: readonly Entry[]; readonly isWhole: boolean } {
  const found = new Map<string, Entry>();
  const isWhole = addEntries(folder, '', '', found);
  return { entries: [...found.values()].sort((a, b) => compareKeys(a.text, b.text)), isWhole };
}

/**
 * @param within Where a long name goes on: the folders below `folder`, with `text`, which they stand for.
 * @returns whether all entries are in `folder` itself.
 */
function addEntries(folder: string, within: string, text: string, entries: Map<string, Entry>): boolean {
  let isWhole = true;
  for (const found of readFolder(path.join(folder, within))) {
    const file = within + found.name;
    if (isFolder(folder, file, found)) {
      const name = readFolderName(found.name);
      if (name.goesOn) {
        addEntries(folder, `${file}/`, text + name.text, entries);
        isWhole = false;
      } else entries.set(`${text}${name.text}/`, { text: `${text}${name.text}/`, file, isFolder: true });
      continue;
    }
    const name = text + readFileName(found.name);
    if (found.name.endsWith(BESIDE_FOLDER) && entries.get(name)) continue;
    entries.set(name, { text: name, file, isFolder: false });
  }
  return isWhole;
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
