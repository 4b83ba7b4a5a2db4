/**
 * S3 keys as paths of files that a person would recognise: `a/b.txt` is the file b.txt in the folder a. Only what no
 * file can be called is written otherwise, with `%`: empty parts, `.` and `..`, NUL, and parts longer than a file name.
 */

/** A file system takes names of 255 bytes; some are left for {@link BESIDE_FOLDER}. */
const LONGEST_NAME_BYTES = 240;
/** Ends the name of an object whose own name is taken by a folder: `a` beside `a/b`. It cannot come from a key. */
export const BESIDE_FOLDER = '%2F';
/** Stands for an empty part, as in `a//b`. */
const EMPTY = '%2F';
/** Ends a name that goes on in the folder of that name. */
const GOES_ON = '%';
/** A `%` that would be read as one of ours. */
const AMBIGUOUS_PERCENT = /%(?=[0-9A-Fa-f]{2}|$)/g;

/** Relative, with `/`; never leads out of the folder that it is put behind. */
export function keyToPath(key: string): string {
  return key.split('/').map(partToPath).join('/');
}

function partToPath(part: string): string {
  if (part === '') return EMPTY;
  if (part === '.' || part === '..') return part.replaceAll('.', '%2E');
  const name = part.replace(AMBIGUOUS_PERCENT, '%25').replaceAll('\0', '%00');
  return name.length * 3 <= LONGEST_NAME_BYTES || Buffer.byteLength(name) <= LONGEST_NAME_BYTES ? name : cut(name);
}

function cut(name: string): string {
  const names: string[] = [];
  let current = '';
  let bytes = 0;
  for (const unit of name.match(/%(?:25|00)|./gsu) ?? []) {
    const size = Buffer.byteLength(unit);
    if (bytes + size >= LONGEST_NAME_BYTES) {
      names.push(current + GOES_ON);
      current = '';
      bytes = 0;
    }
    current += unit;
    bytes += size;
  }
  names.push(current === '.' || current === '..' ? current.replaceAll('.', '%2E') : current);
  return names.join('/');
}

export interface ReadName {
  readonly text: string;
  /** The part of the key goes on with the names in this folder, without a `/` between. */
  readonly goesOn: boolean;
}

/** What a folder's entry means, also one that a person put there. */
export function readFolderName(name: string): ReadName {
  if (name === EMPTY) return { text: '', goesOn: false };
  const long = name.endsWith(GOES_ON) && Buffer.byteLength(name) > LONGEST_NAME_BYTES - 8;
  return long ? { text: decode(name.slice(0, -1)), goesOn: true } : { text: decode(name), goesOn: false };
}

export function readFileName(name: string): string {
  const own = name !== EMPTY && name.endsWith(BESIDE_FOLDER) ? name.slice(0, -BESIDE_FOLDER.length) : name;
  return own === EMPTY ? '' : decode(own);
}

/** Names that people chose may hold a `%41`; only what {@link keyToPath} writes is read back. */
function decode(name: string): string {
  return name.includes('%') ? name.replace(/%(25|2E|00)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))) : name;
}
