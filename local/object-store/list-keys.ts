/** One page of a listing: keys in order, those that share a part up to the delimiter as one common prefix. */
import type { BucketFolder, FoundFile } from './bucket-folder.ts';
import type { Listing, ListWish, StoredObject } from './object-store.ts';

/** Sorts after every key that starts with what stands before it. */
const AFTER_ALL = '\u{10ffff}';

/** @param describe Undefined for a file that went away in the meantime. */
export function listKeys(
  folder: BucketFolder,
  { prefix = '', after: start = '', delimiter = '', limit, sinceMs = Date.now() }: ListWish,
  describe: (found: FoundFile) => StoredObject | undefined,
): Listing {
  const objects: StoredObject[] = [];
  const commonPrefixes: string[] = [];
  let after = start;
  let walking = folder.walk(prefix, after, sinceMs);
  for (let next = walking.next(); !next.done; next = walking.next()) {
    const { key } = next.value;
    const common = commonPrefixOf(key, prefix, delimiter);
    // A caller that goes on after a common prefix, as version 1 of the call does, has seen it.
    if (common === undefined || common !== start) {
      const object = common === undefined ? describe(next.value) : undefined;
      if (common === undefined && !object) continue;
      if (objects.length + commonPrefixes.length === limit) {
        const last = after.endsWith(AFTER_ALL) ? after.slice(0, -AFTER_ALL.length) : after;
        return { objects, commonPrefixes, next: { after, last } };
      }
      if (object) objects.push(object);
      else if (common !== undefined) commonPrefixes.push(common);
    }
    after = common === undefined ? key : common + AFTER_ALL;
    // On past all that the prefix stands for, without walking through it.
    if (common !== undefined) walking = folder.walk(prefix, after, sinceMs);
  }
  return { objects, commonPrefixes };
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}
