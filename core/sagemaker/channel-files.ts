/** Which file of a channel an S3 object becomes, and the objects that a manifest names. */
import * as z from 'zod';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { parseS3Uri, type S3Uri } from './s3-uri.ts';

/**
 * The path of an object below its channel's folder: the key after the prefix when the prefix is a folder, else after the
 * last "/" of the prefix, so that a name is never cut.
 *
 * @throws TwinvecError InvalidTrainingData for a key that would leave the folder.
 */
export function channelFileName(prefix: string, key: string): string {
  const isFolder = !prefix.endsWith('/') && key.startsWith(`${prefix}/`);
  const folder = isFolder ? `${prefix}/` : prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const name = key.slice(folder.length);
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || name.includes('\0')) {
    throw new TwinvecError('InvalidTrainingData', `The key ${quoteForMessage(key)} cannot be a file of a channel.`);
  }
  return name;
}

const Manifest = z.tuple([z.strictObject({ prefix: z.string() })]).rest(z.string());

export interface ManifestEntry {
  readonly object: S3Uri;
  /** Its path below the channel's folder. */
  readonly name: string;
}

/**
 * `[{"prefix": "s3://bucket/data/"}, "a", "b/c"]`: the prefix, and the rest of each object's address.
 *
 * @throws TwinvecError InvalidTrainingData naming the entry.
 */
export function readChannelManifest(text: string, label: string): ManifestEntry[] {
  const refuse = (problem: string): TwinvecError => new TwinvecError('InvalidTrainingData', `${label}: ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('the manifest is not JSON.');
  }
  const parsed = Manifest.safeParse(value);
  if (!parsed.success) throw refuse('a manifest is an array of {"prefix": "s3://..."} and then texts.');
  const [{ prefix }, ...rest] = parsed.data;
  const base = parseS3Uri(prefix);
  if (!base) throw refuse(`the prefix ${quoteForMessage(prefix)} is not an s3:// address.`);
  return rest.map((relative) => ({
    object: { bucket: base.bucket, key: base.key + relative },
    name: channelFileName(base.key, base.key + relative),
  }));
}
