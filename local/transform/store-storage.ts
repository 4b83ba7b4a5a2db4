/**
 * The local service's own object store as source and sink of a transform, without HTTP in between: a job over 100,000
 * small objects spends its time on the model, not on two calls of S3's protocol for each. What is listed, pinned and
 * named is the same as over S3 (s3-storage.ts).
 */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { parseS3Manifest } from '#core/batch/manifest.ts';
import { outputName } from '#core/batch/output-name.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { freeNow } from '#core/memory/free-now.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';
import type { ObjectStore, OpenObject, Received } from '../object-store/object-store.ts';
import type { OutputObject, SourceObject, TransformSink, TransformSource } from './storage.ts';

const PAGE_OBJECTS = 1000;

export function storeSource(store: ObjectStore, { bucket, key: prefix }: S3Uri): TransformSource {
  return {
    async *list() {
      const sinceMs = Date.now();
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page = store.list(bucket, { prefix, after, limit: PAGE_OBJECTS, sinceMs });
        for (const { key, bytes, etag } of page.objects) {
          if (key.endsWith('/') && bytes === 0) continue;
          yield storedObject(store, { bucket, key }, prefix, { bytes, etag });
        }
        after = page.next?.after;
      }
    },
  };
}

/** @throws while it is listed TwinvecError InvalidManifest with the place, NotFound when there is no manifest */
export function storeManifestSource(store: ObjectStore, manifest: S3Uri): TransformSource {
  const name = `s3://${manifest.bucket}/${manifest.key}`;
  return {
    async *list() {
      const { base, objects } = parseS3Manifest(await readManifest(store, manifest, name), name);
      for (const object of objects) yield storedObject(store, object, base.key);
    },
  };
}

async function readManifest(store: ObjectStore, { bucket, key }: S3Uri, name: string): Promise<Uint8Array> {
  const opened = store.open(bucket, key);
  if (!opened) throw new TwinvecError('NotFound', `the manifest ${name} cannot be read: NoSuchKey`);
  const { bytes } = opened.object;
  if (bytes > LIMITS.batchManifestBytes.value) {
    opened.close();
    throw new TwinvecError('InvalidManifest', `${name}: it has ${bytes} bytes`);
  }
  return Buffer.concat(await Array.fromAsync(contentOf(opened)));
}

interface Listed {
  readonly bytes: number;
  readonly etag: string;
}

function storedObject(store: ObjectStore, uri: S3Uri, prefix: string, listed?: Listed): SourceObject {
  return {
    label: `${uri.bucket}/${uri.key}`,
    outputName: outputName(prefix, uri.key),
    bytes: listed?.bytes,
    version: listed?.etag,
    async *open() {
      const opened = store.open(uri.bucket, uri.key);
      if (!opened) throw new TwinvecError('NotFound', 'there is no such object (NoSuchKey)');
      if (listed && opened.object.etag !== listed.etag) {
        opened.close();
        throw new TwinvecError('NotFound', 'the object was replaced after the job began');
      }
      yield* contentOf(opened);
    },
  };
}

/** An object that is replaced while it is read stays readable as it was. */
async function* contentOf(opened: OpenObject): AsyncGenerator<Uint8Array> {
  const { bytes } = opened.object;
  if (bytes === 0) {
    opened.close();
    return;
  }
  const content = opened.read(0, bytes - 1);
  if (content instanceof Uint8Array) yield content;
  else yield* content as AsyncIterable<Uint8Array>;
}

/** Outputs that are not larger are handed over in one piece. */
const HELD_BYTES = 1024 * 1024;

/** @param uri Its key is a folder, with or without the last "/". */
export function storeSink(store: ObjectStore, { bucket, key }: S3Uri): TransformSink {
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  return { create: async (name) => createStoredOutput(store, bucket, prefix + name) };
}

function createStoredOutput(store: ObjectStore, bucket: string, key: string): OutputObject {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let stream: { readonly through: PassThrough; readonly received: Promise<Received> } | undefined;

  async function pass(bytes: Uint8Array): Promise<void> {
    if (!stream) {
      const through = new PassThrough({ highWaterMark: HELD_BYTES });
      stream = { through, received: store.receive(through) };
      stream.received.catch(() => undefined);
    }
    const { through, received } = stream;
    // A store that fails reads no more, and its error is what there is to say.
    if (!through.write(bytes)) await Promise.race([once(through, 'drain'), received]);
  }

  async function received(): Promise<Received> {
    if (!stream) return store.receive(iterate(held));
    if (heldBytes > 0) await pass(takeHeld());
    stream.through.end();
    return stream.received;
  }

  function takeHeld(): Buffer {
    const bytes = Buffer.concat(held, heldBytes);
    for (const part of held) freeNow(part);
    held = [];
    heldBytes = 0;
    return bytes;
  }

  return {
    async write(bytes) {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= HELD_BYTES) await pass(takeHeld());
    },
    async commit() {
      store.put(bucket, key, await received(), {});
    },
    async discard() {
      takeHeld();
      stream?.through.destroy(new Error('the output was discarded'));
      const left = await stream?.received.catch(() => undefined);
      if (left) store.drop(left);
    },
  };
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
