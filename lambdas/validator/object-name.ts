/**
 * Objects that are in an input by accident. S3Prefix is a plain string prefix, so a transform takes in whatever
 * happens to start with it (spec sagemaker 2.4): earlier outputs, manifests, a neighbour folder.
 */
import { quoteForMessage } from '#core/errors.ts';

/** Endings under which each kind of data is kept; a kind that is not here may end in anything. */
const ENDINGS: readonly (readonly [kind: RegExp, endings: readonly string[]])[] = [
  [/json|jsons/, ['jsonl', 'jsonlines', 'ndjson', 'json', 'txt']],
  [/^text\/csv$/, ['csv', 'txt']],
  [/tfrecord|tfexample/, ['tfrecord', 'tfrecords', 'record', 'records']],
  [/recordio/, ['recordio', 'rec', 'pbr', 'data']],
  [/npy/, ['npy']],
  [/^image\/jpeg$/, ['jpg', 'jpeg']],
  [/^image\/png$/, ['png']],
];

export interface Expected {
  readonly contentType: string;
  readonly compressionType: 'None' | 'Gzip';
}

/**
 * Why the object does not belong, undefined when it does. A name without any ending is taken as data (`part-00000`).
 *
 * @param prefix That took the object in; empty for one that a manifest names
 */
export function strayReason(prefix: string, key: string, expected: Expected): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (name.startsWith('_') || name.startsWith('.')) return `${quoteForMessage(name)} is a marker, not data`;
  const unpacked = expected.compressionType === 'Gzip' ? name.replace(/\.gz$/i, '') : name;
  const ending = unpacked.includes('.') ? unpacked.slice(unpacked.lastIndexOf('.') + 1).toLowerCase() : undefined;
  if (ending === 'out') return 'is the output of a transform: give outputs a prefix of their own';
  if (ending === 'gz') return 'is compressed, and the job does not say so';
  const endings = ENDINGS.find(([kind]) => kind.test(expected.contentType))?.[1];
  // "part-0.001" and the like: an ending that is a number says nothing.
  const says = ending !== undefined && !/^\d+$/.test(ending);
  if (says && endings && !endings.includes(ending)) return `ends in .${ending}, which is not ${expected.contentType}`;
  return isNeighbour(prefix, key) ? 'is in a neighbour folder: end the prefix with "/"' : undefined;
}

/** `in/data` also matches `in/data-old/a.jsonl`: the prefix stops inside a folder's name. */
function isNeighbour(prefix: string, key: string): boolean {
  if (prefix === '' || prefix.endsWith('/')) return false;
  const rest = key.slice(prefix.length);
  return !rest.startsWith('/') && rest.includes('/');
}
