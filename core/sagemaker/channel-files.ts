/** Which file of a channel an S3 object becomes, and the objects that a manifest names. */
import { parseS3Manifest } from '#core/batch/manifest.ts';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { S3Uri } from './s3-uri.ts';

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

export interface ManifestEntry {
  readonly object: S3Uri;
  /** Its path below the channel's folder. */
  readonly name: string;
}

/** @throws TwinvecError InvalidManifest or InvalidTrainingData naming the entry. */
export function readChannelManifest(bytes: Uint8Array, label: string): ManifestEntry[] {
  const { base, objects } = parseS3Manifest(bytes, label);
  return objects.map((object) => ({ object, name: channelFileName(base.key, object.key) }));
}
