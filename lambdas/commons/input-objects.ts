/**
 * The objects that a run reads: all below a prefix, or those that a manifest names. One listing for the plan, the check of
 * its parts and the count afterwards, so that all three speak of the same objects in the same order.
 */
import { TwinvecError } from '#core/errors.ts';
import { type InputPlace, parseInputManifest } from '#core/jobs/input-manifest.ts';
import { locate } from '#core/jobs/s3-address.ts';
import { LIMITS } from '#core/limits.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import { findObject, type ListedObject, listObjects, readBytes, type S3Access } from './s3-objects.ts';

export interface InputObject extends ListedObject {
  /** A manifest names it, and it is not there; then it has no ETag and no bytes. */
  readonly missing: boolean;
}

/** Some of the objects, by keys that a listing had. */
export interface KeySpan {
  /** Exclusive; empty = from the first. */
  readonly afterKey: string;
  /** Inclusive; empty = up to the last. */
  readonly throughKey: string;
}

export interface InputListing {
  /** Outputs are named by what follows the last "/" of its key. */
  readonly base: S3Uri;
  /** The manifest as it was read. */
  readonly manifest?: ListedObject;
  objects(span?: KeySpan): AsyncGenerator<InputObject>;
}

const WHOLE: KeySpan = { afterKey: '', throughKey: '' };
/** Objects of a manifest that are looked up at the same time. */
const LOOKUPS = 16;

/** @throws TwinvecError InvalidManifest, and NotFound when there is no manifest */
export async function openInput(s3: S3Access, place: InputPlace): Promise<InputListing> {
  const { inputS3Uri, inputManifestS3Uri } = place;
  if (inputManifestS3Uri === undefined) {
    const base = locate(inputS3Uri);
    return { base, objects: (span = WHOLE) => objectsBelow(s3, base, span) };
  }
  const manifest = await findObject(s3, locate(inputManifestS3Uri));
  if (!manifest) {
    const problem = `There is no manifest ${inputManifestS3Uri}, which is to name the objects of the input.`;
    throw new TwinvecError('NotFound', problem);
  }
  const most = LIMITS.batchManifestBytes.value;
  if (manifest.bytes > most) {
    const problem = `it has ${manifest.bytes} bytes and ${most} are allowed`;
    throw new TwinvecError('InvalidManifest', `${inputManifestS3Uri}: ${problem}. Name fewer objects in each job.`);
  }
  const bytes = await readBytes(s3, manifest);
  const { base, objects } = parseInputManifest(bytes, inputManifestS3Uri, inputS3Uri);
  return {
    base,
    manifest,
    async *objects(span = WHOLE) {
      yield* namedObjects(s3, within(objects, span, inputManifestS3Uri));
    },
  };
}

async function* objectsBelow(s3: S3Access, prefix: S3Uri, { afterKey, throughKey }: KeySpan) {
  for await (const object of listObjects(s3, prefix, afterKey)) {
    // S3 lists by the bytes of UTF-8, which is not how strings of JavaScript compare.
    if (throughKey !== '' && Buffer.compare(Buffer.from(object.key), Buffer.from(throughKey)) > 0) return;
    if (!isFolderMarker(object.key, object.bytes)) yield { ...object, missing: false };
  }
}

/** The empty object that some tools write for a folder; a transform has nothing to do with it. */
export function isFolderMarker(key: string, bytes: number): boolean {
  return key.endsWith('/') && bytes === 0;
}

/** In the manifest's order, in which no key is there twice. */
function within(objects: readonly S3Uri[], { afterKey, throughKey }: KeySpan, manifest: string): readonly S3Uri[] {
  const placeOf = (wanted: string): number => {
    const place = objects.findIndex(({ key }) => key === wanted);
    if (place >= 0) return place;
    throw new TwinvecError('Conflict', `${manifest} was overwritten while it was read in parts. Start the run again.`);
  };
  const start = afterKey === '' ? 0 : placeOf(afterKey) + 1;
  return objects.slice(start, throughKey === '' ? objects.length : placeOf(throughKey) + 1);
}

async function* namedObjects(s3: S3Access, objects: readonly S3Uri[]): AsyncGenerator<InputObject> {
  const lookUp = async (at: S3Uri): Promise<InputObject> => {
    const object = await findObject(s3, at);
    return object ? { ...object, missing: false } : { ...at, etag: '', bytes: 0, missing: true };
  };
  for (let at = 0; at < objects.length; at += LOOKUPS) {
    yield* await Promise.all(objects.slice(at, at + LOOKUPS).map(lookUp));
  }
}
